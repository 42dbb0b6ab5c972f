"""
.. _sensors:

Where on the head?
==================

Which sensors does a decoder use, and what do these see? You learn to draw saliency,
occlusion and Haufe patterns as topographies, in the units of the sensors even where the
signal was whitened, and to take away whole lobes.
"""

# %%
# A decoder behind a whitener
# ---------------------------
# The simulated brain responds in its posterior half; 32 electrodes cover all of the
# head. As in the recipe of the paper, the noise of the channels is whitened.

import tempfile
from pathlib import Path

import mne

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.inspection import (
    channel_ablation,
    occlusion,
    patterns,
    saliency,
)
from mne_shallowalign.preprocessing import MVNNWhitener, average_repetitions

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
ch_names = mne.channels.make_standard_montage("biosemi32").ch_names
simulate_bids(root, ch_names=ch_names, sfreq=50.0, snr=1.0, random_state=0)
epochs = load_bids(root, subject="01", tmin=-0.1, tmax=0.6).crop(0, None)
train = epochs[epochs.metadata["split"] == "train"]
test = average_repetitions(epochs[epochs.metadata["split"] == "test"])

whitener = MVNNWhitener(by=None).fit(train)
train = whitener.transform(average_repetitions(train))
decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, solver="ridge", image_root=root / "stimuli"
)
decoder.fit(train, train.metadata["image"])
score = decoder.score(whitener.transform(test), test.metadata["image"])
print(f"top-1 among {len(test)} pictures: {score:.0%}")

# %%
# What it is sensitive to
# -----------------------
# Gradient times input is what each sample at each sensor adds to the similarity with
# the right picture. ``test`` is not whitened: the maps go through the whitener, to the
# sensors. The result is an :class:`mne.Evoked`, with all of its plots.

added = saliency(decoder, test, whitener=whitener)
unit = {"units": "similarity", "scalings": 1}
added.plot_joint(title="Saliency", ts_args=unit, topomap_args={"scalings": 1})

# %%
# What it would miss
# ------------------
# Occlusion replaces one channel for 100 ms by its mean and looks at the similarity that
# is lost, in thousandths. It takes more time and needs no gradient.

lost = occlusion(decoder, test, whitener=whitener)
unit = {"units": "×10⁻³", "scalings": 1e3}
lost.plot_topomap([0.05, 0.15, 0.25, 0.35, 0.45], time_format="%0.2f s", **unit)

# %%
# Where the activity is
# ---------------------
# Both maps are of *filters*: sensors without activity count in them if they help to
# cancel noise. The pattern is what the sensors see of the activity that the decoder
# picks up, in microvolts per standard deviation of it.

pattern = patterns(decoder, test, whitener=whitener)
pattern.plot_patterns([0.1, 0.2, 0.3, 0.4], tmin=0.0, name_format="%0.1f s", units="µV")

# %%
# By lobe
# -------
# ``without``: all channels but these. ``alone``: these and no others.

ablated = channel_ablation(decoder, test, scoring="mrr", whitener=whitener)
# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
ablated.round(3)
