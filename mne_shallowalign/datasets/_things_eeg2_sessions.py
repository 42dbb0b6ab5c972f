"""The sessions of a subject of THINGS-EEG2: signals that stay on disk, and trials."""

from __future__ import annotations

from pathlib import Path

import mne
import pandas as pd

from ._things_eeg2_events import (
    PARTS,
    count_presentations,
    find_presentations,
    read_images,
)
from ._things_eeg2_files import Files
from ._things_eeg2_raw import read_raw_things_eeg2
from ._things_eeg2_stimuli import name_by_number

#: From the session and the split to the signal and what was shown, and when.
Sessions = dict[str, dict[str, tuple[mne.io.BaseRaw, pd.DataFrame]]]

_WORDS = "image concept repetition subject session split condition sequence".split()


def open_sessions(
    files: Files, label: str, image_metadata: Path | None, repetitions: str
) -> Sessions:
    """Open the recordings of a subject, with the presentations to be used.

    Parameters
    ----------
    files : dict of str to dict of str to list of Path
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
        for split, runs in of.items():
            raw, shown = _open(runs, images[split], split)
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
    runs: list[Path], images: pd.DataFrame | None, split: str
) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    fname = runs[0]
    if fname.suffix == ".npy":
        raw = read_raw_things_eeg2(fname)
        assert images is not None  # read with files of this kind
        return raw, find_presentations(raw, images, split)
    if fname.suffix == ".bdf":
        return _open_edition(runs, split)
    return _open_bids(fname)


def _open_bids(fname: Path) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    from mne_bids import get_bids_path_from_fname, read_raw_bids

    raw = read_raw_bids(get_bids_path_from_fname(fname), verbose="error")
    raw.set_annotations(None)
    table = fname.with_name(fname.name.replace(f"_eeg{fname.suffix}", "_events.tsv"))
    trials = pd.read_csv(table, sep="\t", keep_default_na=False, na_values=[])
    return raw, trials


def _open_edition(runs: list[Path], split: str) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    """Join the runs of a session of the edition on NEMAR, as the authors' files do."""
    raws, trials, n_before = [], [], 0
    for fname in runs:
        raw, shown = _open_bids(fname)
        onsets = (shown["onset"].astype(float) * raw.info["sfreq"]).round().astype(int)
        trials.append(shown.assign(sample=n_before + onsets))
        raws.append(raw.pick("data", exclude="bads"))
        n_before += raw.n_times
    table = pd.concat(trials, ignore_index=True)
    table = table[table["trial_type"].isin(["image", "target"])]
    table = name_by_number(table.reset_index(drop=True), runs[0].parents[3], split)
    raw = mne.concatenate_raws(mne.channels.equalize_channels(raws), verbose="error")
    samples, condition = table["sample"].to_numpy(), table["condition"].to_numpy()
    counted = count_presentations(samples, condition, raw.info["sfreq"], split)
    return raw.set_annotations(None), table[["stim_file", "concept"]].join(counted)
