"""Where the recordings of a subject of THINGS-EEG2 are, in either form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ._dataset import as_labels
from ._things_eeg2_events import PARTS

#: From the label of a session and the split to the files, in the order of the runs.
Files = dict[str, dict[str, list[Path]]]
Sessions = str | int | Sequence[str] | Sequence[int] | None


def as_label(subject: int | str) -> str:
    """Write the number of a subject as in ``sub-08``.

    Parameters
    ----------
    subject : int | str
        8, "8", "08" or "sub-08".

    Returns
    -------
    label : str
        "08".

    Raises
    ------
    ValueError
        If it is no number.
    """
    label = str(subject).removeprefix("sub-")
    if not label.isdigit():
        raise ValueError(f"subject={subject!r} must be a number, 1 to 10.")
    return label.zfill(2)


def find_authors_files(path: Path, label: str, sessions: Sessions = None) -> Files:
    """Find the authors' files of a subject.

    Parameters
    ----------
    path : Path
        The folder of the subject, or the one above it.
    label : str
        The label of the subject.
    sessions : str | int | sequence | None
        The sessions. ``None``: all.

    Returns
    -------
    files : dict of str to dict of str to list of Path
        From the label of the session and the split to the file.

    Raises
    ------
    FileNotFoundError
        If files are missing.
    """
    own = f"sub-{label}"
    of_another = path.name.startswith("sub-") and path.name != own
    for folder in [path / own] if of_another else [path / own, path]:
        if any(folder.glob("ses-*/raw_eeg_*.npy")):
            return _complete(folder, sessions, "raw_eeg_{part}.npy")
    raise FileNotFoundError(
        f"{path} has no recordings of {own}: expected {own}/ses-01/"
        "raw_eeg_training.npy and so on, or their conversion to BIDS. "
        "mne_shallowalign.datasets.fetch_things_eeg2 fetches them."
    )


def find_files(path: Path, label: str, sessions: Sessions = None) -> Files:
    """Find the recordings of a subject, in BIDS or as the authors have them.

    Parameters
    ----------
    path : Path
        The root of the BIDS dataset, or see :func:`find_authors_files`.
    label : str
        The label of the subject.
    sessions : str | int | sequence | None
        The sessions. ``None``: all.

    Returns
    -------
    files : dict of str to dict of str to list of Path
        The ``.vhdr`` file of a conversion, the ``.bdf`` files of the edition on NEMAR,
        where a training session has several runs, or the ``.npy`` file.

    Raises
    ------
    FileNotFoundError
        If files are missing.
    """
    folder = path / f"sub-{label}"
    for suffix in (".vhdr", ".bdf"):
        if any(folder.glob(f"ses-*/eeg/*_eeg{suffix}")):
            name = f"eeg/sub-{label}_ses-{{session}}_task-{{split}}_*eeg{suffix}"
            return _complete(folder, sessions, name)
    return find_authors_files(path, label, sessions)


def _complete(folder: Path, sessions: Sessions, name: str) -> Files:
    there = sorted(p.name.removeprefix("ses-") for p in folder.glob("ses-*"))
    labels = there if sessions is None else as_labels(sessions)
    if not labels:
        raise ValueError(f"sessions={sessions!r} names none; there are: {there}.")
    files: Files = {}
    missing = []
    for session in labels:
        files[session] = {}
        for split, part in PARTS.items():
            own = name.format(session=session, split=split, part=part)
            files[session][split] = _runs(folder / f"ses-{session}", own)
            if not files[session][split]:
                missing.append(str(folder / f"ses-{session}" / own))
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} recordings are missing: {', '.join(missing[:4])}; "
            f"{folder} has the sessions {', '.join(there)}."
        )
    return files


def _runs(folder: Path, name: str) -> list[Path]:
    """List the runs of a recording, of which none may be left out."""
    runs = sorted(folder.glob(name))
    numbers = [int(n) for run in runs for n in re.findall(r"_run-(\d+)_", run.name)]
    lacking = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if lacking:
        raise FileNotFoundError(
            f"{folder / name}: the runs {lacking} are missing, and with them which "
            "presentations are beyond the plan cannot be known."
        )
    return runs


def find_image_metadata(path: Path, given: str | Path | None) -> Path:
    """Find the authors' table of images, or fetch it.

    Parameters
    ----------
    path : Path
        The folder of the recordings.
    given : str | Path | None
        The file, if the user names it.

    Returns
    -------
    fname : Path
        ``image_metadata.npy``.
    """
    from mne_shallowalign import datasets

    if given is not None:
        return Path(given)
    near = [folder / "image_metadata.npy" for folder in (path, path.parent)]
    there = next((fname for fname in near if fname.is_file()), None)
    return datasets.fetch_things_eeg2_metadata() if there is None else there
