"""The same tables and figures without data or downloads: simulated people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..backbones import load_backbone
from ..protocols import simulated_recordings
from ._setting import PAPER_NAMES, Model, Setting

# Small networks without training, but for the Gabor hierarchy, whose third layer drives
# the simulated brains.
_STAND_INS = {
    "rn50": ("timm/test_resnet.r160_in1k", "untrained test ResNet"),
    "vit-b-16": ("timm/test_vit.r160_in1k", "untrained test ViT"),
    "dinov2-giant": ("timm/vit_tiny_patch16_224.augreg_in21k", "untrained ViT-Ti"),
    "internvit-6b": ("gabor/v1", "Gabor hierarchy"),
}
# Small, and sampled often enough for the temporal kernels of the published encoders.
_RECORDING = {
    "n_concepts": 40,
    "n_images_per_concept": 3,
    "n_test_concepts": 16,
    "sfreq": 250.0,
    "snr": 0.5,
}
_DECODER = {"max_epochs": 20, "lr": 1e-3, "n_components": 64, "device": "cpu"}


def simulated_setting(
    path: str | Path,
    *,
    n_subjects: int = 2,
    backbones: Sequence[str] | None = None,
    seeds: int = 1,
    selection: str = "train",
    recording: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Setting:
    """Simulate people, and let small networks stand in for the vision models.

    Parameters
    ----------
    path : path
        Where the simulated dataset and the features of its pictures are kept.
    n_subjects : int
        How many people. Default 2.
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
        If a backbone has no stand-in.
    """
    wanted = list(_STAND_INS if backbones is None else backbones)
    unknown = [alias for alias in wanted if alias not in _STAND_INS]
    if unknown or not wanted:
        raise ValueError(
            f"backbones with a stand-in are {', '.join(_STAND_INS)}; got {wanted}."
        )
    path = Path(path).expanduser()
    features = {"cache_dir": path / "features"}
    recordings = simulated_recordings(
        path / "bids", n_subjects, **features, **_RECORDING | dict(recording or {})
    )
    return Setting(
        recordings=recordings,
        models=tuple(_stand_in(alias) for alias in _STAND_INS if alias in wanted),
        seeds=seeds,
        selection=selection,
        params=_DECODER | features | dict(params or {}),
    )


def _stand_in(alias: str) -> Model:
    name, words = _STAND_INS[alias]
    weights = "hub" if name.startswith("gabor/") else "random"
    return Model(
        label=f"stand-in for {PAPER_NAMES[alias]} ({words})",
        alias=alias,
        backbone=load_backbone(name, weights=weights),
    )
