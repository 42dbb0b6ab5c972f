"""
.. _time-resolved:

When?
=====

At which moment does the recording tell which picture was seen? You learn to fit one
decoder for each time sample with MNE's own tools, to draw the time course with its
uncertainty, and to see whether what was learnt at one moment holds at another.
"""

# %%
# A recording whose onset is known
# --------------------------------
# The simulated brain follows the third layer of ``"gabor/v1"``: some of its dipoles
# from 100 to 200 ms after the onset of the picture, the others from 200 to 400 ms.

import tempfile
from pathlib import Path

import numpy as np
from mne.decoding import GeneralizingEstimator, SlidingEstimator, cross_val_multiscore
from sklearn.model_selection import GroupKFold

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.retrieval import chance_level
from mne_shallowalign.viz import plot_time_resolved

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
sfreq, n_dipoles = 50.0, 24
times = np.arange(0, 0.5, 1 / sfreq)
early, late = (times >= 0.1) & (times < 0.2), (times >= 0.2) & (times < 0.4)
time_course = np.where(np.arange(n_dipoles)[:, np.newaxis] % 2, late, early)
simulate_bids(
    root,
    n_concepts=40,
    n_images_per_concept=4,
    n_repetitions=1,
    n_test_concepts=1,
    sfreq=sfreq,
    n_dipoles=n_dipoles,
    time_course=time_course,
    snr=1.5,
    random_state=0,
)
epochs = load_bids(root, subject="01", tmin=-0.1, tmax=0.5)
epochs = epochs[epochs.metadata["split"] == "train"]

# %%
# One decoder for each sample
# ---------------------------
# :class:`mne.decoding.SlidingEstimator` fits a clone of the decoder at each time. Ridge
# regression has a closed form, so that this takes seconds; leave ``solver`` out, and
# each is trained. Whole concepts are held out, so that what is retrieved is new.

decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, solver="ridge", alpha=100.0, image_root=root / "stimuli"
)
sliding = SlidingEstimator(decoder, verbose=False)
X = epochs.get_data(copy=False)
images, concepts = epochs.metadata["image"], epochs.metadata["concept"]
folds = {"groups": concepts, "cv": GroupKFold(4)}
scores = cross_val_multiscore(sliding, X, images.to_numpy(), **folds)

# %%
# It rises within one sample of 100 ms, where the simulated response begins, and is at
# chance before. Top-1 is among the 40 pictures of ten held-out concepts.

chance = chance_level(40)
plot_time_resolved(scores, epochs.times, chance=chance, time_unit="ms")

# %%
# From one moment to another
# --------------------------
# :class:`mne.decoding.GeneralizingEstimator` tests each decoder at all times. Two
# squares mean two stages: what was learnt in one is of no use in the other.

generalizing = GeneralizingEstimator(decoder, verbose=False)
some = slice(None, None, 2)
scores = cross_val_multiscore(generalizing, X[:, :, some], images.to_numpy(), **folds)
plot_time_resolved(
    scores,
    epochs.times[some],
    train_times=epochs.times[some],
    chance=chance,
    time_unit="ms",
)

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
