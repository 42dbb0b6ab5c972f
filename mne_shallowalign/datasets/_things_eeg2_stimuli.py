"""The pictures of the BIDS edition of THINGS-EEG2 on NEMAR: numbers and names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ._things_eeg2_events import TARGET

_COLUMNS = ["stimulus_id", "description", "filename"]
_ORIGINAL = r'original filename "+([^"]+)"'


def stimuli_table(root: Path) -> Path:
    """Say where the table of all pictures is.

    Parameters
    ----------
    root : Path
        The root of the edition.

    Returns
    -------
    fname : Path
        ``stimuli/stimuli.tsv``, as BIDS extension proposal 44 has it.
    """
    return root / "stimuli" / "stimuli.tsv"


def read_stimuli(root: Path, split: str) -> pd.DataFrame:
    """Read which picture each number stands for.

    Parameters
    ----------
    root : Path
        The root of the edition.
    split : "train" | "test"
        Which pictures.

    Returns
    -------
    images : DataFrame
        Indexed by the number, from 1, which is part of ``stimulus_id``, with the
        columns ``stim_file`` (the picture as its authors and the archives name it),
        ``concept`` and ``stimulus`` (the same picture as the edition names it).

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it is not what it should be.
    """
    table = stimuli_table(root)
    if not table.is_file():
        raise FileNotFoundError(
            f"{table} is missing, which names the pictures of this edition. "
            "mne_shallowalign.datasets.fetch_nemar('nm000232', "
            "include='stimuli/stimuli.tsv') fetches it."
        )
    stimuli = pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False)
    if not set(_COLUMNS) <= set(stimuli):
        raise ValueError(f"{table} has {list(stimuli)}; expected {_COLUMNS}.")
    number = stimuli["stimulus_id"].str.extract(rf"^stim-{split}(\d+)$")[0]
    stimuli = stimuli[number.notna()].set_index(number.dropna().astype(int))
    folder = stimuli["filename"].str.rpartition("/")[0]
    images = pd.DataFrame(
        dict(
            stim_file=folder + "/" + stimuli["description"].str.extract(_ORIGINAL)[0],
            concept=_without_number(folder.str.rpartition("/")[2]),
            stimulus=stimuli["filename"],
        )
    )
    wrong = images.isna().any(axis=1) | images.index.duplicated()
    if wrong.any():
        listed = ", ".join(stimuli.loc[wrong.to_numpy(), "stimulus_id"].iloc[:5])
        raise ValueError(
            f"{table}: {wrong.sum()} pictures are there twice, or have no original "
            f"filename in their description or no folder with a concept: {listed}."
        )
    return images


def name_by_number(trials: pd.DataFrame, root: Path, split: str | None) -> pd.DataFrame:
    """Name the pictures that a recording of the edition shows.

    Parameters
    ----------
    trials : DataFrame
        Its events: ``trial_type`` (only ``"image"`` shows a picture),
        ``tot_img_number`` and ``category_name``.
    root : Path
        The root of the edition.
    split : str | None
        The task of the recording, ``"train"`` or ``"test"``.

    Returns
    -------
    trials : DataFrame
        With ``stim_file``, ``stimulus`` and ``concept``, see :func:`read_stimuli`,
        ``"n/a"`` where there is no picture; and ``condition``, the number, in place of
        ``tot_img_number``: 99999 where there is none.

    Raises
    ------
    FileNotFoundError
        If there is no table of the pictures.
    ValueError
        If a number is not in it, or stands for another concept than the event names.
    """
    named = trials.drop(columns="tot_img_number").assign(
        stim_file="n/a", stimulus="n/a", concept="n/a", condition=TARGET
    )
    shows = trials["trial_type"] == "image"
    if not shows.any():
        return named
    images = read_stimuli(root, str(split))
    numbers = pd.to_numeric(trials.loc[shows, "tot_img_number"], errors="coerce")
    unknown = numbers[~numbers.isin(images.index)]
    if len(unknown):
        raise ValueError(
            f"{len(unknown)} events of task-{split} show pictures that are not in "
            f"{stimuli_table(root)}, as number "
            f"{trials.loc[unknown.index[0], 'tot_img_number']}."
        )
    known = images.loc[numbers.astype(int)].set_index(numbers.index)
    concept = _without_number(trials.loc[shows, "category_name"].astype(str))
    wrong = known["concept"] != concept
    if wrong.any():
        first: Any = wrong.idxmax()
        raise ValueError(
            f"{wrong.sum()} events of task-{split} and {stimuli_table(root)} disagree; "
            f"the first is picture {numbers[first]:.0f}, {concept[first]!r} in the "
            f"events and {known.loc[first, 'concept']!r} in the table. Are they of one "
            "version?"
        )
    named.loc[shows, known.columns] = known
    named.loc[shows, "condition"] = numbers.astype(int)
    return named


def _without_number(names: pd.Series) -> pd.Series:
    """Take the number off 01175_roller_coaster: concepts go by name."""
    return names.str.split("_", n=1).str[1]
