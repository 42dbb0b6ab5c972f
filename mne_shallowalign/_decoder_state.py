"""What every part of a decoder may rely on: its parameters and what a fit leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import mne
    import numpy as np
    import torch
    from pandas import DataFrame
    from torch import nn

    from .alignment import AlignmentNet, Standardizer
    from .backbones import Backbone
    from .features._gallery import Layer


class DecoderState:
    """Tell type checkers what a decoder holds; at run time this class is empty."""

    if TYPE_CHECKING:
        # -- parameters ----------------------------------------------------------
        backbone: str | Backbone | nn.Module
        layer: Layer | Sequence[Layer]
        fusion: str
        fusion_params: Mapping[str, Any] | None
        pooling: str
        views: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None
        encoder: str | Callable[..., nn.Module]
        encoder_params: Mapping[str, Any] | None
        n_components: int
        projector: str | None
        loss: str | Callable[..., nn.Module]
        temperature: float
        learn_temperature: bool | None
        image_scaling: bool
        solver: str
        init: str
        alpha: float | Sequence[float] | None
        lr: float
        weight_decay: float
        batch_size: int
        max_epochs: int
        augment: Callable[..., Any] | Sequence[Callable[..., Any]] | None
        subject_mmd: float
        n_members: int
        warm_start: bool
        device: str
        precision: str
        image_root: str | Path | None
        cache_dir: str | Path | bool | None
        net_params: Mapping[str, Any] | None
        random_state: int | np.random.RandomState | None
        verbose: bool | str | int | None

        # -- what a fit leaves ---------------------------------------------------
        net_: AlignmentNet
        backbone_: Backbone | None
        layer_: str | list[str] | None
        layer_widths_: tuple[int, ...]
        subjects_: list[Any] | None
        seeds_: list[int]
        screen_: DataFrame
        alpha_: float
        signal_scaler_: Standardizer
        image_scaler_: Standardizer
        gallery_: np.ndarray
        gallery_embedding_: np.ndarray
        device_: str
        precision_: str
        info_: mne.Info | None
        n_features_in_: int
        n_times_: int
        _fitted_with: dict[str, Any]

        # -- what one part asks of a later one -----------------------------------
        def _target_chunks(
            self, features: np.ndarray, dtype: torch.dtype
        ) -> Iterator[torch.Tensor]: ...
