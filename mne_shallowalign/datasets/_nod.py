"""NOD-EEG and NOD-MEG: people who look at 1,000 to 4,000 pictures of ImageNet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd
from mne.utils import logger, verbose

from ._adapters import nod_events, nod_pictures
from ._dataset import Dataset, as_labels
from ._fetch import data_folder, fetch_files
from ._remote import RemoteFile, published_files, select

_TOP = ("dataset_description.json", "participants.*", "README", "CHANGES")
Kind = Literal["epochs", "raw"]
Stimuli = Literal["seen", "all"]
Labels = str | int | Sequence[str] | Sequence[int]


@verbose
def fetch_nod_eeg(
    subject: str | int,
    *,
    kind: Kind = "epochs",
    session: Labels | None = None,
    run: Labels | None = None,
    stimuli: Stimuli | None = "seen",
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch a person of NOD-EEG: 62 electrodes, 2,000 or 4,000 pictures, each once.

    Parameters
    ----------
    subject : str | int
        The label of the subject: 01 to 14, 24, 26, 27, 29 or 30.
    kind : "epochs" | "raw"
        The authors' epochs (-0.1 to 0.8 s, 0.1 to 40 Hz, 200 Hz; 113 to 226 MB), or the
        raw recording as BIDS (about 0.8 GB).
    session : str | int | sequence | None
        Of a raw recording, the sessions: ``"ImageNet01"`` or 1, and so on. ``None``:
        all.
    run : str | int | sequence | None
        Of a raw recording, the runs. ``None``: all.
    stimuli : "seen" | "all" | None
        The pictures: those that the subject saw (29 kB each), all 80,000 (2.3 GB), or
        none. ImageNet's own terms hold for them.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset, ``<path>/ds005811``; its pictures are in ``stimuli``.

    Raises
    ------
    ValueError
        If there is no such subject, session or run, or if the server has other files
        than those published.
    OSError
        If the disk has no room, or the server cannot be reached.

    See Also
    --------
    load_nod_eeg : Read the epochs.
    load_bids : Read the raw recording.
    """
    return _fetch(NOD_EEG, subject, kind, session, run, stimuli, path, check)


