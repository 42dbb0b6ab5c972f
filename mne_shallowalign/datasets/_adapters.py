"""Events that name their picture in a way of their own, put in the standard's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ._things_eeg2_stimuli import name_by_number
from ._things_tables import things_images

if TYPE_CHECKING:
    from mne_bids import BIDSPath


def name_pictures(trials: pd.DataFrame, path: BIDSPath) -> pd.DataFrame:
    """Give the events of a known dataset the column ``stim_file``.

    Parameters
    ----------
    trials : DataFrame
        The events of one recording: the columns of ``events.tsv``, and as
        ``trial_type`` the name that mne-bids gives them.
    path : BIDSPath
        The recording.

    Returns
    -------
    trials : DataFrame
        With ``stim_file``, and ``concept`` and ``split`` where they are known. A
        dataset is known by its columns, not by its name; others are returned as they
        are.
    """
    if "stim_file" in trials:
        return trials
    for is_it, adapt in _ADAPTERS:
        if is_it(trials, path):
            return adapt(trials, path)
    return trials


def _is_things_meg(trials: pd.DataFrame, path: BIDSPath) -> bool:
    return "things_category_nr" in trials


def _things_meg(trials: pd.DataFrame, path: BIDSPath) -> pd.DataFrame:
    """Look up image numbers; catch trials show no picture of THINGS."""
    parts = trials["trial_type"].str.extract(r"^(exp|test|catch)(?:/([\d.]+))?")
    numbers = parts[1].astype(float)
    return name_things_meg(
        trials.assign(trial_type=parts[0]), numbers, trials["things_category_nr"]
    )


def name_things_meg(
    trials: pd.DataFrame, image_nr: pd.Series, concept_nr: pd.Series
) -> pd.DataFrame:
    """Name the pictures of THINGS-MEG by their official numbers.

    Parameters
    ----------
    trials : DataFrame
        The events, with ``trial_type``: ``"exp"``, ``"test"`` or ``"catch"``.
    image_nr, concept_nr : Series
        The numbers of the picture and its concept, from 1; no number in catch trials.

    Returns
    -------
    trials : DataFrame
        With ``stim_file`` (``<concept>/<file>``, or ``"n/a"``), ``concept``, ``split``
        and ``image_nr``.

    Raises
    ------
    ValueError
        If the two numbers of an event do not belong together.
    """
    shows = trials["trial_type"].isin(["exp", "test"])
    numbers = image_nr[shows].astype(int)
    known = things_images().loc[numbers].set_index(trials.index[shows])
    wrong = known["concept_nr"] != concept_nr[shows].astype(float)
    if wrong.any():
        first = numbers[wrong].iloc[0]
        raise ValueError(
            f"{wrong.sum()} events have an image number and a concept number that do "
            f"not belong together; the first is image {first} "
            f"({known.loc[wrong, 'image'].iloc[0]})."
        )
    named = trials.assign(stim_file="n/a", concept="n/a", split="n/a", image_nr=0)
    named.loc[shows, "stim_file"] = known["image"]
    named.loc[shows, "concept"] = known["concept"]
    named.loc[shows, "image_nr"] = numbers
    named["split"] = trials["trial_type"].map({"exp": "train", "test": "test"})
    return named


def _is_things_eeg1(trials: pd.DataFrame, path: BIDSPath) -> bool:
    return {"stim", "isteststim", "object"} <= set(trials)


def _things_eeg1(trials: pd.DataFrame, path: BIDSPath) -> pd.DataFrame:
    r"""Take ``stimuli\concept\file.jpg``; the durations, in ms, are not used."""
    stim_file = trials["stim"].str.replace("\\", "/").str.removeprefix("stimuli/")
    split = trials["isteststim"].astype(float).map({0: "train", 1: "test"})
    concept = stim_file.str.split("/").str[0]  # "object" is -1 for test pictures
    return trials.assign(stim_file=stim_file, concept=concept, split=split)


def _is_things_eeg2(trials: pd.DataFrame, path: BIDSPath) -> bool:
    return {"tot_img_number", "category_name"} <= set(trials)


def _things_eeg2(trials: pd.DataFrame, path: BIDSPath) -> pd.DataFrame:
    """Name pictures by number, and as BEP044 does where only such a file is there."""
    kinds = trials["trial_type"].str.split("/").str[0]
    named = name_by_number(trials.assign(trial_type=kinds), Path(path.root), path.task)
    stimuli = Path(path.root) / "stimuli"
    names = named["stim_file"].unique()
    unpacked = named["stim_file"].map({n: (stimuli / n).exists() for n in names})
    names = named["stimulus"].unique()
    renamed = named["stimulus"].map({n: (stimuli / n).exists() for n in names})
    stim_file = named["stim_file"].where(unpacked | ~renamed, named["stimulus"])
    return named.assign(stim_file=stim_file).drop(columns="stimulus")


def nod_events(root: Path, subject: str) -> Path:
    """Say where the table of all trials of a subject of NOD is."""
    return root / "derivatives" / "detailed_events" / f"sub-{subject}_events.csv"


def _is_nod(trials: pd.DataFrame, path: BIDSPath) -> bool:
    return nod_events(Path(path.root), path.subject).is_file()


def _nod(trials: pd.DataFrame, path: BIDSPath) -> pd.DataFrame:
    """Join the n-th picture of a run with its n-th row in the table of all trials."""
    table = nod_events(Path(path.root), path.subject)
    details = pd.read_csv(table)
    this = (details["session"] == path.session) & (details["run"] == int(path.run))
    details = details[this]
    shows = trials["trial_type"].str.split("/").str[0] == "stim_on"
    if len(details) != shows.sum():
        raise ValueError(
            f"{path.basename} shows {shows.sum()} pictures, and {table} lists "
            f"{len(details)} for it."
        )
    named = nod_pictures(details.set_index(trials.index[shows]))
    trials = trials.drop(columns=named.columns, errors="ignore").join(named)
    return trials.assign(stim_file=trials["stim_file"].fillna("n/a"))


def nod_pictures(details: pd.DataFrame) -> pd.DataFrame:
    """Name the pictures of NOD.

    Parameters
    ----------
    details : DataFrame
        Trials with ``image_id``, such as ``"n01440764_10026"``.

    Returns
    -------
    details : DataFrame
        With ``stim_file`` below ``stimuli``, and as ``concept`` the ImageNet class.
        ``session``, ``run`` and ``subject``, which are numbers here, are left out.

    Raises
    ------
    ValueError
        If there is no column ``image_id``.
    """
    if "image_id" not in details:
        raise ValueError(
            "The trials of NOD have no column image_id; they have: "
            + ", ".join(map(str, details))
        )
    names = details["image_id"].astype(str).str.removesuffix(".JPEG")
    return details.drop(columns=["subject", "session", "run"], errors="ignore").assign(
        stim_file="ImageNet/" + names + ".JPEG", concept=names.str.split("_").str[0]
    )


_Test = Callable[[pd.DataFrame, "BIDSPath"], bool]
_Adapter = Callable[[pd.DataFrame, "BIDSPath"], pd.DataFrame]
_ADAPTERS: list[tuple[_Test, _Adapter]] = [
    (_is_things_meg, _things_meg),
    (_is_things_eeg1, _things_eeg1),
    (_is_things_eeg2, _things_eeg2),
    (_is_nod, _nod),
]
