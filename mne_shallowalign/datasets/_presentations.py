"""The pictures that a recording shows: its events, described in the package's words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mne
import numpy as np
import pandas as pd
from mne.utils import logger

from ._adapters import name_pictures
from ._stimuli import locate_stimuli, tidy_name

if TYPE_CHECKING:
    from mne_bids import BIDSPath

_CONCEPT_COLUMNS = ("concept", "object", "category")
_WORDS = ["image", "concept", "repetition", "subject", "session", "run", "split"]


def presentations(raw: mne.io.BaseRaw, path: BIDSPath) -> pd.DataFrame:
    """List the events of one recording that show a picture.

    They are taken off the annotations of ``raw``, where a name like "bad_hair_day"
    would make MNE reject the epoch.

    Parameters
    ----------
    raw : mne.io.Raw
        The recording, as :func:`mne_bids.read_raw_bids` reads it.
    path : BIDSPath
        Where it comes from.

    Returns
    -------
    trials : DataFrame
        One row per presentation, with the ``sample`` of its onset and the columns of
        ``events.tsv``.

    Raises
    ------
    ValueError
        If two of them are on one sample.
    """
    annotations = raw.annotations
    trials = pd.DataFrame(list(annotations.extras), index=range(len(annotations)))
    trials = name_pictures(trials.assign(trial_type=annotations.description), path)
    stim_files = trials.get("stim_file", pd.Series("n/a", trials.index))
    stim_files = stim_files.fillna("n/a").astype(str).str.strip()
    shown = ~stim_files.isin(["", "n/a"]).to_numpy()
    trials = trials[shown].assign(stim_file=stim_files[shown])
    events, _ = mne.events_from_annotations(raw, lambda _: 1, regexp=None)
    # In place: to set them anew would shift those of a recording without a date.
    annotations.delete(np.flatnonzero(shown))
    logger.info(
        "%s: %d pictures; %d events that show none left out",
        path.basename,
        shown.sum(),
        (~shown).sum(),
    )
    sample = events[shown, 0]
    onset = (sample - raw.first_samp) / raw.info["sfreq"]
    trials = trials.assign(sample=sample, onset=onset)
    _check_onsets(trials, raw, path)
    return trials.assign(
        subject=path.subject,
        session=path.session or "n/a",
        run=path.run or "n/a",
        split=_split(trials, path.task),
    )


def _check_onsets(trials: pd.DataFrame, raw: mne.io.BaseRaw, path: BIDSPath) -> None:
    repeated = trials[trials["sample"].duplicated(keep=False)]
    listed = [
        f"{(sample - raw.first_samp) / raw.info['sfreq']:g} s: {', '.join(names)}"
        for sample, names in repeated.groupby("sample")["stim_file"]
    ]
    if listed:
        raise ValueError(
            f"{path.basename}: {len(listed)} samples have more than one event with a "
            f"stim_file ({'; '.join(listed[:5])}). Leave one of each in events.tsv, "
            "or correct the onsets."
        )


def _split(trials: pd.DataFrame, task: str | None) -> pd.Series | str:
    if "split" in trials:
        return trials["split"].astype(str)
    return task if task in ("train", "test") else "train"


def describe(
    recordings: Sequence[pd.DataFrame],
    root: Path,
    stimuli: str | Path | Literal[False],
) -> list[pd.DataFrame]:
    """Say of every presentation which image, concept and repetition it is.

    Parameters
    ----------
    recordings : sequence of DataFrame
        The presentations of each recording.
    root : Path
        The root of the dataset.
    stimuli : str | Path | False
        The folder of the pictures. ``False``: they are not looked for.

    Returns
    -------
    recordings : list of DataFrame
        The same, with the metadata that :func:`load_bids` documents.

    Raises
    ------
    FileNotFoundError
        If pictures are missing.
    ValueError
        If there is no presentation at all, or if an image has two concepts.
    """
    # Those without a picture have other columns, which would turn integers to floats.
    shown = {i: trials for i, trials in enumerate(recordings) if len(trials)}
    if not shown:
        raise ValueError(
            "No event names a picture: events.tsv needs a column stim_file, with paths "
            f"relative to {stimuli or 'the folder of the pictures'}."
        )
    trials = pd.concat(shown)
    names = trials["stim_file"].unique()
    if stimuli is False:
        images = {name: tidy_name(name) for name in names}
    else:
        images = locate_stimuli(names, root, Path(stimuli))
    trials["image"] = trials["stim_file"].map(images)
    trials["concept"] = _concepts(trials, stimuli)
    trials["repetition"] = trials.groupby("image").cumcount() + 1
    others = [column for column in trials if column not in _WORDS]
    trials = trials[_WORDS + others]
    return [
        trials[trials.index.get_level_values(0) == i].reset_index(drop=True)
        for i in range(len(recordings))
    ]


def _concepts(trials: pd.DataFrame, stimuli: str | Path | Literal[False]) -> pd.Series:
    """Take the concept from the events, else from the folder of the picture."""
    for column in _CONCEPT_COLUMNS:
        if column in trials:
            concepts = trials[column].astype(str)
            break
    else:
        folders = {image: _folder(image, stimuli) for image in trials["image"].unique()}
        concepts = trials["image"].map(folders)
    n_concepts = concepts.groupby(trials["image"]).nunique()
    torn = n_concepts.index[n_concepts > 1]
    if len(torn):
        listed = [
            f"{i}: {sorted(set(concepts[trials['image'] == i]))}" for i in torn[:5]
        ]
        raise ValueError(
            f"{len(torn)} images have more than one concept: " + "; ".join(listed)
        )
    return concepts


def _folder(image: str, stimuli: str | Path | Literal[False]) -> str:
    path = Path(image)
    if stimuli is not False and (Path(stimuli) / path).is_dir():
        return path.name
    return path.parent.name or path.stem
