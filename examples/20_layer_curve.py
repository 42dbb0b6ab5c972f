"""
.. _layer-curve:

Which layer?
============

Accuracy rises and falls with the depth of the layer that the recording is aligned with.
You learn to choose a layer without looking at the test set, and to draw that curve.
"""

# %%
# A recording whose true layer is known
# -------------------------------------
# The simulated brain follows the third of the six layers of ``"gabor/v1"``.

import tempfile
from pathlib import Path

import numpy as np

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, load_backbone
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import average_repetitions
from mne_shallowalign.retrieval import chance_level, proportion_interval

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
# at a time (the epochs' metadata say which is whose), fits every layer on the rest, all
# of them as one stacked net, and refits with the best layer on all concepts. The vision
# model runs once.

decoder = ShallowAlignDecoder(backbone, image_root=root / "stimuli", random_state=0)
search = LayerSearchCV(decoder, [*backbone.layers, "final"], cv=3)
search.fit(train, train.metadata["image"])
print(f"chosen: {search.best_layer_}, simulated: {backbone.layers[2]}")

# %%
# The curve
# ---------
# Mean accuracy on held-out concepts, with one standard deviation over the folds.

search.plot()

# %%
# Then test, once
# ---------------
# The best of the scores above is a little too good, for it is the best of several. The
# test pictures have had no part in them. To draw this curve on the *test* trials and to
# report its peak is common, and what is reported then is *test-selected*.

images = test.metadata["image"]
ranks = search.ranks(test, images)
low, high = proportion_interval(int(np.sum(ranks <= 1)), len(ranks))
print(
    f"top-1: {np.mean(ranks <= 1):.0%} of {len(ranks)} queries "
    f"(95 % interval {low:.0%} to {high:.0%}), chance {chance_level(len(images)):.1%}"
)

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
