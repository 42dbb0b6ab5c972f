"""
.. _layer-curve:

Which layer?
============

Accuracy rises and falls with the depth of the layer that the recording is aligned with.
You learn to draw that curve, and to choose a layer without looking at the test set.
"""

# %%
# A recording whose true layer is known
# -------------------------------------
# The simulated brain follows the third of the six layers of ``"gabor/v1"``.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import average_repetitions
from mne_shallowalign.retrieval import chance_level, proportion_interval
from mne_shallowalign.viz import plot_layer_curve

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
backbone = load_backbone("gabor/v1")
simulate_bids(root, backbone=backbone, layer=3, random_state=0)
epochs = load_bids(root, subject="01")
train = average_repetitions(epochs[epochs.metadata["split"] == "train"])
test = average_repetitions(epochs[epochs.metadata["split"] == "test"])

# %%
# Choose on training concepts
# ---------------------------
# The layer is a hyperparameter. The search holds out a third of the *training* concepts
# at a time and refits with the best layer on all of them. The vision model runs once
# for all layers and folds.

decoder = ShallowAlignDecoder(backbone, image_root=root / "stimuli", random_state=0)
layers = [*backbone.layers, "final"]
search = GridSearchCV(decoder, {"layer": layers}, cv=GroupKFold(3))
search.fit(
    train.get_data(copy=False),
    train.metadata["image"],
    groups=train.metadata["concept"],
)
print(f"chosen: {search.best_params_['layer']}, simulated: {backbone.layers[2]}")

# %%
# Then test, once
# ---------------

images = test.metadata["image"]
ranks = search.best_estimator_.ranks(test, images)
print(
    f"top-1: {np.mean(ranks <= 1):.0%} of {len(ranks)} queries, "
    f"chance {chance_level(len(images)):.1%}"
)

# %%
# The whole curve
# ---------------
# To *show* how accuracy depends on depth, each layer is fitted on the training part and
# tested. Taking the best of these numbers for the result would be selecting on the test
# set, and such a number is called *test-selected*.

rows = []
for layer in layers:
    decoder.set_params(layer=layer).fit(train, train.metadata["image"])
    ranks = decoder.ranks(test, images)
    depth = np.nan
    if layer != "final":
        depth = backbone.layers.index(layer) / (len(backbone.layers) - 1)
    row = {"layer": layer, "depth": depth, "n_queries": len(ranks)}
    row["n_gallery"] = len(images)
    for k in (1, 5):
        hits = int(np.sum(ranks <= k))
        low, high = proportion_interval(hits, len(ranks))
        row |= {f"top{k}": hits / len(ranks), f"top{k}_low": low, f"top{k}_high": high}
        row[f"chance{k}"] = chance_level(len(images), k)
    rows.append(row)
plot_layer_curve(pd.DataFrame(rows), marks={backbone.layers[2]: "simulated"})

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
