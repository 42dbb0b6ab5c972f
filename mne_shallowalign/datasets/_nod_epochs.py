"""The epochs that the authors of NOD publish, in the package's words."""

from __future__ import annotations

from pathlib import Path

import mne
import pandas as pd
from mne.utils import verbose

from ._adapters import nod_pictures
from ._dataset import Dataset, as_labels
from ._epochs_cache import read_epochs
from ._fetch import data_folder
from ._nod import NOD_EEG, NOD_MEG, Labels


@verbose
def load_nod_eeg(
    subject: str | int,
    *,
    session: Labels | None = None,
    path: str | Path | None = None,
    preload: bool = True,
    verbose: bool | str | int | None = None,
) -> mne.BaseEpochs:
    """Read the authors' epochs of a person of NOD-EEG.

    Parameters
    ----------
    subject : str | int
        The label of the subject.
    session : str | int | sequence | None
        The sessions: ``"ImageNet01"`` or 1, and so on. ``None``: all.
    path : str | Path | None
        As for :func:`fetch_nod_eeg`.
    preload : bool
        Whether to read the signal at once.
    %(verbose)s

    Returns
    -------
    epochs : mne.Epochs
        One per picture. The metadata has the columns ``image`` (relative to
        ``stimuli``), ``concept`` (the class of ImageNet), ``repetition``, ``subject``,
        ``session``, ``run`` and ``split``, then those of the authors.

    Raises
    ------
    FileNotFoundError
        If the epochs have not been fetched.

    Notes
    -----
    NOD publishes no split, so ``split`` is ``"train"`` throughout: hold out concepts,
    of which there are 1,000, with 2 or 4 pictures each.
    """
    return _load(NOD_EEG, subject, session, path, preload)


@verbose
def load_nod_meg(
    subject: str | int,
    *,
    session: Labels | None = None,
    path: str | Path | None = None,
    preload: bool = True,
    verbose: bool | str | int | None = None,
) -> mne.BaseEpochs:
    """Read the authors' epochs of a person of NOD-MEG.

    Parameters
    ----------
    subject : str | int
        The label of the subject.
    session : str | int | sequence | None
        The sessions: ``"ImageNet01"`` or 1, and so on. ``None``: all.
    path : str | Path | None
        As for :func:`fetch_nod_meg`.
    preload : bool
        Whether to read the signal at once.
    %(verbose)s

    Returns
    -------
    epochs : mne.Epochs
        One per picture, with the metadata of :func:`load_nod_eeg`.

    Raises
    ------
    FileNotFoundError
        If the epochs have not been fetched.
    """
    return _load(NOD_MEG, subject, session, path, preload)


def _load(
    dataset: Dataset,
    subject: str | int,
    session: Labels | None,
    path: str | Path | None,
    preload: bool,
) -> mne.BaseEpochs:
    label, modality = dataset.label(subject), dataset.modality.lower()
    folder = data_folder(path, dataset.folder) / "derivatives/preprocessed/epochs"
    place = folder / f"sub-{label}_{modality}_epo.fif"
    if not place.is_file():
        raise FileNotFoundError(
            f"{place} is not there. Fetch it with fetch_nod_{modality}({label!r}), or "
            "say with path= where the datasets are."
        )
    epochs = read_epochs(place, preload=False)
    epochs.metadata = _describe(epochs.metadata, label)
    sessions = as_labels(session)
    if sessions is not None:
        wanted = [f"ImageNet{s.removeprefix('ImageNet')}" for s in sessions]
        kept = epochs.metadata["session"].isin(wanted).to_numpy()
        if not kept.any():
            there = ", ".join(epochs.metadata["session"].unique())
            raise ValueError(f"session={session!r} is not in {place}; it has: {there}")
        epochs = epochs[kept]
    return epochs.load_data() if preload else epochs


def _describe(metadata: pd.DataFrame | None, label: str) -> pd.DataFrame:
    """Put the metadata of the authors in the package's words."""
    if metadata is None:
        raise ValueError(f"The epochs of sub-{label} have no metadata.")
    details = nod_pictures(metadata).rename(columns={"stim_file": "image"})
    words = pd.DataFrame(
        {
            "image": details.pop("image"),
            "concept": details.pop("concept"),
            "repetition": 1,
            "subject": label,
            "session": metadata["session"].astype(str),
            "run": [str(run).zfill(2) for run in metadata["run"]],
            "split": "train",
        }
    )
    words["repetition"] += words.groupby("image").cumcount()
    return words.join(details)
