"""What THINGS-EEG2 showed: images, targets and presentations beyond the plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from sklearn.utils import shuffle

from ._things_eeg2_pickle import read_pickle

TARGET = 99999
#: The authors' names of the two recordings of a session, and the published split.
PARTS = {"train": "training", "test": "test"}
_REPETITIONS = {"train": 2, "test": 20}  # of each image within a session
_SEED = 20200220
_SEQUENCE_GAP = 0.5  # s; within a sequence pictures follow each other after 0.2 s


def read_images(fname: str | Path, split: str) -> pd.DataFrame:
    """Read which image and concept each condition number stands for.

    Parameters
    ----------
    fname : str | Path
        The authors' ``image_metadata.npy``.
    split : "train" | "test"
        Which images.

    Returns
    -------
    images : DataFrame
        Indexed by the condition number, from 1, with the columns ``stim_file`` and
        ``concept``. Concepts go by name: the authors' numbers are not those of THINGS.

    Raises
    ------
    ValueError
        If the file is not what it should be.
    """
    contents = read_pickle(Path(fname))
    keys = [f"{split}_img_concepts", f"{split}_img_files"]
    if not set(keys) <= set(contents) or len({len(contents[k]) for k in keys}) > 1:
        raise ValueError(
            f"{fname} is not the image_metadata.npy of THINGS-EEG2: expected the lists "
            f"{keys}, equally long; it has {sorted(contents)}."
        )
    folders, files = (pd.Series(contents[key], dtype=str) for key in keys)
    images = pd.DataFrame(
        dict(
            stim_file=f"{PARTS[split]}_images/" + folders + "/" + files,
            concept=folders.str.split("_", n=1).str[1],
        )
    )
    return images.set_axis(range(1, len(images) + 1))


def find_presentations(
    raw: mne.io.BaseRaw, images: pd.DataFrame, split: str
) -> pd.DataFrame:
    """List what the stimulus channel says was shown.

    Parameters
    ----------
    raw : mne.io.Raw
        A recording in the authors' format.
    images : DataFrame
        What :func:`read_images` returns.
    split : "train" | "test"
        Which images were shown.

    Returns
    -------
    presentations : DataFrame
        One row per onset: ``sample``, ``trial_type`` ("image" or "target"),
        ``stim_file`` and ``concept`` ("n/a" for targets), ``condition`` (the value of
        the stimulus channel), ``sequence`` (counts the streams of pictures, whose
        epochs overlap) and ``surplus`` (1 for presentations that the authors leave
        out, else 0).

    Raises
    ------
    ValueError
        If a condition is not among the images.
    """
    events = mne.find_events(raw, "stim", shortest_event=1)
    condition = events[:, 2]
    unknown = np.setdiff1d(condition, [TARGET, *images.index])
    if len(unknown):
        raise ValueError(
            f"{raw.filenames[0]}: the stimulus channel has the values {unknown[:5]}, "
            f"which are no images: those are numbered 1 to {len(images)} in the "
            "image metadata. Do the two belong together?"
        )
    shown = images.reindex(condition).fillna("n/a").reset_index(drop=True)
    samples = events[:, 0] - raw.first_samp
    return shown.join(count_presentations(samples, condition, raw.info["sfreq"], split))


def count_presentations(
    samples: np.ndarray, condition: np.ndarray, sfreq: float, split: str
) -> pd.DataFrame:
    """Tell targets from images, and count streams and presentations beyond the plan.

    Parameters
    ----------
    samples : array of int, shape (n_presentations,)
        The onsets of a session, ascending.
    condition : array of int, shape (n_presentations,)
        The number of the image, or 99999: the target.
    sfreq : float
        The sampling frequency in Hz.
    split : "train" | "test"
        Which images were shown.

    Returns
    -------
    presentations : DataFrame
        ``sample``, ``trial_type``, ``condition``, ``sequence`` and ``surplus``, as
        :func:`find_presentations` documents them.
    """
    gaps = np.diff(samples, prepend=samples[:1]) / sfreq
    return pd.DataFrame(
        dict(
            sample=samples,
            trial_type=np.where(condition == TARGET, "target", "image"),
            condition=condition,
            sequence=1 + np.cumsum(gaps > _SEQUENCE_GAP),
            surplus=_surplus(condition, _REPETITIONS[split]),
        )
    )


def _surplus(condition: Sequence[int] | np.ndarray, n_kept: int) -> np.ndarray:
    """Mark what the authors leave out: all but a random subset, the same each time."""
    table = pd.DataFrame(dict(condition=condition))
    by_condition = table.groupby("condition")["condition"]
    occurrence, counts = by_condition.cumcount(), by_condition.transform("size")
    too_many = (counts > n_kept) & (table["condition"] != TARGET)
    surplus = np.zeros(len(table), int)
    for count in counts[too_many].unique():
        kept = shuffle(np.arange(count), random_state=_SEED, n_samples=n_kept)
        surplus[too_many & (counts == count) & ~occurrence.isin(kept)] = 1
    return surplus
