"""TSConv, convolution over time and over channels."""

from __future__ import annotations

from torch import Tensor, nn

from ._head import ResidualHead
from ._temporal_spatial import TemporalSpatial


class TSConv(nn.Module):
    """Temporal-spatial convolution and a residual head.

    ``Conv(1, 40, (1, 25)) -> AvgPool((1, 51), stride 5) -> BatchNorm -> ELU ->
    Conv(40, 40, (C, 1)) -> BatchNorm -> ELU -> Dropout -> Conv(40, 40, 1) ->
    flatten -> Linear(F, D) -> x + Dropout(Linear(GELU(x))) -> LayerNorm(D)``
    (paper, appendix A.2.5, in the form of NeuroBridge's code; first in NICE
    :footcite:p:`Song2024`). The 1 x 1 convolution is in the code only. The lineage
    uses it for all channels, for MEG and between subjects.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T, at least ``kernel_size + pool_size - 1``, which is
        75 by default.
    n_outputs : int
        Width D of the output.
    kernel_size : int
        Length of the convolution over time, in samples. Default 25, as published
        for 250 Hz.
    pool_size : int
        Length of the average, in samples. Default 51.
    drop_prob : float
        Dropout probability, in the convolutions and in the head. Default 0.5.

    Raises
    ------
    ValueError
        If the signals are too short.

    References
    ----------
    .. footbibliography::
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        kernel_size: int = 25,
        pool_size: int = 51,
        drop_prob: float = 0.5,
    ) -> None:
        super().__init__()
        self.patches = TemporalSpatial(
            "tsconv", n_chans, n_times, kernel_size, pool_size, drop_prob
        )
        self.head = ResidualHead(self.patches.n_features, n_outputs, drop_prob)

    def forward(self, x: Tensor) -> Tensor:
        """Encode signals.

        Parameters
        ----------
        x : Tensor, shape (n, n_chans, n_times)
            The signals.

        Returns
        -------
        z : Tensor, shape (n, n_outputs)
            The neural features z_N.
        """
        return self.head(self.patches(x).flatten(1))
