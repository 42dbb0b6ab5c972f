"""
.. _auto-layer:

Layers that are found, and layers that are fused
================================================

You learn to let the decoder find its layer, to fuse several, and to read which of them
a recording speaks of.
"""

# %%
# A recording that speaks of two layers
# -------------------------------------
# Pictures of 80 concepts pass through ``"gabor/v1"``, a model of primary visual cortex
# in six layers. Eight sensors carry a mixture of its first and fourth layer, and noise.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
images = np.array([str(picture) for picture in draw_pictures(root / "stimuli", 80, 5)])
concepts = np.array([Path(image).parent.name for image in images])
layers = extract_features(images, "gabor/v1", cache_dir=root / "cache")
true = [list(layers)[0], list(layers)[3]]

rng = np.random.default_rng(0)
X = 1.5 * rng.standard_normal((len(images), 8, 30))
for name in true:
    features = (layers[name] - layers[name].mean(0)) / layers[name].std(0)
    part = features @ rng.standard_normal((features.shape[1], 8 * 30))
    X += part.reshape(X.shape) / part.std()
test = np.isin(concepts, np.unique(concepts)[::4])

# %%
# Found
# -----
# ``layer="auto"`` compares all layers in closed form, on training concepts that are
# held out, and trains on the best one. It finds one of the two.

decoder = ShallowAlignDecoder(
    "gabor/v1", lr=1e-3, batch_size=128, cache_dir=root / "cache", random_state=0
)
decoder.set_params(layer="auto")
decoder.fit(X[~test], images[~test], groups=concepts[~test])
print(f"simulated: {true}, found: {decoder.layer_}")
print(f"top-1 of {test.sum()}: {decoder.score(X[test], images[test]):.0%}")
decoder.screen_.round(3)

# %%
# Fused
# -----
# With ``fusion="learned"``, all layers are weighed, again by what held-out concepts
# say, and those that count are trained on together. It finds both, and two layers are
# better than one.

decoder.set_params(layer="auto", fusion="learned")
decoder.fit(X[~test], images[~test], groups=concepts[~test])
print(f"simulated: {true}, found: {decoder.layer_}")
print(f"top-1 of {test.sum()}: {decoder.score(X[test], images[test]):.0%}")

table = decoder.screen_.set_index("layer")
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for ax, values, label in (
    (left, table["mrr"], "mean reciprocal rank, held out"),
    (right, table["weight"], "weight beside the others"),
):
    colors = ["C1" if name in true else "C0" for name in values.index]
    ax.bar(values.index, values, color=colors)
    ax.set(ylabel=label, xlabel="layer (orange: simulated)")
    ax.tick_params(axis="x", rotation=45)
left.axhline(decoder.screen_["chance_mrr"][0], color="k", ls=":", label="chance")
left.legend()

# %%
# In closed form
# --------------
# The linear baseline takes a fraction of a second, and training that starts from it
# needs few epochs.

for params in ({"solver": "ridge"}, {"init": "ridge", "max_epochs": 5, "lr": 1e-4}):
    closed = ShallowAlignDecoder(
        "gabor/v1", layer="auto", cache_dir=root / "cache", random_state=0, **params
    ).fit(X[~test], images[~test], groups=concepts[~test])
    print(f"{params}: top-1 {closed.score(X[test], images[test]):.0%}")

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
