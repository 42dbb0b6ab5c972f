"""The part of a decoder that makes, trains and applies its net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger
from sklearn.utils import check_random_state

from ._decoder_input import InputMixin, TrialLabels
from ._decoder_ridge import RidgeMixin
from .features._gallery import Gallery, is_auto

if TYPE_CHECKING:
    from typing import Self

    import torch

    from .alignment import AlignmentNet, PairedSignals

INFERENCE_BATCH = 1024
# what a net and its training are made with; it cannot change while training goes on
UNCHANGING = (
    "encoder",
    "encoder_params",
    "n_components",
    "projector",
    "loss",
    "fusion",
    "fusion_params",
    "pooling",
    "views",
    "solver",
    "n_members",
    "temperature",
    "learn_temperature",
    "image_scaling",
    "weight_decay",
    "augment",
    "subject_mmd",
    "precision",
    "net_params",
)


def tell_few_trials(decoder: TrainingMixin, n_trials: int) -> None:
    """Say it if there are so few trials that a net may not learn enough of them.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        What is trained.
    n_trials : int
        With how many trials.
    """
    if n_trials < decoder.batch_size:
        logger.info(
            "%d trials are fewer than batch_size=%d: each epoch is one batch and "
            "training takes %d steps (800 in the paper). If it has not converged, "
            "use a smaller batch_size or more max_epochs.",
            n_trials,
            decoder.batch_size,
            decoder.max_epochs,
        )


class TrainingMixin(InputMixin, RidgeMixin):
    """Scale the data, build the net, train it, and take data through it."""

    # -- from the beginning ------------------------------------------------------

    def _begin(self, signal: np.ndarray, gallery: Gallery, labels: TrialLabels) -> Self:
        """Learn the scales, choose or weigh layers, make a net and train it."""
        from .alignment import check_fusion

        for name in ("screen_", "alpha_"):
            vars(self).pop(name, None)
        self._settle_device()
        self._learn_signal_scale(signal)
        is_open = is_auto(self.layer) and len(gallery.widths) > 1
        if not is_open:
            check_fusion(self.fusion, gallery.widths, self._projector)
        screen = self._make_screen(signal, gallery, labels)
        if is_open:
            assert screen is not None  # several layers are compared
            gallery = self._choose_layers(screen, gallery)
        self.layer_, self.layer_widths_ = gallery.layer, gallery.widths
        self.subjects_ = self._subjects_that_matter(labels)
        self._learn_image_scale(gallery)
        nets = self._make_nets()
        if self._needs_ridge:
            self._fill_in(nets, signal, gallery, screen)
        self._take_nets(nets)
        if self.solver == "ridge":
            return self._keep_candidates(gallery)
        if self._is_gated:
            assert screen is not None  # several layers are compared
            self._weigh_layers(screen, gallery)
        del screen  # it holds a second copy of the signal
        return self._train(signal, gallery, labels)

    def _settle_device(self) -> None:
        from ._device import choose_device
        from .alignment import choose_precision

        device = choose_device(self.device)
        self.precision_ = choose_precision(self.precision, device)
        self.device_ = str(device)
        state, n_seeds = check_random_state(self.random_state), np.iinfo(np.int32).max
        self.seeds_ = state.randint(n_seeds, size=self.n_members).tolist()

    def _learn_signal_scale(self, signal: np.ndarray) -> None:
        from .alignment import Standardizer

        self.signal_scaler_ = Standardizer.fit(signal)
        self._refuse_flat_channels(signal)

    def _learn_image_scale(self, gallery: Gallery) -> None:
        from .alignment import Standardizer

        several = len(gallery.widths) > 1 and self.fusion != "separate"
        self.image_scaler_ = (
            Standardizer.fit(gallery.features)
            if self.image_scaling or several or self._needs_ridge
            else Standardizer(np.zeros(1), np.ones(1))
        )

    # -- by gradient descent -----------------------------------------------------

    def _make_nets(self) -> list[AlignmentNet]:
        return [self._make_net(seed) for seed in self.seeds_]

    def _take_nets(self, nets: list[AlignmentNet]) -> None:
        from .alignment import stack_nets

        self.net_ = nets[0] if len(nets) == 1 else stack_nets(nets)
        self._fitted_with = {name: getattr(self, name) for name in UNCHANGING}

    def _make_net(self, seed: int) -> AlignmentNet:
        from ._device import isolated_randomness
        from .alignment import build_net
        from .alignment._progress import EpochProgress

        net = build_net(
            self._tower_arguments(),
            {
                "n_features": self._n_target_features,
                "n_components": self._n_shared,
                "projector": self._projector,
                "loss": self.loss,
                "temperature": self.temperature,
                "learn_temperature": self.learn_temperature,
                "gate": self._gate_arguments(),
                "subject_mmd": self.subject_mmd,
            },
            self._net_params,
            lr=self.lr,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            device=self.device_,
            precision=self.precision_,
            progress=EpochProgress(),
        )
        with isolated_randomness(seed, self.device_):
            return net.initialize()

    @property
    def _augmentations(self) -> list[Any]:
        if callable(self.augment):
            return [self.augment]
        return list(self.augment or [])

    @property
    def _net_params(self) -> dict[str, Any]:
        augment = {"iterator_train__augment": self.augment} if self.augment else {}
        return {**augment, **(self.net_params or {})}

    def _tower_arguments(self) -> dict[str, Any]:
        from .alignment import FlatLinear

        info, is_linear = self.info_, self.solver == "ridge"
        signal = {
            "n_chans": self.n_features_in_,
            "n_times": self.n_times_,
            "n_outputs": self._default_encoder_width,
            "sfreq": None if info is None else info["sfreq"],
            "chs_info": None if info is None else info["chs"],
        }
        return {
            "encoder": FlatLinear if is_linear else self.encoder,
            "signal": signal,
            "encoder_params": None if is_linear else self.encoder_params,
            "projector": self._projector,
            "n_components": self._n_shared,
        }

    def _gate_arguments(self) -> dict[str, Any] | None:
        if not self._is_gated:
            return None
        params = dict(self.fusion_params or {})
        params.pop("subject_bias", None)
        return {
            **params,
            "widths": self.layer_widths_,
            "n_subjects": len(self.subjects_ or []) if self._has_subject_bias else 0,
        }

    @property
    def _has_subject_bias(self) -> bool:
        wanted = (self.fusion_params or {}).get("subject_bias", False)
        return self._is_gated and wanted

    def _subjects_that_matter(self, labels: TrialLabels) -> list[Any] | None:
        """List the subjects, if there is an option that depends on them."""
        options = {
            "fusion_params={'subject_bias': True}": self._has_subject_bias,
            f"subject_mmd={self.subject_mmd}": self.subject_mmd > 0,
            "alignment.SubjectMixup()": any(
                getattr(one, "needs_subjects", False) for one in self._augmentations
            ),
        }
        needed = [option for option, wanted in options.items() if wanted]
        if needed and labels.subjects is None:
            raise ValueError(
                f"{needed[0]} needs to know whose trials they are: pass subjects=, or "
                "Epochs whose metadata has a column 'subject'."
            )
        if labels.subjects is None or not (needed or self._augmentations):
            return None
        return np.unique(labels.subjects).tolist()

    def _subject_codes(self, labels: TrialLabels) -> torch.Tensor | None:
        import torch

        if self.subjects_ is None or labels.subjects is None:
            return None
        codes = {subject: code for code, subject in enumerate(self.subjects_)}
        found = [codes.get(one, len(codes)) for one in labels.subjects.tolist()]
        return torch.tensor(found, device=self.net_.device)

    def _train(self, signal: np.ndarray, gallery: Gallery, labels: TrialLabels) -> Self:
        from .alignment import train_net

        pairs = self._pairs_on_device(signal, gallery, labels)
        tell_few_trials(self, len(pairs))
        # nobody else takes groups, which scikit-learn's metadata routing minds
        is_split = labels.groups is not None and self.net_.train_split is not None
        fit_params = {"groups": labels.groups} if is_split else {}
        self.net_.criterion_.begin(len(pairs))
        train_net(self.net_, pairs, self._training_seeds, **fit_params)
        del pairs  # the largest thing in memory beside the data themselves
        self._check_converged()
        return self._keep_candidates(gallery)

    @property
    def _training_seeds(self) -> list[int]:
        """Not the seeds of the initialisation, and others each time it goes on."""
        return [seed + 1 + len(self.net_.history) for seed in self.seeds_]

    def _keep_candidates(self, gallery: Gallery) -> Self:
        self.gallery_ = gallery.names
        self.gallery_embedding_ = self._embed_features(gallery.features)
        return self

    def _pairs_on_device(
        self, signal: np.ndarray, gallery: Gallery, labels: TrialLabels
    ) -> PairedSignals:
        import torch

        from .alignment import PairedSignals

        device, dtype = self.net_.device, self._training_dtype
        return PairedSignals(
            self.signal_scaler_.to_device(signal, device, dtype),
            self._targets(gallery, dtype),
            torch.from_numpy(gallery.index).to(device),
            self._subject_codes(labels),
            self.net_.criterion_.numbers_trials,
        )

    @property
    def _training_dtype(self) -> torch.dtype:
        import torch

        return torch.bfloat16 if self.precision_ == "bfloat16" else torch.float32

    def _check_converged(self) -> None:
        loss = self.net_.history[-1]["train_loss"]
        if not np.isfinite(loss):
            raise RuntimeError(
                f"Training diverged: the loss is {loss}. Use a smaller lr than "
                f"{self.lr:g}, or precision='float32'."
            )

    # -- sizes, and what goes through --------------------------------------------

    @property
    def _projector(self) -> str | None:
        return None if self.solver == "ridge" else self.projector

    @property
    def _is_gated(self) -> bool:
        return self.fusion == "learned" and len(self.layer_widths_) > 1

    @property
    def _n_target_features(self) -> int:
        from .alignment import fused_width

        return fused_width(self.fusion, self.layer_widths_)

    @property
    def _n_features_out(self) -> int:
        return len(self.seeds_) * self._n_shared

    @property
    def _n_shared(self) -> int:
        is_projected = self._projector is not None
        return self.n_components if is_projected else self._n_target_features

    @property
    def _default_encoder_width(self) -> int:
        if self._projector is None:
            return self._n_target_features
        return max(self.layer_widths_)

    def _embed_signal(self, signal: np.ndarray) -> np.ndarray:
        from .alignment import embed_signals

        return embed_signals(self.net_, self._chunks(signal, self.signal_scaler_))

    def _embed_features(self, features: np.ndarray) -> np.ndarray:
        import torch

        from .alignment import embed_images

        return embed_images(self.net_, self._target_chunks(features, torch.float32))

    def _targets(self, gallery: Gallery, dtype: torch.dtype) -> torch.Tensor:
        import torch

        return torch.cat(list(self._target_chunks(gallery.features, dtype)))

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
            yield scaler.to_device(chunk, self.device_, torch.float32)
