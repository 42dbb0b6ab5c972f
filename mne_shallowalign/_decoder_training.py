"""The part of a decoder that makes, trains and applies its net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger
from sklearn.utils import check_random_state

from .features._gallery import Gallery

if TYPE_CHECKING:
    from typing import Self

    import torch

INFERENCE_BATCH = 1024


class TrainingMixin:
    """Scale the data, build the net, train it, and take data through it."""

    def _start(self, signal: np.ndarray, gallery: Gallery) -> None:
        """Learn the scales and make an untrained net of the right size."""
        from ._device import choose_device
        from .alignment import Standardizer, check_fusion, choose_precision

        check_fusion(self.fusion, gallery.widths)
        device = choose_device(self.device)
        self.precision_ = choose_precision(self.precision, device)
        self.device_ = str(device)
        self.layer_ = gallery.layer
        self.layer_widths_ = gallery.widths
        self.signal_scaler_ = Standardizer.fit(signal)
        self._refuse_flat_channels(signal)
        self.image_scaler_ = (
            Standardizer.fit(gallery.features)
            if self.image_scaling or len(gallery.widths) > 1
            else Standardizer(np.zeros(1), np.ones(1))
        )
        self.seed_ = int(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        self._initialize_net()

    def _initialize_net(self) -> None:
        from ._device import isolated_randomness
        from .alignment import build_net
        from .alignment._progress import EpochProgress

        self.net_ = build_net(
            self._tower_arguments(),
            {
                "n_features": self._n_target_features,
                "n_components": self._n_features_out,
                "projector": self.projector,
                "loss": self.loss,
                "temperature": self.temperature,
                "learn_temperature": self.learn_temperature,
            },
            self.net_params,
            lr=self.lr,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            device=self.device_,
            precision=self.precision_,
            progress=EpochProgress(),
        )
        with isolated_randomness(self.seed_, self.net_.device):
            self.net_.initialize()

    def _tower_arguments(self) -> dict[str, Any]:
        info = self.info_
        signal = {
            "n_chans": self.n_features_in_,
            "n_times": self.n_times_,
            "n_outputs": self._default_encoder_width,
            "sfreq": None if info is None else info["sfreq"],
            "chs_info": None if info is None else info["chs"],
        }
        return {
            "encoder": self.encoder,
            "signal": signal,
            "encoder_params": self.encoder_params,
            "projector": self.projector,
            "n_components": self._n_features_out,
        }

    def _train(self, signal: np.ndarray, gallery: Gallery, groups: Any) -> Self:
        from ._device import isolated_randomness

        pairs = self._pairs_on_device(signal, gallery)
        if len(pairs) < self.batch_size:
            logger.info(
                "%d trials are fewer than batch_size=%d: each epoch is one batch and "
                "training takes %d steps (800 in the paper). If it has not converged, "
                "use a smaller batch_size or more max_epochs.",
                len(pairs),
                self.batch_size,
                self.max_epochs,
            )
        # not the seed of the initialisation, and another one each time it goes on
        seed = self.seed_ + 1 + len(self.net_.history)
        fit_params = {} if groups is None else {"groups": np.asarray(groups)}
        with isolated_randomness(seed, self.net_.device):
            self.net_.partial_fit(pairs, **fit_params)
        del pairs  # the largest thing in memory beside the data themselves
        self._check_converged()
        self.gallery_ = gallery.names
        self.gallery_embedding_ = self._embed_features(gallery.features)
        return self

    def _pairs_on_device(self, signal: np.ndarray, gallery: Gallery) -> Any:
        import torch

        from .alignment import PairedSignals

        device = self.net_.device
        half = self.precision_ == "bfloat16"
        dtype = torch.bfloat16 if half else torch.float32
        return PairedSignals(
            self.signal_scaler_.to_device(signal, device, dtype),
            torch.cat(list(self._target_chunks(gallery.features, dtype))),
            torch.from_numpy(gallery.index).to(device),
        )

    def _check_converged(self) -> None:
        loss = self.net_.history[-1]["train_loss"]
        if not np.isfinite(loss):
            raise RuntimeError(
                f"Training diverged: the loss is {loss}. Use a smaller lr than "
                f"{self.lr:g}, or precision='float32'."
            )

    @property
    def _n_target_features(self) -> int:
        from .alignment import fused_width

        return fused_width(self.fusion, self.layer_widths_)

    @property
    def _n_features_out(self) -> int:
        return self._n_target_features if self.projector is None else self.n_components

    @property
    def _default_encoder_width(self) -> int:
        if self.projector is None:
            return self._n_target_features
        return max(self.layer_widths_)

    def _embed_features(self, features: np.ndarray) -> np.ndarray:
        import torch

        from .alignment import embed_images

        return embed_images(self.net_, self._target_chunks(features, torch.float32))

    def _target_chunks(
        self, features: np.ndarray, dtype: torch.dtype
    ) -> Iterator[torch.Tensor]:
        """Standardise and fuse the features of images, in chunks on the device."""
        from .alignment import fuse

        for chunk in self._chunks(features, self.image_scaler_):
            yield fuse(chunk, self.fusion, self.layer_widths_).to(dtype)

    def _chunks(self, data: np.ndarray, scaler: Any) -> Iterator[torch.Tensor]:
        import torch

        for start in range(0, len(data), INFERENCE_BATCH):
            chunk = data[start : start + INFERENCE_BATCH]
            yield scaler.to_device(chunk, self.net_.device, torch.float32)
