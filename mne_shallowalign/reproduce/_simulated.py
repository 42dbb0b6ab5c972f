"""The same tables and figures without data or downloads: simulated people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ..backbones import load_backbone
from ..protocols import Recordings, simulated_recordings
from ._setting import PAPER_NAMES, Model, Setting

# Small networks without training, but for the Gabor hierarchy, whose third layer drives
# the simulated brains.
_STAND_INS = {
    "rn50": ("timm/test_resnet.r160_in1k", "untrained test ResNet"),
    "vit-b-16": ("timm/test_vit.r160_in1k", "untrained test ViT"),
    "dinov2-giant": ("timm/test_vit3.r160_in1k", "untrained test ViT 3"),
    "internvit-6b": ("gabor/v1", "Gabor hierarchy"),
}
_SUBJECTS = ("01", "02", "03")
# Small, and sampled often enough for the published encoders: EEGNet needs 95 samples.
_RECORDING = {
    "n_concepts": 40,
    "n_images_per_concept": 3,
    "n_test_concepts": 16,
    "sfreq": 160.0,
    "snr": 1.0,
}
_DECODER = {
    "batch_size": 64,
    "max_epochs": 10,
    "lr": 1e-3,
    "n_components": 64,
    "device": "cpu",
}


def simulated_setting(
    path: str | Path | None,
    *,
    subjects: Sequence[str] | None = None,
    backbones: Sequence[str] | None = None,
    seeds: int = 1,
    selection: str = "train",
    recording: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Setting:
    """Simulate people, and let small networks stand in for the vision models.

    Parameters
    ----------
    path : path | None
        Where the simulated dataset and the features of its pictures are kept. None:
        nothing is simulated, which is enough for :func:`plan`.
    subjects : sequence of str | None
        The labels of the people. None (default): three, ``"01"`` to ``"03"``.
    backbones : sequence of str | None
        The paper's vision models that are stood in for. None (default): four of them.
    seeds : int
        How many seeds. Default 1.
    selection : ``"train"`` | ``"test"``
        As for :class:`Setting`. Default ``"train"``.
    recording : mapping | None
        Arguments of :func:`~mne_shallowalign.datasets.simulate_bids` that are not the
        small ones of this setting.
    params : mapping | None
        Parameters of every decoder that are not the quick ones of this setting.

    Returns
    -------
    setting : Setting
        The setting. Every model is labelled as a stand-in, and every table and figure
        says that it is simulated.

    Raises
    ------
    ValueError
        If a backbone has no stand-in, or there is no such person.
    """
    wanted = list(_STAND_INS if backbones is None else backbones)
    unknown = [alias for alias in wanted if alias not in _STAND_INS]
    if unknown or not wanted:
        raise ValueError(
            f"backbones must be among those with a stand-in, {', '.join(_STAND_INS)}; "
            f"got {wanted}."
        )
    labels = _SUBJECTS if subjects is None else tuple(subjects)
    features: dict[str, Any] = {}
    if path is not None:
        features = {"cache_dir": Path(path).expanduser() / "features"}
    options = _RECORDING | features | dict(recording or {})
    return Setting(
        recordings=_simulate(path, labels, options),
        models=tuple(_stand_in(alias) for alias in _STAND_INS if alias in wanted),
        seeds=seeds,
        selection=selection,
        params=_DECODER | features | dict(params or {}),
    )


def _simulate(
    path: str | Path | None, labels: tuple[str, ...], options: dict[str, Any]
) -> Recordings:
    unknown = sorted(set(labels) - set(_SUBJECTS))
    if unknown or not labels:
        raise ValueError(
            f"subjects must be among those simulated, {', '.join(_SUBJECTS)}; got "
            f"{list(labels)}."
        )
    if path is None:
        return Recordings(
            name="simulated", subjects=labels, load=_nothing, is_simulated=True
        )
    bids = Path(path).expanduser() / "bids"
    n_subjects = 1 + max(map(_SUBJECTS.index, labels))
    made = simulated_recordings(bids, n_subjects, **options)
    return replace(made, subjects=labels)


def _nothing(subject: str, split: str) -> NoReturn:
    raise ValueError(
        "simulated_setting(None) is for plan only, it has no recordings: give a path."
    )


def _stand_in(alias: str) -> Model:
    name, words = _STAND_INS[alias]
    weights = "hub" if name.startswith("gabor/") else "random"
    return Model(
        label=f"stand-in for {PAPER_NAMES[alias]} ({words})",
        alias=alias,
        backbone=load_backbone(name, weights=weights),
    )
