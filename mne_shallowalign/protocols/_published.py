"""Published recordings: THINGS-EEG2, THINGS-MEG and NOD."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import datasets
from ..datasets._epochs_cache import epochs_folder, keep_epochs, read_kept
from ..datasets._fetch import data_folder
from ..preprocessing import Preprocessing, average_repetitions, paper
from ._minutes import first_minutes
from ._recordings import Recordings

if TYPE_CHECKING:
    from mne import BaseEpochs

_FOLDERS = {"eeg": "ds005811", "meg": "ds005810"}
_NOD_STEPS = Preprocessing(tmin=-0.1, tmax=0.8, baseline=None, window=(0.0, 0.8))


def things_eeg2_recordings(
    path: str | Path | None = None,
    *,
    subjects: Sequence[str] | None = None,
    image_root: str | Path | None = None,
    image_metadata: str | Path | None = None,
    preprocess: Preprocessing | None = None,
    cache_dir: str | Path | bool | None = None,
) -> Recordings:
    """THINGS-EEG2, preprocessed as in the paper, with all 63 channels.

    Parameters
    ----------
    path : path | None
        As for :func:`~mne_shallowalign.datasets.load_things_eeg2`.
    subjects : sequence of str | None
        Their labels, ``"01"`` to ``"10"``. None: all.
    image_root : path | None
        The folder with ``training_images`` and ``test_images``. None: where
        :func:`~mne_shallowalign.datasets.fetch_things_eeg2_images` puts them.
    image_metadata : path | None
        As for :func:`~mne_shallowalign.datasets.load_things_eeg2`.
    preprocess : Preprocessing | None
        The steps. None: :func:`~mne_shallowalign.preprocessing.paper`, with all
        channels, among which recipes pick.
    cache_dir : path | False | None
        As for :func:`~mne_shallowalign.datasets.load_things_eeg2`.

    Returns
    -------
    recordings : Recordings
        Nothing is fetched or read before a fit needs it. ``load_minutes`` takes from
        the first session.

    Notes
    -----
    Whitening is learned from all training trials of a session, also for
    :class:`FewShotCalibration`: without their pictures, and for both splits, as
    published.
    """
    steps = preprocess or paper("things-eeg2").replace(picks="data")
    options = dict(path=path, image_metadata=image_metadata, cache_dir=cache_dir)
    if image_root is None:
        image_root = data_folder(None, "things-eeg2") / "stimuli"
    return Recordings(
        name="things-eeg2",
        subjects=_labels(subjects, [f"{n:02d}" for n in range(1, 11)]),
        load=partial(_load_eeg2, options, steps),
        load_minutes=partial(_load_eeg2_minutes, options, steps),
        details=str(dataclasses.asdict(steps)),
        image_root=Path(image_root),
        categories={str(k): v for k, v in datasets.concept_categories().items()},
    )


def _load_eeg2(
    options: dict[str, Any], steps: Preprocessing, subject: str, split: str
) -> BaseEpochs:
    return datasets.load_things_eeg2(subject, split=split, preprocess=steps, **options)


def _load_eeg2_minutes(
    options: dict[str, Any], steps: Preprocessing, subject: str, minutes: float
) -> BaseEpochs:
    single = steps.replace(average=False)
    trials = datasets.load_things_eeg2(
        subject, split="train", session=1, preprocess=single, **options
    )
    found = first_minutes(trials, minutes)
    return average_repetitions(found, ["subject", "image"]) if steps.average else found


def things_meg_recordings(
    path: str | Path | None = None,
    *,
    subjects: Sequence[str] | None = None,
    image_root: str | Path | None = None,
    kind: str = "preprocessed",
    preprocess: Preprocessing | None = None,
    cache_dir: str | Path | bool | None = None,
) -> Recordings:
    """THINGS-MEG, preprocessed as in the paper; 1,654 concepts are for training.

    Parameters
    ----------
    path : path | None
        As for :func:`~mne_shallowalign.datasets.load_things_meg`.
    subjects : sequence of str | None
        Their labels, ``"BIGMEG1"`` to ``"BIGMEG4"``. None: all.
    image_root : path | None
        What :func:`~mne_shallowalign.datasets.fetch_things_images` returned. None:
        where it puts the pictures.
    kind : ``"preprocessed"`` | ``"raw"``
        The authors' epochs, or those cut from the raw recording.
    preprocess : Preprocessing | None
        The steps after epoching. None: those of
        :func:`~mne_shallowalign.preprocessing.paper`.
    cache_dir : path | False | None
        Where preprocessed epochs are kept. None: ``mne-shallowalign/epochs`` in MNE's
        data folder.

    Returns
    -------
    recordings : Recordings
        Nothing is read before a fit needs it. Training trials of test concepts are left
        out. ``load_minutes`` is there with ``kind="raw"``, for the authors' epochs do
        not say when they were.
    """
    steps = preprocess or paper("things-meg")
    options: dict[str, Any] = {"path": path, "kind": kind}
    if kind == "raw":
        options |= steps.epoching
    else:  # filtered and baseline-corrected by the authors
        steps = steps.replace(l_freq=None, h_freq=None, baseline=None)
    if image_root is None:
        image_root = data_folder(None, "things-images")
    minutes = partial(_load_minutes, _load_meg, steps, options)
    return Recordings(
        name="things-meg",
        subjects=_labels(subjects, [f"BIGMEG{n}" for n in range(1, 5)]),
        load=partial(_load_kept, _load_meg, "things-meg", steps, options, cache_dir),
        load_minutes=minutes if kind == "raw" else None,
        details=f"{kind} {dataclasses.asdict(steps)}",
        image_root=Path(image_root),
        categories={str(k): v for k, v in datasets.concept_categories().items()},
    )


def _load_meg(options: dict[str, Any], steps: Preprocessing, subject: str) -> Any:
    return datasets.load_things_meg(subject, picks=steps.picks, **options)


def nod_recordings(
    modality: str = "eeg",
    path: str | Path | None = None,
    *,
    subjects: Sequence[str] | None = None,
    test_share: float = 0.2,
    preprocess: Preprocessing | None = None,
    cache_dir: str | Path | bool | None = None,
) -> Recordings:
    """NOD-EEG or NOD-MEG, split by concept.

    Parameters
    ----------
    modality : ``"eeg"`` | ``"meg"``
        The dataset.
    path : path | None
        As for :func:`~mne_shallowalign.datasets.load_nod_eeg`.
    subjects : sequence of str | None
        Their labels. None: all.
    test_share : float
        The share of the 1,000 concepts that are for the test; they are the same ones
        for everybody, drawn by their names. Default 0.2.
    preprocess : Preprocessing | None
        The steps after epoching. None: the window from 0 to 0.8 s, and averages over
        repetitions.
    cache_dir : path | False | None
        Where preprocessed epochs are kept. None: ``mne-shallowalign/epochs`` in MNE's
        data folder.

    Returns
    -------
    recordings : Recordings
        Nothing is read before a fit needs it. NOD publishes no split; this one is ours.

    Raises
    ------
    ValueError
        If ``modality`` or ``test_share`` is not what it can be.
    """
    if modality not in _FOLDERS:
        raise ValueError(f"modality must be 'eeg' or 'meg', got {modality!r}.")
    if not 0 < test_share < 1:
        raise ValueError(f"test_share must lie between 0 and 1, got {test_share!r}.")
    from ..datasets._nod import NOD_EEG, NOD_MEG

    name, steps = f"nod-{modality}", preprocess or _NOD_STEPS
    options = {"path": path, "modality": modality, "test_share": test_share}
    everybody = (NOD_EEG if modality == "eeg" else NOD_MEG).subjects
    return Recordings(
        name=name,
        subjects=_labels(subjects, everybody),
        load=partial(_load_kept, _load_nod, name, steps, options, cache_dir),
        details=f"{test_share} {dataclasses.asdict(steps)}",
        image_root=data_folder(path, _FOLDERS[modality]) / "stimuli",
    )


def _load_nod(options: dict[str, Any], steps: Preprocessing, subject: str) -> Any:
    load = datasets.load_nod_eeg
    if options["modality"] == "meg":
        load = datasets.load_nod_meg
    epochs = load(subject, path=options["path"])
    drawn = epochs.metadata["concept"].map(_uniform) < options["test_share"]
    split = drawn.map({True: "test", False: "train"})
    epochs.metadata = epochs.metadata.assign(split=split)
    return epochs


def _uniform(name: str) -> float:
    """Draw a number between 0 and 1 that only depends on a name."""
    return zlib.crc32(name.encode()) / 2**32


def _load_kept(
    load: Any,
    name: str,
    steps: Preprocessing,
    options: dict[str, Any],
    cache_dir: str | Path | bool | None,
    subject: str,
    split: str,
) -> BaseEpochs:
    """Load one split, preprocessing both if that was not done before."""
    said = {**options, "preprocess": dataclasses.asdict(steps)}
    folder = epochs_folder(cache_dir, f"{name}/sub-{subject}", said)
    if folder is not None and folder.exists():
        return read_kept(folder, split, True)[0]
    trials = load(options, steps, subject)
    parts = steps.apply(_of(trials, "train"), _of(trials, "test"))
    made = dict(zip(("train", "test"), parts, strict=True))
    if folder is None:
        return made[split]
    keep_epochs(folder, made.items())
    return read_kept(folder, split, True)[0]


def _load_minutes(
    load: Any,
    steps: Preprocessing,
    options: dict[str, Any],
    subject: str,
    minutes: float,
) -> BaseEpochs:
    trials = _of(load(options, steps, subject), "train")
    return steps.apply(first_minutes(trials, minutes))[0]


def _of(epochs: BaseEpochs, split: str) -> BaseEpochs:
    return epochs[(epochs.metadata["split"] == split).to_numpy()]


def _labels(wanted: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    labels = tuple(known) if wanted is None else tuple(map(str, wanted))
    unknown = sorted(set(labels) - set(known))
    if unknown or not labels:
        raise ValueError(
            f"subjects={wanted!r} must be among {', '.join(map(repr, known))}."
        )
    return labels
