"""THINGS-MEG: four people, 22,248 pictures once and 200 pictures twelve times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import mne
import numpy as np
import pandas as pd
from mne.utils import logger, verbose

from ..preprocessing._picks import resolve_picks
from ._adapters import name_things_meg
from ._bids import load_bids
from ._dataset import Dataset, as_labels
from ._epochs_cache import read_epochs
from ._fetch import data_folder, fetch_files
from ._remote import RemoteFile, published_files, select

_TOP = (
    "dataset_description.json",
    "participants.*",
    "README",
    "CHANGES",
    "task-main_events.json",
)
_BLOCK = 500  # epochs that are read with all channels
_BAD_SENSOR = "MRO11-1609"  # left out by the authors, though marked as good
Kind = Literal["preprocessed", "raw"]
Labels = str | int | Sequence[str] | Sequence[int]


@verbose
def fetch_things_meg(
    subject: str | int,
    *,
    kind: Kind = "preprocessed",
    session: Labels | None = None,
    run: Labels | None = None,
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch a person of THINGS-MEG.

    Parameters
    ----------
    subject : str | int
        1 to 4, ``"P1"`` or ``"BIGMEG1"``, and so on.
    kind : "preprocessed" | "raw"
        The authors' epochs (8.3 GB in four files), or the raw CTF recording as BIDS
        (64 GB; 5.3 GB a session, 0.53 GB a run).
    session : str | int | sequence | None
        Of a raw recording, the sessions, 1 to 12. ``None``: all.
    run : str | int | sequence | None
        Of a raw recording, the runs, 1 to 10. ``None``: all.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset, ``<path>/ds004212``. The pictures are not in it, see
        :func:`fetch_things_images`.

    Raises
    ------
    ValueError
        If there is no such subject, session or run, or if the server has other files
        than those published.
    OSError
        If the disk has no room, or the server cannot be reached.

    See Also
    --------
    load_things_meg : Read what was fetched.
    """
    files = _files(subject, kind=kind, session=session, run=run)
    root = data_folder(path, THINGS_MEG.folder)
    THINGS_MEG.show_terms(root)
    fetch_files(files, root, check=check)
    return root


def _files(
    subject: str | int,
    root: Path | None = None,
    *,
    kind: Kind = "preprocessed",
    session: Labels | None = None,
    run: Labels | None = None,
) -> list[RemoteFile]:
    label = THINGS_MEG.label(_plain(subject))
    number = label.removeprefix("BIGMEG")
    if kind == "preprocessed":
        patterns = [
            f"derivatives/preprocessed/preprocessed_P{number}-epo*.fif",
            f"sourcedata/sample_attributes_P{number}.csv",
        ]
    elif kind == "raw":
        patterns = [
            f"sub-{label}/ses-{ses}/{name}"
            for ses in as_labels(session) or ["??"]
            for name in (
                "*_scans.tsv",
                *(f"meg/*_run-{r}_*" for r in as_labels(run) or ["??"]),
            )
        ]
    else:
        raise ValueError(f"kind={kind!r} must be 'preprocessed' or 'raw'.")
    files = select(published_files(THINGS_MEG.folder), patterns)
    if not any(f.path.endswith((".fif", ".meg4")) for f in files):
        raise ValueError(
            f"There is no recording with session={session!r}, run={run!r}; {label} has "
            "sessions 1 to 12 with runs 1 to 10."
        )
    return select(published_files(THINGS_MEG.folder), _TOP) + files


def _plain(subject: str | int) -> str:
    """Take "P1", the authors' other name, for "1"."""
    return str(subject).removeprefix("P")


