"""What a fit is given: trials, their pictures and their concepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger, use_log_level

from .._checks import refuse_missing
from ..preprocessing._picks import resolve_picks

if TYPE_CHECKING:
    from mne import BaseEpochs

    from ._plan import Job

COLUMNS = ("image", "concept")


@dataclass(frozen=True)
class Trials:
    """Epochs of one or several people, and what they saw.

    Parameters
    ----------
    parts : list of Epochs
        One for each subject, with the same channels.
    image_root : Path | None
        What the paths of the pictures start from.
    """

    parts: list[BaseEpochs]
    image_root: Path | None

    @property
    def X(self) -> BaseEpochs | list[BaseEpochs]:
        """The signals, as a decoder takes them."""
        return self.parts[0] if len(self.parts) == 1 else self.parts

    @cached_property
    def images(self) -> list[str]:
        """The picture of every trial."""
        return self._column("image")

    @cached_property
    def concepts(self) -> list[str]:
        """The concept of every trial."""
        return self._column("concept")

    @cached_property
    def image_ids(self) -> np.ndarray:
        """What the picture of every trial is by its content."""
        from ..features import open_images

        pictures = open_images(self.images, self.image_root, verify=False)
        return np.array(pictures.ids)[pictures.index]

    def __len__(self) -> int:
        """Count the trials."""
        return sum(map(len, self.parts))

    def _column(self, name: str) -> list[str]:
        return [str(one) for part in self.parts for one in part.metadata[name]]

    def shared_with(self, other: Trials) -> np.ndarray:
        """Tell which trials show a picture, or a concept, that others show too.

        Parameters
        ----------
        other : Trials
            Other trials.

        Returns
        -------
        shared : array of bool, shape (n_trials,)
            True for these.
        """
        same_concept = np.isin(self.concepts, other.concepts)
        return same_concept | np.isin(self.image_ids, other.image_ids)

    def keep(self, mask: np.ndarray) -> Trials:
        """Leave out trials.

        Parameters
        ----------
        mask : array of bool, shape (n_trials,)
            Which to keep.

        Returns
        -------
        trials : Trials
            The others are gone.
        """
        ends = np.cumsum([len(part) for part in self.parts])[:-1]
        masks = np.split(mask, ends)
        kept = [part[one] for part, one in zip(self.parts, masks, strict=True)]
        return Trials([part for part in kept if len(part)], self.image_root)


def load_training(job: Job) -> Trials:
    """Load what a fit learns from.

    Parameters
    ----------
    job : Job
        The fit.

    Returns
    -------
    trials : Trials
        The training trials of all that it learns from, with the channels of its recipe
        that all of them have.

    Raises
    ------
    ValueError
        If metadata are missing, or nothing is left.
    """
    parts = [
        _pick(_load(job, subject, "train"), job.recipe.picks)
        for subject in job.case.train_subjects
    ]
    trials = Trials(_same_channels(parts), job.recordings.image_root)
    return trials if job.protocol.overlap == "refuse" else _drop(trials, job)


def load_calibration(job: Job) -> Trials:
    """Load the first minutes of the training recording of the person.

    Parameters
    ----------
    job : Job
        The fit; its case has minutes.

    Returns
    -------
    trials : Trials
        All channels, of which a fitted decoder takes those it knows.
    """
    load, case = job.recordings.load_minutes, job.case
    if load is None or case.minutes is None:
        raise ValueError(f"{job.recordings.name!r} has no minutes to adapt to.")
    with use_log_level("warning"):
        epochs = load(case.subject, case.minutes)
    trials = Trials([_checked(epochs, job)], job.recordings.image_root)
    return trials if job.protocol.overlap == "refuse" else _drop(trials, job)


def load_test(job: Job) -> Trials:
    """Load what a fit is tested on.

    Parameters
    ----------
    job : Job
        The fit.

    Returns
    -------
    trials : Trials
        All channels, of which a fitted decoder takes those it knows.
    """
    epochs = _load(job, job.case.subject, "test")
    return Trials([epochs], job.recordings.image_root)


def refuse_overlap(train: Trials, test: Trials, job: Job) -> None:
    """Refuse to test on what was learned from.

    Parameters
    ----------
    train, test : Trials
        The trials.
    job : Job
        The fit.

    Raises
    ------
    ValueError
        If a picture or a concept is in both.
    """
    shared = train.shared_with(test)
    if not shared.any():
        return
    concepts = sorted(set(np.array(train.concepts)[shared]))
    raise ValueError(
        f"{shared.sum()} of {len(train)} training trials of {job.recordings.name!r} "
        f"show a concept or a picture of the test set of {job.case.subject!r}: "
        f"{', '.join(concepts[:5])}. A score would measure recognition of what is "
        "known. Split by concept, or leave these trials out with overlap='drop'."
    )


def _drop(trials: Trials, job: Job) -> Trials:
    shared = trials.shared_with(load_test(job))
    if shared.all():
        raise ValueError(
            f"overlap='drop' leaves no training trial of {job.recordings.name!r}: all "
            f"show concepts or pictures of the test set of {job.case.subject!r}."
        )
    logger.info("%d training trials of test concepts left out", shared.sum())
    return trials.keep(~shared) if shared.any() else trials


def _load(job: Job, subject: str, split: str) -> BaseEpochs:
    with use_log_level("warning"):  # what is said of every file would drown the rest
        epochs = job.recordings.load(subject, split)
    return _checked(epochs, job)


def _checked(epochs: BaseEpochs, job: Job) -> BaseEpochs:
    metadata: Any = epochs.metadata if epochs.metadata is not None else ()
    missing = [name for name in COLUMNS if name not in metadata]
    if missing:
        raise ValueError(
            f"The epochs of {job.recordings.name!r} have no metadata column "
            f"{', '.join(map(repr, missing))}: protocols need the image and the "
            "concept of every trial."
        )
    for name in COLUMNS:
        what = f"The metadata column {name!r} of {job.recordings.name!r}"
        refuse_missing(metadata[name], what)
    return epochs


def _pick(epochs: BaseEpochs, picks: str | Sequence[str]) -> BaseEpochs:
    resolved = resolve_picks(epochs.info, picks)
    if not isinstance(resolved, str) and list(resolved) == epochs.ch_names:
        return epochs
    return epochs.copy().pick(resolved)


def _same_channels(parts: list[BaseEpochs]) -> list[BaseEpochs]:
    """Keep the channels that everybody has."""
    good = [set(part.ch_names) - set(part.info["bads"]) for part in parts]
    names = [name for name in parts[0].ch_names if name in set.intersection(*good)]
    if not names:
        raise ValueError(
            "The training subjects have no good channel in common. Interpolate bad "
            "channels, or choose others with picks."
        )
    return [
        part if part.ch_names == names else part.copy().pick(names) for part in parts
    ]
