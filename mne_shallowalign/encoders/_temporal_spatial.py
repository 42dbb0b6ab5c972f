"""Convolution over time, average pooling, convolution over channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .._scalars import check_counts, check_probabilities
from ._dropout import Dropout
from ._shortest import check_length

N_FILTERS = 40
POOL_STRIDE = 5


class TemporalSpatial(nn.Module):
    """The patch embedding that TSConv, ATM and EEGConformer share.

    ``Conv(1, 40, (1, 25)) -> AvgPool((1, 51), stride 5) -> BatchNorm -> ELU ->
    Conv(40, 40, (C, 1)) -> BatchNorm -> ELU -> Dropout -> Conv(40, 40, 1)``.

    Parameters
    ----------
    encoder : str
        Whose part it is, for errors.
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T.
    kernel_size : int
        Length of the convolution over time, in samples.
    pool_size : int
        Length of the average, in samples.
    drop_prob : float
        Dropout probability.

    Attributes
    ----------
    n_features : int
        Number of values per signal: 40 filters times the number of windows,
        ``(T - kernel_size + 1 - pool_size) // 5 + 1``.

    Raises
    ------
    ValueError
        If T is less than ``kernel_size + pool_size - 1``.
    """

    def __init__(
        self,
        encoder: str,
        n_chans: int,
        n_times: int,
        kernel_size: int,
        pool_size: int,
        drop_prob: float,
    ) -> None:
        super().__init__()
        check_counts(n_chans=n_chans, n_times=n_times)
        check_counts(kernel_size=kernel_size, pool_size=pool_size)
        check_probabilities(drop_prob=drop_prob)
        shortest = kernel_size + pool_size - 1
        check_length(encoder, n_times, shortest, "kernel_size and pool_size")
        self.n_features = N_FILTERS * ((n_times - shortest) // POOL_STRIDE + 1)
        self.pool_size = pool_size
        self.temporal = nn.Conv2d(
            1, N_FILTERS, (1, kernel_size), stride=(1, POOL_STRIDE)
        )
        self.temporal_norm = nn.BatchNorm2d(N_FILTERS)
        self.spatial = nn.Conv2d(N_FILTERS, N_FILTERS, (n_chans, 1))
        self.spatial_norm = nn.BatchNorm2d(N_FILTERS)
        self.dropout = Dropout(drop_prob)
        self.mix = nn.Conv2d(N_FILTERS, N_FILTERS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Cut signals into windows.

        Parameters
        ----------
        x : Tensor, shape (n, n_chans, n_times)
            The signals.

        Returns
        -------
        patches : Tensor, shape (n, 40, n_windows)
            40 features of every window.
        """
        # Both are linear and shift-invariant, so averaging before the convolution
        # gives the same numbers; it makes a fifth as many of them.
        x = F.avg_pool1d(x, self.pool_size, stride=1)[:, None]
        x = F.elu(self.temporal_norm(self.temporal(x)))
        x = F.elu(self.spatial_norm(self.spatial(x)))
        return torch.squeeze(self.mix(self.dropout(x)), 2)
