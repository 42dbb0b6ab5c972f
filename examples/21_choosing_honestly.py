"""
.. _choosing-honestly:

How large is the leak?
======================

Of twelve targets, one is the best on the test set. You learn by how much its score
there flatters it, what :class:`~mne_shallowalign.LayerSearchCV` says instead, and that
a recording with nothing in it can look decodable, too.
"""

# %%
# Many small studies
# ------------------
# 256 pictures of 64 concepts pass through ``"gabor/v1"``, in six layers and two
# poolings: twelve targets to choose from. In every study somebody's brain follows the
# third layer through eight noisy sensors. Half of the concepts are for training, a
# quarter is the test set, and a last quarter is the rest of the world: it has no part
# in anything, and shows how good a decoder really is.

import tempfile
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, list_layers
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
drawn = draw_pictures(root / "stimuli", n_concepts=64, n_per_concept=4, random_state=0)
images = np.array([str(path) for path in drawn])
concepts = np.array([path.parent.name for path in drawn])
layers, poolings = list_layers("gabor/v1"), ["mean", "max"]
targets = extract_features(
    images, "gabor/v1", pooling=poolings, cache_dir=root / "cache"
)
source = StandardScaler().fit_transform(targets["energy3", "mean"])


def simulate(seed, signal):
    """Record one person, and deal the concepts out: training, test, world."""
    rng = np.random.default_rng(seed)
    response = source @ rng.standard_normal((source.shape[1], 8 * 10))
    X = signal * response / response.std() + rng.standard_normal(response.shape)
    dealt = rng.permutation(np.unique(concepts))
    parts = [np.isin(concepts, part) for part in np.split(dealt, [32, 48])]
    return X.reshape(-1, 8, 10), *parts


# %%
# Two ways to a number
# --------------------
# *Test-selected*: fit every target, and report the best score of the test set.
# *Honest*: choose on training concepts that are held out, and look at the test set
# once. Either way somebody ends up with one decoder and a number for it, and the world
# shows what that decoder is worth. Ridge regression with a fixed penalty makes a fit a
# matter of milliseconds.

decoder = ShallowAlignDecoder(
    "gabor/v1", solver="ridge", alpha=300, cache_dir=root / "cache", random_state=0
)


def select_on_test(X, train, test, world):
    """Give the score of the best target on the test set, and on the world."""
    scores = []
    for target in product(layers, poolings):
        y = targets[target]
        decoder.fit(X[train], y[train], groups=concepts[train])
        scores.append([decoder.score(X[part], y[part]) for part in (test, world)])
    return max(scores), max(score[::-1] for score in scores)


def select_on_training(X, train, test, world):
    """Give both scores of the target that training concepts chose."""
    search = LayerSearchCV(decoder, layers, poolings=poolings, cv=3)
    search.fit(X[train], images[train], groups=concepts[train])
    scores = [search.score(X[part], images[part]) for part in (test, world)]
    return scores, scores[::-1]


# %%
# Each study is told a second time with test set and world exchanged, so that neither of
# them is the easier one.

rows = []
for signal, seed in product((0.4, 0.0), range(8)):
    study = simulate(seed, signal)
    for select in (select_on_test, select_on_training):
        for reported, real in select(*study):
            rows.append((signal, select.__name__, reported, real))
studies = pd.DataFrame(rows, columns=["signal", "selection", "reported", "real"])
studies.groupby(["signal", "selection"])[["reported", "real"]].mean().round(3)

# %%
# What is reported, and what is real
# ----------------------------------
# Each line is a study. Where a line falls from left to right, the report was too good.
# The honest choice has seen neither test set nor world: for each of its lines that
# falls, another rises by as much.

labels = {
    "select_on_test": "test-selected",
    "select_on_training": "chosen on training concepts",
}
fig, axes = plt.subplots(2, 2, sharex=True, figsize=(7.5, 6), layout="constrained")
for row, signal in zip(axes, (0.4, 0.0), strict=True):
    for ax, (selected, label) in zip(row, labels.items(), strict=True):
        of_both = (studies["signal"] == signal) & (studies["selection"] == selected)
        pairs = 100 * studies.loc[of_both, ["reported", "real"]].to_numpy()
        ax.plot([0, 1], pairs.T, "o-", color="0.7", markersize=4, linewidth=1)
        ax.plot([0, 1], pairs.mean(0), "s-", color="C0", linewidth=3)
        ax.axhline(100 / 64, color="k", linestyle=":")
        ax.set_title(label if signal else f"{label}, no signal")
        ax.set_xticks([0, 1], ["on the test set", "on the world"])
        ax.set(ylim=(0, 30 if signal else 10), xlim=(-0.3, 1.3))
    row[0].set_ylabel("top-1 (%), 64 candidates")
_ = axes[0, 1].text(1.28, 100 / 64 + 0.4, "chance", ha="right")

# %%
# The twelve scores of one test set differ by luck as much as by layer, and the maximum
# collects the luck. The more targets are tried, the smaller the test set and the weaker
# the signal, the more there is to collect: layers times poolings times backbones times
# epochs is soon a large number. :doc:`/user_guide/choosing_a_layer` has the sizes of
# such leaks in published work.

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
