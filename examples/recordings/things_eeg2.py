"""
.. _things-eeg2-shown:

THINGS-EEG2: the setting of the paper
=====================================

One person, 16,540 pictures to learn from and 200 others to find. This page is shown,
not run: a person is about 10 GB, the pictures come on top. You learn to load the
averages of the paper's preprocessing, to choose the layer without the test set, and to
look at the test set once.
"""

# %%
# Fetch and load
# --------------
# ``load_things_eeg2`` preprocesses one session at a time, and keeps the averages (281
# MB) for the next time: 17 posterior channels, 250 samples, whitened with what was
# learnt from training trials (:doc:`/user_guide/preprocessing`).

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
from mne_shallowalign.datasets import (
    fetch_things_eeg2,
    fetch_things_eeg2_images,
    load_things_eeg2,
)
from mne_shallowalign.retrieval import proportion_interval, repetition_curve

fetch_things_eeg2(8)
pictures = fetch_things_eeg2_images()
train = load_things_eeg2(8, split="train")
test = load_things_eeg2(8, split="test")

# %%
# Choose a layer, then test
# -------------------------
# The metadata say which concept each picture is of, and whole training concepts are
# held out for the choice. ``vit-b-16`` is the paper's smallest transformer; a larger
# one is another name (:doc:`/user_guide/layers`).

decoder = ShallowAlignDecoder("vit-b-16", image_root=pictures, random_state=0)
search = LayerSearchCV(decoder).fit(train, train.metadata["image"])
search.plot()

images = test.metadata["image"]
ranks = search.ranks(test, images)
hits = int((ranks <= 1).sum())
low, high = proportion_interval(hits, len(ranks))
print(f"{search.best_layer_}: {hits / 200:.1%} of 200 ({low:.1%} to {high:.1%})")

# %%
# To compare with the table of the paper, remember that its layer was chosen on the test
# set and that its numbers are means over ten people and five seeds.
#
# What a single trial gives
# -------------------------
# The 200 queries are averages of 80 presentations. This is what fewer give:

trials = load_things_eeg2(8, split="test", average=False)
repetition_curve(
    search.best_estimator_, trials, trials.metadata["image"], [1, 2, 4, 8, 16, 32, 80]
)
