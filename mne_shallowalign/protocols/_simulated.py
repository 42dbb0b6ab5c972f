"""Recordings that nobody made."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets import load_bids, simulate_bids
from ..datasets._epochs_cache import epochs_folder, keep_epochs, read_kept
from ..datasets._simulated_folder import RECORD
from ..preprocessing import Preprocessing
from ._minutes import first_minutes
from ._recordings import Recordings

if TYPE_CHECKING:
    from mne import BaseEpochs

_STEPS = Preprocessing(tmin=-0.2, tmax=0.6, window=(0.0, 0.6))
_SPLITS = ("train", "test")


def simulated_recordings(
    path: str | Path, n_subjects: int = 3, **params: Any
) -> Recordings:
    """Simulate people who look at pictures, whose true layer is known.

    Parameters
    ----------
    path : path
        The root of the BIDS dataset. Subjects that are there already are not simulated
        again.
    n_subjects : int
        How many people. Default 3.
    **params
        As for :func:`~mne_shallowalign.datasets.simulate_bids`.

    Returns
    -------
    recordings : Recordings
        Averages over repetitions, from 0 to 0.6 s. The category of a concept is the
        shape that is drawn; there is none with pictures of your own.

    Raises
    ------
    ValueError
        If ``path`` holds a simulation with other parameters.
    """
    subjects = tuple(f"{n:02d}" for n in range(1, n_subjects + 1))
    root = Path(path).expanduser()
    for subject in subjects:
        _simulate(root, subject, params)
    return Recordings(
        name="simulated",
        subjects=subjects,
        load=partial(_load, root),
        load_minutes=partial(_load_minutes, root),
        image_root=root / "stimuli",
        categories=None if params.get("images") else _shapes(root / "stimuli"),
        details=(root / RECORD).read_text(encoding="utf-8"),
        is_simulated=True,
    )


def _simulate(root: Path, subject: str, params: dict[str, Any]) -> None:
    try:
        simulate_bids(root, subject=subject, **params)
    except FileExistsError:  # after other parameters were refused
        if not (root / f"sub-{subject}").is_dir():
            raise


def _shapes(stimuli: Path) -> dict[str, str]:
    concepts = sorted(folder.name for folder in stimuli.iterdir() if folder.is_dir())
    return {concept: concept.rsplit("_", 1)[-1] for concept in concepts}


def _load(root: Path, subject: str, split: str) -> BaseEpochs:
    """Read one split of what was preprocessed, or is now."""
    made = (root / f"sub-{subject}").stat().st_mtime_ns
    said = {"made": made, "preprocess": dataclasses.asdict(_STEPS)}
    folder = epochs_folder(root / "derivatives/epochs", f"sub-{subject}", said)
    assert folder is not None  # there is none without a cache alone
    if not folder.exists():
        trials = _trials(root, subject)
        parts = [trials[_is(trials, name)] for name in _SPLITS]
        keep_epochs(folder, zip(_SPLITS, _STEPS.apply(*parts), strict=True))
    return read_kept(folder, split, True)[0]


def _load_minutes(root: Path, subject: str, minutes: float) -> BaseEpochs:
    trials = _trials(root, subject)
    return _STEPS.apply(first_minutes(trials[_is(trials, "train")], minutes))[0]


def _trials(root: Path, subject: str) -> BaseEpochs:
    return load_bids(root, subject, tmin=_STEPS.tmin, tmax=_STEPS.tmax)


def _is(epochs: BaseEpochs, split: str) -> np.ndarray:
    return (epochs.metadata["split"] == split).to_numpy()
