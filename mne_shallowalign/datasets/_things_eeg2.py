"""THINGS-EEG2 as Epochs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mne
from mne.utils import verbose

from ..preprocessing import Preprocessing, paper
from ._dataset import as_labels
from ._epochs_cache import epochs_folder, keep_epochs, read_kept
from ._fetch_things_eeg2 import Labels
from ._things_eeg2_events import PARTS
from ._things_eeg2_files import as_label, find_files, find_image_metadata
from ._things_eeg2_sessions import Sessions, open_sessions
from ._things_eeg2_stimuli import stimuli_table
from ._things_eeg2_stream import make_epochs

REPETITIONS = ("published", "all")


@verbose
def load_things_eeg2(
    subject: int | str = 8,
    *,
    split: str = "train",
    session: Labels | None = None,
    path: str | Path | None = None,
    image_metadata: str | Path | None = None,
    preprocess: Preprocessing | None = None,
    average: bool | None = None,
    picks: str | Sequence[str] | None = None,
    repetitions: str = "published",
    preload: bool = True,
    cache_dir: str | Path | bool | None = None,
    verbose: bool | str | int | None = None,
) -> mne.BaseEpochs:
    """Load one subject of THINGS-EEG2, preprocessed.

    Parameters
    ----------
    subject : int | str
        The number of the subject, 1 to 10.
    split : "train" | "test"
        The 16,540 pictures of 1,654 concepts for training, or the 200 pictures of 200
        other concepts for the test.
    session : str | int | sequence | None
        The sessions, 1 to 4. ``None``: all that are there.
    path : str | Path | None
        Where the recordings are: the folder of the authors' files, with ``sub-08`` in
        it or of the subject itself, or the root of what :func:`convert_things_eeg2`
        wrote or of the edition on NEMAR (:func:`fetch_things_eeg2`). ``None``: the
        authors' files in MNE's data folder, fetched if need be.
    image_metadata : str | Path | None
        The authors' ``image_metadata.npy``. ``None``: in ``path`` or above, else
        fetched. BIDS needs none.
    preprocess : Preprocessing | None
        The steps. ``None``: those of the paper,
        :func:`~mne_shallowalign.preprocessing.paper`.
    average : bool | None
        Whether repetitions are averaged. ``None``: as ``preprocess`` says.
    picks : str | sequence of str | None
        The channels. ``None``: as ``preprocess`` says, which in the paper is
        ``"occipito-parietal"``: 17 channels.
    repetitions : "published" | "all"
        Which presentations are used. ``"published"``: in each session 2 of every
        training picture and 20 of every test picture, drawn as the authors and all
        who follow them draw them. ``"all"``: also the 170 and 56 that are left over.
    preload : bool
        Whether the data is in memory. If not, it is read from the cache when needed.
    cache_dir : str | Path | bool | None
        Where the preprocessed epochs are kept: 281 MB for the averages of one subject.
        ``None``: ``mne-shallowalign/epochs`` in MNE's data folder; ``False``: nowhere.
    %(verbose)s

    Returns
    -------
    epochs : mne.Epochs
        The metadata has ``image``, ``concept``, ``subject``, ``split``, ``condition``
        (the authors' number of the image) and, for averages, ``n_repetitions``; for
        single trials ``repetition`` (counts the presentations of the image over
        sessions, surplus ones included), ``session``, ``sequence`` and ``onset`` (when
        the picture appeared, in seconds from the start of the recording). Averages are
        in the order of ``condition``, single trials in that of presentation.

    Raises
    ------
    FileNotFoundError
        If recordings are missing.
    ValueError
        If a parameter is not understood, a file is not what it should be, or single
        trials of several sessions shall stay on disk.

    See Also
    --------
    convert_things_eeg2 : Convert the authors' files to BIDS.

    Notes
    -----
    What is fitted (whitening) is fitted on the single training trials of each session,
    for both splits. One session at a time is in memory, as float32 epochs (1 GB); the
    epochs that are returned are float64, as always in MNE: 0.6 GB for the averages.
    """
    label = as_label(subject)
    overridden = {"average": average, "picks": picks}
    preprocess = (preprocess or paper("things-eeg2")).replace(
        **{name: value for name, value in overridden.items() if value is not None}
    )
    _check(split, repetitions, preload, cache_dir)
    sessions = as_labels(session)
    parameters = dict(
        recordings=_describe(path, label, sessions, image_metadata),
        preprocess=dataclasses.asdict(preprocess),
        repetitions=repetitions,
    )
    folder = epochs_folder(cache_dir, f"things-eeg2/sub-{label}", parameters)
    if folder is not None and folder.exists():
        return _joined(read_kept(folder, split, preload))
    opened = _open(path, label, sessions, image_metadata, repetitions)
    made = make_epochs(opened, preprocess)
    if folder is None:
        return _joined([epochs for part, epochs in made if part == split])
    keep_epochs(folder, made)
    return _joined(read_kept(folder, split, preload))


def _describe(
    path: str | Path | None,
    label: str,
    sessions: Sequence[str] | None,
    image_metadata: str | Path | None,
) -> list[Any]:
    """Say which recordings are meant; the published ones need not be there any more."""
    if path is None:
        return [label, sessions, image_metadata]
    found = find_files(Path(path), label, sessions)
    recordings = [f for of in found.values() for runs in of.values() for f in runs]
    files = [f for r in recordings for f in sorted(_with_sidecars(r))]
    files += filter(Path.is_file, [stimuli_table(Path(path))])
    stats = [(str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    return [label, sessions, image_metadata, stats]


def _with_sidecars(recording: Path) -> list[Path]:
    if recording.suffix == ".npy":
        return [recording]
    own = recording.name.removesuffix(f"eeg{recording.suffix}")
    return list(recording.parent.glob(f"{own}*"))


def _open(
    path: str | Path | None,
    label: str,
    sessions: Sequence[str] | None,
    image_metadata: str | Path | None,
    repetitions: str,
) -> Sessions:
    from mne_shallowalign import datasets

    if path is None:
        path = datasets.fetch_things_eeg2(int(label), session=sessions)
    where = Path(path)
    files = find_files(where, label, sessions)
    (first, *_), *_ = next(iter(files.values())).values()
    is_bids = first.suffix != ".npy"
    metadata = None if is_bids else find_image_metadata(where, image_metadata)
    return open_sessions(files, label, metadata, repetitions)


def _check(
    split: str, repetitions: str, preload: bool, cache_dir: str | Path | bool | None
) -> None:
    for name, value, known in (
        ("split", split, tuple(PARTS)),
        ("repetitions", repetitions, REPETITIONS),
    ):
        if value not in known:
            raise ValueError(f"{name}={value!r} must be one of {known}.")
    if not preload and cache_dir is False:
        raise ValueError("preload=False needs a cache: cache_dir=False has none.")


def _joined(parts: list[mne.BaseEpochs]) -> mne.BaseEpochs:
    if len(parts) == 1:
        return parts[0]
    if not all(part.preload for part in parts):
        raise ValueError(
            f"preload=False: single trials of {len(parts)} sessions cannot be joined "
            "on disk. Load one session at a time (session=1), or averages."
        )
    return mne.concatenate_epochs(parts, verbose="error")
