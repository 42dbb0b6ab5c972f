"""The trials of a dataset, with their repetitions averaged where that is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._folds import UNITS, default_hold_out

if TYPE_CHECKING:
    import mne


class Trials(NamedTuple):
    """The trials of a dataset, and how they came about."""

    epochs: mne.BaseEpochs
    """The trials."""
    stimuli: Path
    """Folder of the pictures."""
    by_class: bool
    """Whether only the class of each picture is known."""
    hold_out: str
    """What is held out."""
    averaged: bool
    """Whether the repetitions of a picture were averaged."""


def read_trials(
    root: Path,
    subjects: Sequence[str],
    *,
    stimuli: Path | None = None,
    hold_out: str | None = None,
    average: bool | None = None,
    loading: Mapping[str, Any] | None = None,
) -> Trials:
    """Load trials, and average them where that is allowed.

    Parameters
    ----------
    root : Path
        Root of the BIDS dataset.
    subjects : sequence of str
        Labels of the people.
    stimuli : Path | None
        Folder of the pictures. None: ``<root>/stimuli``.
    hold_out : str | None
        What will be held out. None: :func:`default_hold_out`.
    average : bool | None
        Whether to average the repetitions of a picture. None: unless a picture is a
        folder, of which no trial is a repetition of another.
    loading : mapping | None
        Arguments of :func:`mne_shallowalign.datasets.load_bids`.

    Returns
    -------
    trials : Trials
        Trials with their settings.

    Raises
    ------
    NotADirectoryError
        If there is no such folder of pictures.
    """
    if stimuli is not None and not stimuli.is_dir():
        raise NotADirectoryError(
            f"--stimuli {stimuli} is no folder. Give the one that the pictures lie in."
        )
    stimuli = root / "stimuli" if stimuli is None else stimuli
    epochs = load_trials(root, subjects, stimuli, **(loading or {}))
    by_class = has_picture_sets(epochs, stimuli)
    hold_out = hold_out or default_hold_out(epochs.metadata, by_class)
    average = not by_class if average is None else average
    if average:
        epochs = average_trials(epochs, hold_out)
    return Trials(epochs, stimuli, by_class, hold_out, average)


def load_trials(
    root: Path, subjects: Sequence[str], stimuli: Path, **options: Any
) -> mne.BaseEpochs:
    """Read the trials of one or several people.

    Parameters
    ----------
    root : Path
        Root of the BIDS dataset.
    subjects : sequence of str
        Labels of the people.
    stimuli : Path
        Folder of the pictures.
    **options : dict
        Passed on to :func:`mne_shallowalign.datasets.load_bids`.

    Returns
    -------
    epochs : mne.Epochs
        Their trials, one person after the other.

    Raises
    ------
    ValueError
        If people have different channels.
    """
    import mne

    from ..datasets import load_bids

    each = [load_bids(root, name, stimuli=stimuli, **options) for name in subjects]
    for name, epochs in zip(subjects, each, strict=True):
        if differing := set(epochs.ch_names) ^ set(each[0].ch_names):
            raise ValueError(
                f"--subject: {subjects[0]} and {name} have different channels, such as "
                f"{min(differing)}. Take one person at a time, or a protocol in "
                "Python, which picks the channels that all have."
            )
    return each[0] if len(each) == 1 else mne.concatenate_epochs(each, verbose=False)


def average_trials(epochs: mne.BaseEpochs, hold_out: str) -> mne.BaseEpochs:
    """Average the repetitions of each picture, never across what is held out.

    Parameters
    ----------
    epochs : mne.Epochs
        Single trials.
    hold_out : str
        What will be held out. Trials of different people, or of different units of
        this kind, are never averaged with one another.

    Returns
    -------
    averaged : mne.Epochs
        One trial for each picture of each unit.
    """
    from ..preprocessing import average_repetitions

    names = dict.fromkeys(("subject", *UNITS[hold_out], "image"))
    return average_repetitions(epochs, [n for n in names if n in epochs.metadata])


def has_picture_sets(epochs: mne.BaseEpochs, stimuli: Path) -> bool:
    """Tell whether a picture is a folder: a stimulus of which only the class is known.

    Parameters
    ----------
    epochs : mne.Epochs
        The trials.
    stimuli : Path
        Folder of the pictures.

    Returns
    -------
    found : bool
        Whether there is one. Its trials showed different pictures, so averaging them
        would make one trial of a whole run.
    """
    return any((stimuli / name).is_dir() for name in epochs.metadata["image"].unique())
