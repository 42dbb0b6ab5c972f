"""The trials of a dataset, with their repetitions averaged where that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._folds import UNITS

if TYPE_CHECKING:
    import mne


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
    """
    import mne

    from ..datasets import load_bids

    each = [load_bids(root, name, stimuli=stimuli, **options) for name in subjects]
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