@verbose
def fetch_nod_meg(
    subject: str | int,
    *,
    kind: Kind = "epochs",
    session: Labels | None = None,
    run: Labels | None = None,
    stimuli: Stimuli | None = "seen",
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch a person of NOD-MEG: a CTF-275 system, 1,000 or 4,000 pictures, each once.

    Parameters
    ----------
    subject : str | int
        The label of the subject: 01 to 30.
    kind : "epochs" | "raw"
        The authors' epochs (-0.1 to 0.8 s, 0.1 to 40 Hz, 200 Hz; 247 to 989 MB), or the
        raw recording as BIDS (628 MB a run).
    session : str | int | sequence | None
        Of a raw recording, the sessions: ``"ImageNet01"`` or 1, and so on. ``None``:
        all.
    run : str | int | sequence | None
        Of a raw recording, the runs. ``None``: all.
    stimuli : "seen" | "all" | None
        The pictures: those that the subject saw (29 kB each), all 80,000 (2.3 GB), or
        none. They come from the bucket of NOD-EEG, and ImageNet's own terms hold for
        them.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset, ``<path>/ds005810``; its pictures are in ``stimuli``.

    Raises
    ------
    ValueError
        If there is no such subject, session or run, or if the server has other files
        than those published.
    OSError
        If the disk has no room, or the server cannot be reached.

    See Also
    --------
    load_nod_meg : Read the epochs.
    load_bids : Read the raw recording.
    """
    return _fetch(NOD_MEG, subject, kind, session, run, stimuli, path, check)


def _fetch(
    dataset: Dataset,
    subject: str | int,
    kind: Kind,
    session: Labels | None,
    run: Labels | None,
    stimuli: Stimuli | None,
    path: str | Path | None,
    check: bool,
) -> Path:
    root = data_folder(path, dataset.folder)
    files = _recording(dataset, subject, kind, session, run)
    dataset.show_terms(root)
    fetch_files(files, root, check=check)
    fetch_files(_pictures(root, dataset.label(subject), stimuli), root, check=check)
    return root


def _files(
    folder: str,
    subject: str | int,
    root: Path,
    *,
    kind: Kind = "epochs",
    session: Labels | None = None,
    run: Labels | None = None,
    stimuli: Stimuli | None = "seen",
) -> list[RemoteFile]:
    """List the files of a subject, and the pictures seen if it is known which."""
    dataset = {d.folder: d for d in (NOD_EEG, NOD_MEG)}[folder]
    files = _recording(dataset, subject, kind, session, run)
    label = dataset.label(subject)
    if stimuli == "seen" and not nod_events(root, label).is_file():
        logger.info(
            "The pictures that sub-%s saw come on top, 29 kB each; which they are is "
            "known when %s is there.",
            label,
            nod_events(root, label).name,
        )
        return files
    return files + _pictures(root, label, stimuli)


def _recording(
    dataset: Dataset,
    subject: str | int,
    kind: Kind,
    session: Labels | None,
    run: Labels | None,
) -> list[RemoteFile]:
    """List the files of a subject, without the pictures."""
    label, modality = dataset.label(subject), dataset.modality.lower()
    patterns = {
        "epochs": [f"derivatives/preprocessed/epochs/sub-{label}_{modality}_epo.fif"],
        "raw": [f"sub-{label}/ses-ImageNet*/*"],
    }
    if kind not in patterns:
        raise ValueError(f"kind={kind!r} must be 'epochs' or 'raw'.")
    if kind != "raw" and (session is not None or run is not None):
        raise ValueError(
            f"kind={kind!r} is one file of all sessions and runs: leave session and "
            "run out, or give kind='raw'."
        )
    files = published_files(dataset.folder)
    chosen = select(files, patterns[kind])
    if kind == "raw":
        chosen = _choose_runs(chosen, session, run)
    events = nod_events(Path(), label).as_posix()
    return select(files, [*_TOP, events]) + chosen


def _choose_runs(
    files: list[RemoteFile], session: Labels | None, run: Labels | None
) -> list[RemoteFile]:
    """Leave out other sessions and runs, but keep what all runs share."""
    sessions, runs = as_labels(session), as_labels(run)
    chosen = files
    if sessions is not None:
        marks = [f"/ses-ImageNet{s.removeprefix('ImageNet')}/" for s in sessions]
        chosen = [f for f in chosen if any(mark in f.path for mark in marks)]
    if runs is not None:
        marks = [f"_run-{r}_" for r in runs]
        shared = [f for f in chosen if "_run-" not in f.path]
        chosen = [f for f in chosen if any(mark in f.path for mark in marks)]
        chosen = shared + chosen if chosen else []
    if not chosen:
        raise ValueError(
            f"There is no recording with session={session!r}, run={run!r}; there are: "
            + ", ".join(sorted({f.path.split("/")[1] for f in files}))
        )
    return chosen


def _pictures(root: Path, label: str, stimuli: Stimuli | None) -> list[RemoteFile]:
    """List pictures; which were seen is in the table of all trials."""
    if stimuli not in ("seen", "all", None):
        raise ValueError(f"stimuli={stimuli!r} must be 'seen', 'all' or None.")
    if stimuli is None:
        return []
    files = select(published_files(NOD_EEG.folder), ["stimuli/ImageNet/*"])
    if stimuli == "all":
        return files
    details = nod_pictures(pd.read_csv(nod_events(root, label)))
    seen = set("stimuli/" + details["stim_file"])
    found = [f for f in files if f.path in seen]
    if len(found) < len(seen):
        first = sorted(seen - {f.path for f in found})[0]
        raise ValueError(f"{len(seen) - len(found)} pictures are unknown, as {first}.")
    return found


_CITATION = (
    "Zhang, G., Zhou, M., Zhen, S., Tang, S., Li, Z., & Zhen, Z. (2025). A large-scale "
    "MEG and EEG dataset for object recognition in naturalistic scenes. Scientific "
    "Data, 12, 857. https://doi.org/10.1038/s41597-025-05174-7"
)
_LICENCE = "CC0 (the pictures are those of ImageNet, under its own terms)"
NOD_EEG = Dataset(
    title="NOD-EEG",
    folder="ds005811",
    modality="EEG",
    subjects=tuple(f"{n:02d}" for n in (*range(1, 15), 24, 26, 27, 29, 30)),
    hours=0.85,
    size=113_142_154,
    licence=_LICENCE,
    doi="10.18112/openneuro.ds005811.v1.0.7",
    citation=_CITATION,
    files=partial(_files, "ds005811"),
    fetch=fetch_nod_eeg,
)
NOD_MEG = Dataset(
    title="NOD-MEG",
    folder="ds005810",
    modality="MEG",
    subjects=tuple(f"{n:02d}" for n in range(1, 31)),
    hours=0.44,
    size=247_346_985,
    licence=_LICENCE,
    doi="10.18112/openneuro.ds005810.v1.0.6",
    citation=_CITATION,
    files=partial(_files, "ds005810"),
    fetch=fetch_nod_meg,
)