@verbose
def load_things_meg(
    subject: str | int,
    *,
    kind: Kind = "preprocessed",
    session: Labels | None = None,
    picks: str | Sequence[str] = "data",
    exclude_test_concepts: bool = True,
    preload: bool = True,
    path: str | Path | None = None,
    verbose: bool | str | int | None = None,
    **options: Any,
) -> mne.BaseEpochs:
    """Read the trials of a person of THINGS-MEG.

    Parameters
    ----------
    subject : str | int
        1 to 4, ``"P1"`` or ``"BIGMEG1"``, and so on.
    kind : "preprocessed" | "raw"
        The authors' epochs (-0.1 to 1.3 s, 0.1 to 40 Hz, 200 Hz, z-scored against the
        baseline), or epochs cut from the raw recording.
    session : str | int | sequence | None
        The sessions, 1 to 12. ``None``: all.
    picks : str | sequence of str
        The channels, see :meth:`mne.Epochs.pick`, or ``"occipito-parietal"``, see
        :func:`~mne_shallowalign.preprocessing.pick_occipito_parietal`.
    exclude_test_concepts : bool
        Whether training trials of the 200 concepts of the test pictures are left out,
        so that 1,654 concepts with 12 pictures are for training. With ``False``, all
        1,854 are.
    preload : bool
        Whether to read the authors' epochs at once: with the default of
        ``exclude_test_concepts``, 84 sensors take 4.2 GB and all 271 take 13.5 GB. If
        not, ``picks`` must be ``"data"``. Epochs from the raw recording always are.
    path : str | Path | None
        As for :func:`fetch_things_meg`.
    %(verbose)s
    **options : dict
        With ``kind="raw"``, passed on to :func:`load_bids`: ``run``, ``tmin``,
        ``tmax``, ``baseline``, ``l_freq``, ``h_freq``, ``sfreq``, ``reject``.

    Returns
    -------
    epochs : mne.Epochs
        One per picture. The metadata has the columns ``image`` (relative to the folder
        that :func:`fetch_things_images` returns), ``concept``, ``repetition``,
        ``subject``, ``session``, ``run`` and ``split`` (the 200 pictures shown 12
        times are ``"test"``). Catch trials are left out.

    Raises
    ------
    FileNotFoundError
        If it has not been fetched.
    ValueError
        If an image number and a concept number do not belong together, or if there is
        no such session.

    Notes
    -----
    Image numbers are resolved by the official order, see :func:`things_images`. The
    sensor MRO11, which the authors left out, is left out here; a dropout of 0.2 s in
    each of two runs costs raw epochs that overlap with it.
    """
    label = THINGS_MEG.label(_plain(subject))
    root = data_folder(path, THINGS_MEG.folder)
    if kind == "raw":
        sessions = as_labels(session)
        options = {"stimuli": False, "picks": picks, **options}
        epochs = load_bids(root, label, session=sessions, datatype="meg", **options)
        if _BAD_SENSOR in epochs.ch_names:
            epochs.drop_channels(_BAD_SENSOR)
        return _leave_out(epochs, exclude_test_concepts)
    if kind != "preprocessed":
        raise ValueError(f"kind={kind!r} must be 'preprocessed' or 'raw'.")
    if options:
        raise TypeError(f"{', '.join(options)} can be given with kind='raw' only.")
    if not preload and picks != "data":
        raise ValueError(f"preload=False needs picks='data', got {picks!r}.")
    epochs = _read_preprocessed(root, label)
    if session is not None:
        epochs = _of_sessions(epochs, session)
    epochs = _leave_out(epochs, exclude_test_concepts)
    return _read_channels(epochs, picks) if preload else epochs


def _read_preprocessed(root: Path, label: str) -> mne.BaseEpochs:
    number = label.removeprefix("BIGMEG")
    place = root / f"derivatives/preprocessed/preprocessed_P{number}-epo.fif"
    if not place.is_file():
        raise FileNotFoundError(
            f"{place} is not there. Fetch it with fetch_things_meg({number}), or say "
            "with path= where the datasets are."
        )
    epochs = read_epochs(place, preload=False)
    metadata = _describe(epochs.metadata, label)
    shows = (metadata["image"] != "n/a").to_numpy()
    logger.info("%s: %d catch trials left out", place.name, (~shows).sum())
    epochs.metadata = metadata
    epochs = epochs[shows]
    counted = epochs.metadata.groupby("image").cumcount() + 1
    epochs.metadata = epochs.metadata.assign(repetition=counted)
    return epochs


