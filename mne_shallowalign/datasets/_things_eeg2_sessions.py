"""The sessions of a subject of THINGS-EEG2: signals that stay on disk, and trials."""

from __future__ import annotations

from pathlib import Path

import mne
import pandas as pd

from ._things_eeg2_events import PARTS, find_presentations, read_images
from ._things_eeg2_files import Files
from ._things_eeg2_raw import read_raw_things_eeg2

#: From the session and the split to the signal and what was shown, and when.
Sessions = dict[str, dict[str, tuple[mne.io.BaseRaw, pd.DataFrame]]]

_WORDS = "image concept repetition subject session split condition sequence".split()


def open_sessions(
    files: Files, label: str, image_metadata: Path | None, repetitions: str
) -> Sessions:
    """Open the recordings of a subject, with the presentations to be used.

    Parameters
    ----------
    files : dict of str to dict of str to Path
        The recordings, in the authors' format or as BIDS.
    label : str
        The label of the subject.
    image_metadata : Path | None
        The authors' ``image_metadata.npy``, which BIDS does not need.
    repetitions : "published" | "all"
        Which presentations to keep.

    Returns
    -------
    sessions : dict of str to dict of str to tuple of (Raw, DataFrame)
        The signal of the channels that are good in all recordings, not loaded, and
        the metadata of the epochs, with the ``sample`` of each onset.

    Raises
    ------
    ValueError
        If a file is not what it should be.
    """
    images = {
        split: None if image_metadata is None else read_images(image_metadata, split)
        for split in PARTS
    }
    raws, trials = {}, {}
    for session, of in files.items():
        for split, fname in of.items():
            raw, shown = _open(fname, images[split], split)
            raws[session, split] = raw.pick("data", exclude="bads")
            trials[session, split] = shown[shown["trial_type"] == "image"]
    equal = mne.channels.equalize_channels(list(raws.values()), copy=False)
    tables = pd.concat(trials, names=["session", "split"]).reset_index([0, 1])
    tables = tables.rename(columns={"stim_file": "image"}).assign(subject=label)
    tables["repetition"] = tables.groupby("image").cumcount() + 1
    if repetitions == "published":
        tables = tables[tables["surplus"] == 0]
    sessions: Sessions = {session: {} for session in files}
    for (session, split), raw in zip(raws, equal, strict=True):
        own = tables[(tables["session"] == session) & (tables["split"] == split)]
        own = own[[*_WORDS, "sample"]].reset_index(drop=True)
        sessions[session][split] = raw, own
    return sessions


def _open(
    fname: Path, images: pd.DataFrame | None, split: str
) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    if fname.suffix == ".npy":
        raw = read_raw_things_eeg2(fname)
        return raw, find_presentations(raw, images, split)
    return _open_bids(fname)


def _open_bids(fname: Path) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    from mne_bids import get_bids_path_from_fname, read_raw_bids

    raw = read_raw_bids(get_bids_path_from_fname(fname), verbose="error")
    raw.set_annotations(None)
    table = fname.with_name(fname.name.replace("_eeg.vhdr", "_events.tsv"))
    trials = pd.read_csv(table, sep="\t", keep_default_na=False, na_values=[])
    return raw, trials
