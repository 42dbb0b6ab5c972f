"""
.. _own-bids-data:

From your own recording
=======================

A recording, a log of what was shown, a folder of pictures: that is what a laboratory
has. You learn to make a BIDS dataset of them that this package (and others) can read,
to check that every picture is with its trial, and to decode.
"""

# %%
# What the laboratory has
# -----------------------
# A file of the amplifier with triggers, the log of the stimulus program, one row a
# trigger, and the pictures, one folder a concept. These are simulated; with yours, all
# that changes are the names of files and columns.

import shutil
import tempfile
from pathlib import Path

import mne
import mne_bids
import pandas as pd

# sphinx_gallery_start_ignore
from mne_shallowalign.datasets import simulate_bids

folder = tempfile.TemporaryDirectory()
lab = Path(folder.name) / "lab"
simulated = Path(folder.name) / "simulated"
simulate_bids(
    simulated, n_concepts=60, n_images_per_concept=4, n_test_concepts=20, n_runs=1
)
shutil.copytree(simulated / "stimuli", lab / "pictures")
recorded = mne_bids.BIDSPath(
    subject="01", task="images", run="01", datatype="eeg", root=simulated
)
_log = recorded.copy().update(suffix="events", extension=".tsv").fpath
_log = pd.read_csv(_log, sep="\t").rename(
    columns={"stim_file": "picture", "split": "part"}
)
_log[["picture", "part"]].to_csv(lab / "log.csv", index=False)
_raw = mne_bids.read_raw_bids(recorded).load_data()
_raw.set_annotations(
    mne.Annotations(_raw.annotations.onset, 0, "trigger", _raw.annotations.orig_time)
)
_raw.save(lab / "recording_raw.fif")
# sphinx_gallery_end_ignore
raw = mne.io.read_raw(lab / "recording_raw.fif")
log = pd.read_csv(lab / "log.csv")
print(raw)
log.head()

# %%
# To BIDS
# -------
# BIDS has a column for the picture, ``stim_file``: its path in the folder ``stimuli``.
# With that, and with a column ``split`` if there is a test set, all is said. mne-bids
# writes the columns that ``event_metadata`` has, for every trigger a row.

events, event_id = mne.events_from_annotations(raw)
assert len(events) == len(log), "a trigger or a row of the log is missing"
raw.set_annotations(None)  # the rows of the log take the place of the triggers

root = Path(folder.name) / "bids"
mne_bids.make_dataset_description(
    path=root, name="Pictures and EEG", data_license="CC0"
)
shutil.copytree(lab / "pictures", root / "stimuli")
bids_path = mne_bids.BIDSPath(subject="01", task="look", datatype="eeg", root=root)
described = {
    "stim_file": "The picture, in the folder stimuli",
    "split": "train, or test: concepts that are held out",
}
raw.info["line_freq"] = 50
mne_bids.write_raw_bids(
    raw,
    bids_path,
    events=events,
    event_id=event_id,
    event_metadata=log.rename(columns={"picture": "stim_file", "part": "split"}),
    extra_columns_descriptions=described,
    overwrite=True,
)
written = bids_path.copy().update(suffix="events", extension=".tsv")
pd.read_csv(written.fpath, sep="\t").head()

# %%
# Read it
# -------
# From here on it is the same for any BIDS dataset, of yours or of somebody else. The
# concept is the folder of the picture, unless a column ``concept`` says otherwise.

from mne_shallowalign.datasets import load_bids

epochs = load_bids(root, subject="01", tmin=-0.2, tmax=0.8, l_freq=0.1, h_freq=40)
epochs.metadata.groupby("split")[["concept", "image"]].nunique()

# %%
# Check it
# --------
# Three minutes here save three months. Are all pictures there? Does a concept occur in
# both parts? Was a bad epoch dropped, and is the metadata still as long as the data?

missing = [
    image
    for image in epochs.metadata["image"].unique()
    if not (root / "stimuli" / image).is_file()
]
train, test = (epochs[epochs.metadata["split"] == part] for part in ("train", "test"))
both = set(train.metadata["concept"]) & set(test.metadata["concept"])
print(f"missing pictures: {len(missing)}, concepts in both parts: {len(both)}")
print(f"dropped: {epochs.drop_log_stats():.0f} %, {len(epochs)} trials are left")
epochs.average().plot_joint(
    times=[0.12, 0.2, 0.3],
    title="All pictures",
    topomap_args={"extrapolate": "local"},  # no sensors, no colours
)

# %%
# Decode
# ------
# Begin with what takes a second: the closed form, which also finds the layer. If it is
# at chance, look for a wrong trigger before you train anything.

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.preprocessing import average_repetitions
from mne_shallowalign.retrieval import chance_level, proportion_interval

train, test = average_repetitions(train), average_repetitions(test)
decoder = ShallowAlignDecoder(
    "gabor/v1", layer="auto", solver="ridge", image_root=root / "stimuli"
).fit(train, train.metadata["image"])
ranks = decoder.ranks(test, test.metadata["image"])
hits = int((ranks <= 5).sum())
low, high = proportion_interval(hits, len(ranks))
print(
    f"{decoder.layer_}: top-5 {hits / len(ranks):.0%} ({low:.0%} to {high:.0%}), "
    f"chance {chance_level(len(ranks), 5):.0%}"
)

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
