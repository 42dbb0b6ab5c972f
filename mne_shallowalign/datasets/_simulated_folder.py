"""The folder of a simulated dataset: built beside its place, then moved in."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd

from .._provenance import versions

#: Where a simulated dataset says how it was made.
RECORD = Path("code", "simulation.json")
_README = """\
This recording is simulated by mne-shallowalign: nobody was recorded.

The activity of {n_dipoles} dipoles follows layer {layer} of {backbone}.
code/simulation.json holds every parameter.
"""
_COLUMNS = {
    "trial_type": "What happened: a picture was shown",
    "stim_file": "The picture shown, relative to the stimuli folder",
    "concept": "The category of the picture",
    "split": "Whether the concept is for training (train) or held out (test)",
}


@contextmanager
def new_subject(
    root: Path, subject: str, design: dict[str, Any], overwrite: bool
) -> Iterator[Path]:
    """Provide a folder beside ``root`` to build in; move it in if all goes well.

    Parameters
    ----------
    root : Path
        The root of the dataset.
    subject : str
        The subject to be simulated.
    design : dict
        Everything that the subjects of one dataset share.
    overwrite : bool
        Whether the subject may be replaced.

    Yields
    ------
    work : Path
        An empty folder, or one with the participants so far.

    Raises
    ------
    FileExistsError
        If the subject is there already, or ``root`` is no simulation.
    ValueError
        If ``root`` holds a simulation with other parameters.
    """
    if not subject.isalnum():
        raise ValueError(f"subject={subject!r} must consist of letters and digits.")
    _check_room(root, subject, design, overwrite)
    root.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    work = beside / "dataset"  # beside itself can be read by its owner only
    work.mkdir()
    try:
        if (root / "participants.tsv").is_file():
            shutil.copy(root / "participants.tsv", work)
        yield work
        _move_in(work, root, subject)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _check_room(
    root: Path, subject: str, design: dict[str, Any], overwrite: bool
) -> None:
    """Refuse a folder that holds something else, or the same subject already."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if not (root / RECORD).is_file():
        raise FileExistsError(
            f"path={str(root)!r} exists and is no simulated dataset (it has no "
            f"{RECORD.as_posix()}); nothing was touched. Give a new folder."
        )
    before = json.loads((root / RECORD).read_text(encoding="utf-8"))
    changed = [
        "random_state" if key == "seed" else key  # drawn from what the user gave
        for key, value in design.items()
        if key != "random_state" and before.get(key) != value
    ]
    if changed:
        raise ValueError(
            f"path={str(root)!r} holds a simulation with other parameters: "
            + ", ".join(f"{k}={before.get(k)!r}, now {design[k]!r}" for k in changed)
            + ". Subjects of one dataset share them; give a new folder."
        )
    if (root / f"sub-{subject}").exists() and not overwrite:
        raise FileExistsError(
            f"subject={subject!r} is already in {root}. Give another subject, or "
            "overwrite=True to replace it."
        )


def _move_in(work: Path, root: Path, subject: str) -> None:
    """Move a finished dataset, or a further subject of it, to its place."""
    if not (root / RECORD).is_file():
        if root.exists():
            root.rmdir()
        os.replace(work, root)
        return
    place = root / f"sub-{subject}"
    if place.exists():
        os.replace(place, work / "replaced")
    os.replace(work / place.name, place)
    os.replace(work / "participants.tsv", root / "participants.tsv")


def write_runs(
    work: Path,
    subject: str,
    runs: list[tuple[mne.io.RawArray, pd.DataFrame]],
    design: dict[str, Any],
) -> None:
    """Write the runs of a subject as BIDS.

    Parameters
    ----------
    work : Path
        Where the dataset is built.
    subject : str
        The subject.
    runs : list of tuple of (RawArray, DataFrame)
        Each run with its trials.
    design : dict
        What is recorded in ``code/simulation.json``.
    """
    from mne_bids import BIDSPath, make_dataset_description, write_raw_bids

    make_dataset_description(
        path=work,
        name="Simulated recording of a person who looks at pictures",
        authors=["mne-shallowalign"],
        data_license="CC0",
        generated_by=[
            dict(
                Name="mne-shallowalign",
                Version=versions()["mne-shallowalign"],
                Description=f"Simulated from {design['layer']} of {design['backbone']}",
            )
        ],
        overwrite=True,
    )
    (work / "README").write_text(_README.format(**design), encoding="utf-8")
    (work / RECORD).parent.mkdir(exist_ok=True)
    (work / RECORD).write_text(json.dumps(design, indent=2) + "\n", encoding="utf-8")
    bids_path = BIDSPath(subject=subject, task="images", datatype="eeg", root=work)
    for number, (raw, trials) in enumerate(runs, start=1):
        raw.info["line_freq"] = 50
        events = np.zeros((len(trials), 3), int)
        events[:, 0], events[:, 2] = trials["sample"], 1
        metadata = trials.assign(trial_type="image")[list(_COLUMNS)]
        write_raw_bids(
            raw,
            bids_path.copy().update(run=f"{number:02d}"),
            events=events,
            event_id={"image": 1},
            event_metadata=metadata.reset_index(drop=True),
            extra_columns_descriptions=_COLUMNS,
            format="BrainVision",
            allow_preload=True,
        )
