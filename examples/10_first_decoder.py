"""
.. _first-decoder:

A first decoder
===============

From a BIDS dataset to "this recording picks the right picture out of 120, so many times
in a hundred; guessing would so many". You learn to read a dataset, to hold out whole
concepts, to fit :class:`~mne_shallowalign.ShallowAlignDecoder`, and to say how good it
is.
"""

# %%
# A dataset
# ---------
# Nobody was recorded for this page: :func:`~mne_shallowalign.datasets.simulate_bids`
# draws pictures and writes a BIDS dataset of the EEG of somebody whose visual cortex
# follows one layer of a vision model. With your own dataset, start at ``load_bids``.

import tempfile
from pathlib import Path

import numpy as np

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import average_repetitions
from mne_shallowalign.retrieval import chance_level, proportion_interval
from mne_shallowalign.viz import plot_retrieval_grid

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
simulate_bids(root, random_state=0)
epochs = load_bids(root, subject="01")
epochs.metadata[["image", "concept", "repetition", "split"]].head()

# %%
# ``metadata`` says of each epoch which picture was shown (``image``), of what
# (``concept``), how often it had been shown by then (``repetition``), and whether its
# concept is for training (``split``). Averaging the repetitions of a picture raises the
# signal over the noise:

evoked = average_repetitions(epochs).average()
evoked.plot(spatial_colors=True, gfp=True, titles="Mean of all pictures")

# %%
# Fit
# ---
# The concepts of the test part do not occur in training: the decoder has to find
# pictures of things that it has never met. The backbone ``"gabor/v1"`` is a hierarchy
# of Gabor filters, which needs no download.

train = average_repetitions(epochs[epochs.metadata["split"] == "train"])
test = average_repetitions(epochs[epochs.metadata["split"] == "test"])
shared = set(train.metadata["concept"]) & set(test.metadata["concept"])
print(f"pictures to train on: {len(train)}, to test: {len(test)}")
print(f"concepts in both: {len(shared)}")

decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, image_root=root / "stimuli", random_state=0
)
decoder.fit(train, train.metadata["image"])

# %%
# Retrieve
# --------
# Every test epoch is a query, and the test pictures are the candidates.

images = test.metadata["image"]
ranks = decoder.ranks(test, images)
for k in (1, 5):
    hits = int(np.sum(ranks <= k))
    low, high = proportion_interval(hits, len(ranks))
    print(
        f"top-{k}: {hits / len(ranks):.0%} (95% interval {low:.0%} to {high:.0%}), "
        f"chance {chance_level(len(images), k):.1%}"
    )

# %%
# The pictures that were seen, and the candidates that come nearest:

plot_retrieval_grid(
    decoder.decision_function(test, images),
    np.arange(len(test)),
    [root / "stimuli" / image for image in images],
    n_queries=4,
)

# %%
# Keep it
# -------
# One file holds the fitted decoder, without its training data:

decoder.save(root / "decoder.safetensors")
print(f"{(root / 'decoder.safetensors').stat().st_size / 1e6:.1f} MB")

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
