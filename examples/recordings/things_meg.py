"""
.. _things-meg-shown:

THINGS-MEG: 271 sensors
=======================

One person of THINGS-MEG: 19,848 single trials to learn from, 200 pictures that were
shown 12 times to find. This page is shown, not run: the authors' epochs of a person are
8.3 GB. You learn to load MEG with the test concepts left out of training, to pick
sensors, and to take an encoder that does not overfit them.
"""

# %%
# Fetch and load
# --------------
# The pictures are encrypted; accept the terms on osf.io/jum2f and give the password
# that is told there. Training trials of the 200 test concepts are left out by default:
# 1,654 concepts with 12 pictures stay.

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import (
    fetch_things_images,
    fetch_things_meg,
    load_things_meg,
)
from mne_shallowalign.preprocessing import average_repetitions
from mne_shallowalign.retrieval import score_similarity

fetch_things_meg(2)
pictures = fetch_things_images(password="...")
epochs = load_things_meg(2, picks="occipito-parietal").crop(0, 1, include_tmax=False)
train = epochs[epochs.metadata["split"] == "train"]
test = average_repetitions(epochs[epochs.metadata["split"] == "test"])

# %%
# Fit
# ---
# The default encoder has a weight for each sensor and sample. With many of either, an
# encoder that convolves has fewer (:doc:`/user_guide/encoders`).

decoder = ShallowAlignDecoder(
    "vit-b-16", layer="auto", encoder="tsconv", image_root=pictures, random_state=0
)
decoder.fit(train, train.metadata["image"])

# %%
# Score
# -----
# 200 candidates, chance 0.5 %. Say beside it that queries are averages of 12.

images = test.metadata["image"].to_numpy()
similarity = decoder.decision_function(test, images)
score_similarity(similarity, range(len(images)))
