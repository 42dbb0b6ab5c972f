"""
.. _features:

What layers have in common
==========================

Features are useful without a recording, too. You learn to get those of every layer of a
vision model with :func:`~mne_shallowalign.features.extract_features`, to compare layers
and poolings, and to use a layer in a scikit-learn pipeline.
"""

# %%
# Pictures in, features out
# -------------------------
# Drawn pictures and the Gabor hierarchy ``"gabor/v1"`` need no download. With
# photographs and ``"vit-b-16"`` the lines are the same.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mne_shallowalign import LayerExtractor, list_layers
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features

folder = tempfile.TemporaryDirectory()
pictures = draw_pictures(folder.name, n_concepts=60, n_per_concept=5, random_state=0)
poolings = ("mean", "max")
features = extract_features(pictures, "gabor/v1", pooling=poolings)
for (layer, pooling), values in features.items():
    print(layer, pooling, values.shape)

# %%
# How similar are they?
# ---------------------
# Linear CKA :footcite:p:`Kornblith2019` compares two sets of features of the same
# pictures, whatever their widths: 1 if one is a rotated and rescaled copy of the other,
# near 0 if they order the pictures differently.


def cka(x, y):
    """Linear centred kernel alignment of ``(n, p)`` and ``(n, q)``."""
    x, y = x - x.mean(0), y - y.mean(0)
    within = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return np.linalg.norm(x.T @ y) ** 2 / within


layers = list_layers("gabor/v1")
keys = [(layer, pooling) for pooling in poolings for layer in layers]
tables = {", ".join(key): features[key] for key in keys}
similarity = np.array([[cka(x, y) for y in tables.values()] for x in tables.values()])

fig, axes = plt.subplots(figsize=(7.5, 6), layout="constrained")
drawn = axes.imshow(similarity, cmap="viridis", vmin=0, vmax=1)
fig.colorbar(drawn, label="linear CKA")
axes.set_xticks(range(len(tables)), tables, rotation=90)
axes.set_yticks(range(len(tables)), tables)
for draw_line in (axes.axhline, axes.axvline):
    draw_line(len(tables) / 2 - 0.5, color="white")
axes.set_title("Similarity of layers under two poolings")

# %%
# Layers next to each other are the most alike. Under another pooling, the same layer
# changes about as much as from one layer to the next: whoever compares layers has to
# pool them alike.
#
# In a pipeline
# -------------
# :class:`~mne_shallowalign.LayerExtractor` is the same as a scikit-learn transformer.
# Here it predicts a response that follows the third layer, to pictures of concepts that
# are held out in turn. The vision model sees a picture once, in spite of the folds.

rng = np.random.default_rng(0)
followed = StandardScaler().fit_transform(features["energy3", "mean"])
signal = StandardScaler().fit_transform(followed @ rng.standard_normal((128, 1)))
response = signal[:, 0] + 0.5 * rng.standard_normal(len(signal))

for layer in (1, 2, 3, 4, 5, 6):
    extractor = LayerExtractor("gabor/v1", layer)
    ridge = RidgeCV(np.logspace(-1, 5, 13))
    pipeline = make_pipeline(extractor, StandardScaler(), ridge)
    r2 = cross_val_score(pipeline, pictures, response, cv=5)
    print(f"layer {layer}: {r2.mean():.0%} of the variance explained")

# %%
# References
# ----------
# .. footbibliography::

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
