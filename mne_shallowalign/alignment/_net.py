"""The skorch net: neural tower as its module, image side and loss as its criterion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.nn import functional as F

from ..encoders import build_encoder
from ._batches import DeviceBatches
from ._losses import ContrastiveLoss
from ._precision import matmul_precision
from ._projectors import build_projector


class NeuralTower(nn.Module):
    """Encoder f_theta followed by the projector W_N (paper eq. 2).

    Parameters
    ----------
    encoder : str | callable
        See :func:`~mne_shallowalign.encoders.build_encoder`.
    signal : mapping
        ``n_chans``, ``n_times``, ``n_outputs``, ``sfreq``, ``chs_info``.
    encoder_params : mapping | None
        Further arguments of the encoder.
    projector : ``"linear"`` | ``"mlp"`` | None
        The neural projector.
    n_components : int
        Width of the shared space.
    """

    stackable = True

    def __init__(
        self,
        encoder: str | Callable[..., nn.Module],
        signal: Mapping[str, Any],
        encoder_params: Mapping[str, Any] | None,
        projector: str | None,
        n_components: int,
    ) -> None:
        super().__init__()
        self.encoder = build_encoder(encoder, signal, encoder_params)
        width = _output_width(self.encoder, signal)
        self.projector = build_projector(projector, width, n_components)

    def forward(self, x: Tensor) -> Tensor:
        """Project signals into the shared space.

        Parameters
        ----------
        x : Tensor, shape (n, n_chans, n_times)
            Scaled signals.

        Returns
        -------
        v : Tensor, shape (n, n_components)
            Not normalised.
        """
        return self.projector(self.encoder(x))


def _output_width(encoder: nn.Module, signal: Mapping[str, Any]) -> int:
    """Run one pair of zeros through the encoder to see how wide its output is."""
    zeros = torch.zeros(2, signal["n_chans"], signal["n_times"])
    with torch.no_grad():
        output = encoder.eval()(zeros)
    encoder.train()
    if output.ndim != 2 or output.shape[1] == 0:
        raise ValueError(
            "encoder must return one vector per signal, shape (n, n_outputs), but "
            f"{type(encoder).__name__} returned shape {tuple(output.shape)} for 2."
        )
    return output.shape[1]


class AlignmentNet(NeuralNet):
    """A skorch net that trains in the given precision on device-resident batches.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`skorch.net.NeuralNet`.
    precision : ``"float32"`` | ``"tf32"`` | ``"bfloat16"``
        Precision of the training step. Parameters, optimiser and inference stay in
        float32.
    """

    def __init__(self, *args: Any, precision: str = "float32", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.precision = precision

    def _autocast(self) -> torch.autocast:
        device = torch.device(self.device).type
        enabled = self.precision == "bfloat16"
        return torch.autocast(device, torch.bfloat16, enabled=enabled)

    def infer(self, x: Tensor, **fit_params: Any) -> Tensor:
        """Run the neural tower under autocast; groups are for the split alone."""
        with self._autocast():
            return super().infer(x)

    def get_loss(
        self, y_pred: Tensor, y_true: tuple[Tensor, ...], *args: Any, **kwargs: Any
    ) -> Tensor:
        """Run the image side and the loss under autocast."""
        with self._autocast():
            return super().get_loss(y_pred, y_true, *args, **kwargs)

    def embed(self, tower: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Take signals or image features through one of the towers to unit vectors."""
        return F.normalize(tower(x), dim=-1)

    def fit_loop(self, X: Any, y: Any = None, **kwargs: Any) -> AlignmentNet:
        """Train, with TF32 switched on for as long as it takes if so asked."""
        with matmul_precision(self.precision):
            return super().fit_loop(X, y, **kwargs)


def build_net(
    module: Mapping[str, Any],
    criterion: Mapping[str, Any],
    net_params: Mapping[str, Any] | None = None,
    progress: Callback | None = None,
    **net: Any,
) -> AlignmentNet:
    """Compose the skorch net from the arguments of its two halves.

    Parameters
    ----------
    module : mapping
        Arguments of :class:`NeuralTower`.
    criterion : mapping
        Arguments of :class:`ContrastiveLoss`; ``loss`` may be a class derived from it,
        or a factory of one, which then gets the others.
    net_params : mapping | None
        The user's own arguments of skorch (``callbacks``, ``optimizer``,
        ``train_split``, ``iterator_train__shuffle`` …); they win over the defaults.
    progress : skorch.callbacks.Callback | None
        A progress bar.
    **net
        ``lr``, ``max_epochs``, ``batch_size``, ``weight_decay``, ``device`` and
        ``precision``.

    Returns
    -------
    net : AlignmentNet
        Not yet initialised.

    Raises
    ------
    ValueError
        If ``net_params`` sets what the decoder has a parameter for.
    """
    net_params = dict(net_params or {})
    taken = sorted(set(net_params) & {*net, "module", "criterion", "verbose"})
    if taken:
        raise ValueError(
            f"net_params sets {', '.join(map(repr, taken))}, which the decoder sets "
            "from its own parameters of that name: use those."
        )
    weight_decay = net.pop("weight_decay")
    criterion, kind = dict(criterion), ContrastiveLoss
    if callable(criterion.get("loss")):
        kind = criterion.pop("loss")
    callbacks = list(net_params.pop("callbacks", None) or [])
    if progress is not None:
        callbacks.append(("progress", progress))
    if "optimizer" not in net_params:
        net["optimizer"] = torch.optim.AdamW
        net["optimizer__fused"] = torch.device(net["device"]).type in ("cuda", "cpu")
    net["optimizer__weight_decay"] = weight_decay
    halves = {f"module__{name}": value for name, value in module.items()}
    halves |= {f"criterion__{name}": value for name, value in criterion.items()}
    defaults = {
        "iterator_train": DeviceBatches,
        "iterator_valid": DeviceBatches,
        "iterator_valid__shuffle": False,
        "train_split": None,
    }
    return AlignmentNet(
        module=NeuralTower,
        criterion=kind,
        callbacks=callbacks,
        verbose=0,
        **{**halves, **defaults, **net, **net_params},
    )


def embed_signals(net: AlignmentNet, signals: Iterable[Tensor]) -> np.ndarray:
    """Take scaled signals to unit vectors in the shared space.

    Parameters
    ----------
    net : AlignmentNet
        A trained net.
    signals : iterable of Tensor, shape (n_i, n_chans, n_times)
        Chunks of scaled signals on the device of the net, float32.

    Returns
    -------
    embedding : array of float32, shape (n, n_components)
        Rows of unit norm.
    """
    criterion = net.criterion_
    return _embed(net, lambda x: criterion.project_signals(net.module_(x)), signals)


def embed_images(net: AlignmentNet, features: Iterable[Tensor]) -> np.ndarray:
    """Take image features to unit vectors in the shared space.

    Parameters
    ----------
    net : AlignmentNet
        A trained net.
    features : iterable of Tensor, shape (n_i, n_features)
        Chunks of image features on the device of the net, float32.

    Returns
    -------
    embedding : array of float32, shape (n, n_components)
        Rows of unit norm.
    """
    criterion = net.criterion_
    return _embed(
        net, lambda x: criterion.projector(criterion.candidate_features(x)), features
    )


@torch.no_grad()
def _embed(
    net: AlignmentNet, tower: Callable[[Tensor], Tensor], chunks: Iterable[Tensor]
) -> np.ndarray:
    net.module_.eval()
    net.criterion_.eval()
    rows = [net.embed(tower, chunk).cpu() for chunk in chunks]
    return torch.cat(rows).numpy()
