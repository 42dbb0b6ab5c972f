"""Nets whose weights are those of ridge regression, at last or at first."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..encoders import EEGProject
from ._net import AlignmentNet


class FlatLinear(nn.Module):
    """Flatten and map linearly: the encoder that a closed form can fill in.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T.
    n_outputs : int
        Width of the output.
    """

    def __init__(self, n_chans: int, n_times: int, n_outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_chans * n_times, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Encode signals.

        Parameters
        ----------
        x : Tensor, shape (n, n_chans, n_times)
            The signals.

        Returns
        -------
        z : Tensor, shape (n, n_outputs)
            The neural features.
        """
        return self.linear(x.flatten(1))

    @torch.no_grad()
    def fill_in(self, weights: Tensor, intercept: Tensor) -> None:
        """Take over weights that were found elsewhere.

        Parameters
        ----------
        weights : Tensor, shape (C * T, n_outputs)
            The weights.
        intercept : Tensor, shape (n_outputs,)
            What is added.
        """
        _fill(self.linear, weights.T, intercept)


@torch.no_grad()
def start_from_ridge(
    net: AlignmentNet, weights: Tensor, intercept: Tensor, axes: Tensor
) -> None:
    """Fill in the first layer and the projectors, so that the net retrieves as ridge.

    The first layer of :class:`~mne_shallowalign.encoders.EEGProject` predicts image
    features along their main axes, and both projectors pass these on; the residual
    branch keeps its random weights. At first the similarities are thus those of ridge
    regression up to that branch, and training goes on from there.

    Parameters
    ----------
    net : AlignmentNet
        The net, with a linear projector on each side.
    weights : Tensor, shape (n_inputs, n_features)
        Weights of ridge regression.
    intercept : Tensor, shape (n_features,)
        What it adds.
    axes : Tensor, shape (n_features, n_axes)
        Orthonormal, most important first: :meth:`RidgePath.axes`. As many are used as
        fit through the narrowest layer.

    Raises
    ------
    ValueError
        If the encoder does not begin with a linear map, or a projector is not linear.
    """
    encoder, signal_side = net.module_.encoder, net.module_.projector
    image_side = net.criterion_.projector
    linear = all(isinstance(side, nn.Linear) for side in (signal_side, image_side))
    if not (isinstance(encoder, EEGProject) and linear):
        raise ValueError(
            "init='ridge' fills in encoder='eegproject' with projector='linear' and, "
            f"for several layers, fusion='mean' or 'concat'; it cannot fill in "
            f"{type(encoder).__name__} with {type(image_side).__name__}. Use "
            "init='random'."
        )
    n_axes = min(axes.shape[1], *signal_side.weight.shape)
    axes = axes[:, :n_axes]
    _fill(encoder.project, (weights @ axes).T, intercept @ axes)
    _fill(signal_side, torch.eye(n_axes))
    _fill(image_side, axes.T)


def _fill(linear: nn.Linear, weight: Tensor, bias: Tensor | None = None) -> None:
    """Set the first rows and columns, and all others to zero."""
    n_rows, n_columns = weight.shape
    linear.weight.zero_()
    linear.bias.zero_()
    # MPS has no float64
    linear.weight[:n_rows, :n_columns].copy_(weight.float())
    if bias is not None:
        linear.bias[:n_rows].copy_(bias.float())