def _of_sessions(epochs: mne.BaseEpochs, session: Labels) -> mne.BaseEpochs:
    there = epochs.metadata["session"]
    kept = there.isin(as_labels(session)).to_numpy()
    if not kept.any():
        raise ValueError(
            f"session={session!r} is not among those of these epochs: "
            + ", ".join(there.unique())
        )
    return epochs[kept]


def _read_channels(
    epochs: mne.BaseEpochs, picks: str | Sequence[str]
) -> mne.EpochsArray:
    """Read some channels of epochs on disk, never all channels of all epochs."""
    info = epochs[:1].load_data().pick(resolve_picks(epochs.info, picks)).info
    data = np.empty((len(epochs), len(info["ch_names"]), len(epochs.times)))
    for first in range(0, len(epochs), _BLOCK):
        block = slice(first, first + _BLOCK)
        data[block] = epochs.get_data(picks=info["ch_names"], item=block)
    return mne.EpochsArray(
        data,
        info,
        epochs.events,
        epochs.tmin,
        epochs.event_id,
        baseline=None,
        proj=False,
        metadata=epochs.metadata,
    )


def _describe(metadata: pd.DataFrame | None, label: str) -> pd.DataFrame:
    """Put the authors' table of trials in the package's words."""
    if metadata is None:
        raise ValueError(f"The epochs of sub-{label} have no metadata.")
    named = name_things_meg(
        metadata, metadata["things_image_nr"], metadata["things_category_nr"]
    )
    _check_files(named, metadata.get("image_path"))
    words = pd.DataFrame(
        {
            "image": named["stim_file"],
            "concept": named["concept"],
            "repetition": 1,
            "subject": label,
            "session": [f"{int(nr):02d}" for nr in metadata["session_nr"]],
            "run": [f"{int(nr):02d}" for nr in metadata["run_nr"]],
            "split": named["split"].fillna("n/a"),
        },
        index=metadata.index,
    )
    return words.join(metadata.drop(columns=list(words), errors="ignore"))


def _check_files(named: pd.DataFrame, image_path: pd.Series | None) -> None:
    """Compare the file names of the authors with those by number."""
    shows = named["stim_file"] != "n/a"
    if image_path is None or not shows.any():
        return
    theirs = image_path[shows].map(lambda text: PurePosixPath(text).name)
    ours = named.loc[shows, "stim_file"].map(lambda text: PurePosixPath(text).name)
    if (theirs != ours).any():
        first: Any = (theirs != ours).idxmax()
        raise ValueError(
            f"{(theirs != ours).sum()} trials name another picture than their number "
            f"does; the first is {theirs[first]} with the number of {ours[first]}."
        )


def _leave_out(epochs: mne.BaseEpochs, exclude: bool) -> mne.BaseEpochs:
    """Drop training trials whose concept is among those of the test pictures."""
    metadata = epochs.metadata
    if not exclude:
        return epochs
    test = set(_test_concepts())
    drop = (metadata["split"] == "train") & metadata["concept"].isin(test)
    logger.info("%d training trials of test concepts left out", drop.sum())
    return epochs[~drop.to_numpy()]


def _test_concepts() -> pd.Series:
    from ._things_tables import things_images

    images = things_images()
    return images.loc[images["things_meg"] == "test", "concept"]


THINGS_MEG = Dataset(
    title="THINGS-MEG",
    folder="ds004212",
    modality="MEG",
    subjects=tuple(f"BIGMEG{n}" for n in range(1, 5)),
    hours=11.6,
    size=8_255_095_633,
    licence="CC0",
    doi="10.18112/openneuro.ds004212.v3.0.0",
    citation="Hebart, M. N., Contier, O., Teichmann, L., Rockter, A. H., Zheng, C. Y., "
    "Kidder, A., Corriveau, A., Vaziri-Pashkam, M., & Baker, C. I. (2023). "
    "THINGS-data, a multimodal collection of large-scale datasets for investigating "
    "object representations in human brain and behavior. eLife, 12, e82580. "
    "https://doi.org/10.7554/eLife.82580",
    files=_files,
    fetch=fetch_things_meg,
)
