"""
.. _preprocessing-example:

What preprocessing is worth
===========================

Channels, repetitions and whitening decide more than the network does. You learn to take
the steps of the paper one by one, on training trials alone, and to see what each
brings.
"""

# %%
# A recording of the whole head
# -----------------------------
# 64 electrodes, of which the posterior ones see most of the simulated response, and
# noise that neighbouring electrodes share. Each training picture is shown twice, each
# test picture six times.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import (
    MVNNWhitener,
    average_repetitions,
    paper,
    pick_occipito_parietal,
)
from mne_shallowalign.retrieval import proportion_interval

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "bids"
montage = mne.channels.make_standard_montage("biosemi64")
simulate_bids(
    root,
    ch_names=montage.ch_names,
    n_concepts=50,
    n_images_per_concept=4,
    n_test_concepts=15,
    snr=0.3,
    random_state=0,
)
epochs = load_bids(root, subject="01")
train = epochs[epochs.metadata["split"] == "train"]
test = epochs[epochs.metadata["split"] == "test"]

# %%
# One step after the other
# ------------------------
# The decoder is ridge regression on the true layer throughout; only the epochs change.
# Each function takes training and test epochs and returns them, and what is learnt, the
# whitening matrix, is learnt from the first.


def single_trials(train, test):
    """Take epochs as they are."""
    return train, test


def averages(train, test):
    """Average the repetitions of each picture."""
    return average_repetitions(train), average_repetitions(test)


def posterior(train, test):
    """Keep the posterior channels of averages."""
    picks = pick_occipito_parietal(train.info)
    return averages(train.copy().pick(picks), test.copy().pick(picks))


def whitened(train, test):
    """Whiten with what single training trials of all channels say."""
    whitener = MVNNWhitener().fit(train)
    return posterior(whitener.transform(train), whitener.transform(test))


decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, solver="ridge", image_root=root / "stimuli", random_state=0
)
hits, n_queries = {}, {}
for step in (single_trials, averages, posterior, whitened):
    seen, unseen = step(train, test)
    decoder.fit(seen, seen.metadata["image"])
    ranks = decoder.ranks(unseen, unseen.metadata["image"])
    hits[step.__name__], n_queries[step.__name__] = np.sum(ranks <= 5), len(ranks)
    print(f"{step.__name__}: {len(seen)} epochs, {len(seen.ch_names)} channels")

# %%
# What each brought
# -----------------
# Top-5 among 90 pictures, with 95 % intervals. The bars of single trials have six times
# as many queries, of the same pictures.

fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for row, step in enumerate(hits):
    share = hits[step] / n_queries[step]
    low, high = proportion_interval(int(hits[step]), n_queries[step])
    ax.barh(row, 100 * share, color="C0")
    ax.plot([100 * low, 100 * high], [row, row], color="k")
labels = [
    "single trials",
    "+ repetitions averaged",
    "+ posterior channels",
    "+ whitened",
]
ax.set_yticks(range(len(hits)), labels)
ax.axvline(100 * 5 / 90, color="k", linestyle=":")
ax.text(100 * 5 / 90 + 1, -0.85, "chance", va="center")
_ = ax.set(xlabel="top-5 (%)", xlim=(0, 100), ylim=(len(hits) - 0.5, -1.1))

# %%
# What whitening does
# -------------------
# The correlation of the noise between electrodes, in trials of the test pictures,
# before and after. The whitener has not seen these trials.

whitener = MVNNWhitener().fit(train)
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for ax, trials, title in (
    (axes[0], test, "recorded"),
    (axes[1], whitener.transform(test), "whitened"),
):
    signal = trials.get_data(tmax=0).transpose(1, 0, 2)  # before the picture
    correlation = np.corrcoef(signal.reshape(len(trials.ch_names), -1))
    drawn = ax.imshow(correlation, vmin=-1, vmax=1, cmap="RdBu_r")
    ax.set(title=title, xlabel="electrode", ylabel="electrode")
_ = fig.colorbar(drawn, ax=axes, label="correlation before onset")

# %%
# In one object
# -------------
# :func:`~mne_shallowalign.preprocessing.paper` has the steps of the paper, which
# ``replace`` changes, and ``apply`` takes in the right order.

steps = paper("things-eeg2").replace(window=(0, 0.6), sfreq=None)
seen, unseen = steps.apply(train, test)
decoder.fit(seen, seen.metadata["image"])
print(steps)
print(f"top-1: {decoder.score(unseen, unseen.metadata['image']):.0%}")

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
