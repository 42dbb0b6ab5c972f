"""Which files of a BIDS dataset are the recordings of a subject."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from ._sensors import restore_sensor_types

if TYPE_CHECKING:
    import mne
    from mne_bids import BIDSPath

# Seconds at which the signal of two runs of THINGS-MEG (ds004212) drops out.
_GAPS = {
    "sub-BIGMEG1_ses-11_task-main_run-05_meg.ds": 13.4,
    "sub-BIGMEG2_ses-10_task-main_run-03_meg.ds": 59.8,
}
_GAP = 0.2  # seconds
Labels = str | int | Sequence[str] | Sequence[int]
_EXTENSIONS = {
    "eeg": [".vhdr", ".edf", ".bdf", ".set"],
    "meg": [".fif", ".ds", ".con", ".sqd", ".pdf"],
}


def find_recordings(
    root: Path,
    subject: str,
    session: Labels | None = None,
    task: str | Sequence[str] | None = None,
    run: Labels | None = None,
    datatype: str | None = None,
) -> list[BIDSPath]:
    """List the recordings of a subject, by session, task and run.

    Parameters
    ----------
    root : Path
        The root of the dataset.
    subject : str
        The label of the subject.
    session, task, run : str | int | sequence | None
        The sessions, tasks and runs, by label or, as 1 for ``01``, by number. ``None``:
        all.
    datatype : "eeg" | "meg" | None
        ``None``: the one that the subject has.

    Returns
    -------
    paths : list of BIDSPath
        The recordings; of one that is split in several files, the first.

    Raises
    ------
    FileNotFoundError
        If there is no such subject or recording.
    ValueError
        If the subject has EEG and MEG and ``datatype`` does not say which.
    """
    from mne_bids import find_matching_paths

    _check_subject(root, subject)
    if datatype not in (None, *_EXTENSIONS):
        raise ValueError(f"datatype={datatype!r} must be 'eeg', 'meg' or None.")
    paths = find_matching_paths(
        root,
        subjects=subject,
        splits=None,
        suffixes=list(_EXTENSIONS),
        extensions=sum(_EXTENSIONS.values(), []),
        datatypes=list(_EXTENSIONS),
    )
    paths = [p for p in paths if p.extension in _EXTENSIONS[p.datatype]]
    paths = [p for p in paths if p.split in (None, "01", "1")]
    wanted = dict(session=session, task=task, run=run, datatype=datatype)
    chosen = [path for path in paths if _matches(path, wanted)]
    if not chosen:
        asked = ", ".join(f"{k}={v!r}" for k, v in wanted.items() if v is not None)
        raise FileNotFoundError(
            f"sub-{subject} in {root} has no M/EEG recording with {asked or 'pictures'}"
            f"; it has: {', '.join(p.basename for p in paths[:5]) or 'none'}"
        )
    if len({path.datatype for path in chosen}) > 1:
        raise ValueError(f"sub-{subject} has EEG and MEG: say datatype='eeg' or 'meg'.")
    return sorted(chosen, key=_order)


def read_recording(path: BIDSPath) -> mne.io.BaseRaw:
    """Read a recording with its sidecars, as far as they are there and right.

    Parameters
    ----------
    path : BIDSPath
        The recording.

    Returns
    -------
    raw : mne.io.Raw
        With sensor types that :mod:`mne_bids` took from a wrong ``channels.tsv``
        restored, and the known gaps of THINGS-MEG marked as bad.
    """
    from mne_bids import read_raw_bids

    with warnings.catch_warnings():
        # One for each sensor; restore_sensor_types says it once.
        warnings.filterwarnings("ignore", "No BIDS -> MNE mapping .*OTHER")
        raw = read_raw_bids(path)
    restore_sensor_types(raw, path)
    onset = _GAPS.get(path.basename)
    if onset is not None:
        raw.annotations.append(onset, _GAP, "BAD_gap")
    return raw


def _check_subject(root: Path, subject: str) -> None:
    if not root.is_dir():
        raise FileNotFoundError(f"root={str(root)!r} is no folder.")
    if (root / f"sub-{subject}").is_dir():
        return
    folders = sorted(path.name for path in root.glob("sub-*") if path.is_dir())
    there = ", ".join(name.removeprefix("sub-") for name in folders)
    above = root.resolve()
    if not there and above.name.startswith("sub-"):
        there = f"no subject, for it is the folder of one; the root is {above.parent}"
    raise FileNotFoundError(
        f"subject={subject!r} is not in {root}; it has: "
        + (there or "no subject; is it the root of a BIDS dataset?")
    )


def _matches(path: BIDSPath, wanted: dict[str, Labels | None]) -> bool:
    for entity, labels in wanted.items():
        label = getattr(path, entity) or ""
        given = [labels] if isinstance(labels, str | int | Integral) else labels
        number = int(label) if label.isdigit() else None
        if given is not None and label not in given and number not in given:
            return False
    return True


def _order(path: BIDSPath) -> list[tuple[int, str]]:
    """Sort labels that are numbers as numbers, and no label first."""
    labels = [path.session or "", path.task or "", path.run or ""]
    return [(int(label) if label.isdigit() else 0, label) for label in labels]
