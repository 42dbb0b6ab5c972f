"""
.. _fusing-layers:

Three ways to fuse layers
=========================

A list of layers becomes one target by ``"mean"``, ``"concat"`` or ``"learned"``. You
learn when fusing helps, when it harms, and how to see it on training concepts.
"""

# %%
# Layers that matter and layers that do not
# -----------------------------------------
# Made-up features of four layers of width 24, of 400 pictures. The recording carries
# the first two and noise; the last two have nothing to do with it.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from mne_shallowalign import ShallowAlignDecoder

n_layers, width, n_pictures = 4, 24, 400


def simulate(seed):
    """Draw features ``(n, 4, 24)``, and signals ``(n, 8, 10)`` of layers 1 and 2."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_pictures, n_layers, width))
    mixing = rng.standard_normal((2 * width, 8 * 10)) / np.sqrt(2 * width)
    signal = features[:, :2].reshape(n_pictures, -1) @ mixing
    noise = 2 * rng.standard_normal(signal.shape)
    return (signal + noise).reshape(n_pictures, 8, 10), features


# %%
# Compare them
# ------------
# A quarter of the pictures is the test set. Given features, a layer is its position,
# from 1. Every way is fitted on several draws of everything.

ways = {
    "layer 1 alone": {"layer": 1},
    "1, 2: mean": {"layer": [1, 2], "fusion": "mean"},
    "1, 2: concat": {"layer": [1, 2], "fusion": "concat"},
    "1, 2: learned": {"layer": [1, 2], "fusion": "learned"},
    "1-4: mean": {"layer": [1, 2, 3, 4], "fusion": "mean"},
    "1-4: concat": {"layer": [1, 2, 3, 4], "fusion": "concat"},
    "1-4: learned": {"layer": [1, 2, 3, 4], "fusion": "learned"},
}
rows, gates = [], []
for seed in range(4):
    X, features = simulate(seed)
    for name, params in ways.items():
        decoder = ShallowAlignDecoder(
            lr=1e-3, batch_size=100, max_epochs=15, n_components=48, random_state=seed
        )
        decoder.set_params(**params).fit(X[:300], features[:300])
        ranks = decoder.ranks(X[300:], features[300:])
        rows.append((name, seed, np.mean(ranks <= 5)))
    gates.append(decoder.layer_weights_.to_numpy())
scores = pd.DataFrame(rows, columns=["way", "seed", "top5"]).pivot(
    index="way", columns="seed", values="top5"
)

# %%
# What came of it
# ---------------
# Points are draws, bars are their means. Layers without signal dilute the mean and the
# concatenation; the learned gate turns them down.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.4), width_ratios=[3, 2], layout="constrained"
)
for row, way in enumerate(ways):
    left.barh(row, 100 * scores.loc[way].mean(), color="C0", alpha=0.5)
    left.plot(100 * scores.loc[way], [row] * scores.shape[1], "k.", markersize=5)
left.set_yticks(range(len(ways)), ways)
left.invert_yaxis()
left.axvline(5, color="k", linestyle=":")
left.set(xlabel="top-5 of 100 (%), chance dotted")
right.bar(range(1, n_layers + 1), np.mean(gates, axis=0), color="C0", alpha=0.5)
right.plot(range(1, n_layers + 1), np.transpose(gates), "k.", markersize=5)
right.set(xlabel="layer (1 and 2 carry the signal)", ylabel="weight in the gate")
_ = right.set_xticks(range(1, n_layers + 1))

# %%
# Which way to take is a choice like that of a layer, and belongs on training concepts
# that are held out: ``GridSearchCV`` takes ``layer`` and ``fusion`` like any other
# parameter (:doc:`13_cross_validation`). After the fit ``decoder.screen_`` says how
# each layer did on its own on held-out pictures of the training set, which tells
# whether there is anything to fuse:

decoder.screen_.round(3)
