"""EEGNet, compact convolutions."""

from __future__ import annotations

from torch import Tensor, nn

from .._scalars import check_counts, check_flags, check_probabilities
from ._dropout import Dropout
from ._head import ResidualHead
from ._shortest import check_length

SECOND_KERNEL = 16
POOL_SIZE = 2


class EEGNet(nn.Module):
    """EEGNet with the residual head of the paper.

    ``Conv(1, 8, (1, 64)) -> BatchNorm -> Conv(8, 16, (C, 1)) -> BatchNorm -> ELU ->
    AvgPool((1, 2)) -> Dropout -> Conv(16, 16, (1, 16)) -> BatchNorm -> ELU ->
    Dropout2d -> flatten -> Linear(F, D) -> x + Dropout(Linear(GELU(x))) ->
    LayerNorm(D)``. The text of the paper (appendix A.2.2), as
    :footcite:t:`Lawhern2018`, has a depthwise and a separable convolution; the code
    that it follows (NeuroBridge) has plain ones. Neither has the padding and the norm
    constraints of the original.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T, at least ``kernel_size + 31``, which is 95 by
        default.
    n_outputs : int
        Width D of the output.
    kernel_size : int
        Length of the convolution over time, in samples. Default 64.
    separable : bool
        True: as in the text, the convolution over channels is depthwise and the last
        one separable, that is depthwise and then 1 x 1. False (default): plain
        convolutions, as in the code.
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
        kernel_size: int = 64,
        separable: bool = False,
        drop_prob: float = 0.5,
    ) -> None:
        super().__init__()
        check_counts(n_chans=n_chans, n_times=n_times, n_outputs=n_outputs)
        check_counts(kernel_size=kernel_size)
        check_flags(separable=separable)
        check_probabilities(drop_prob=drop_prob)
        shortest = kernel_size - 1 + POOL_SIZE * SECOND_KERNEL
        check_length("eegnet", n_times, shortest, "kernel_size")
        n_windows = (n_times - kernel_size + 1) // POOL_SIZE - SECOND_KERNEL + 1
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 8, (1, kernel_size)),
            nn.BatchNorm2d(8),
            nn.Conv2d(8, 16, (n_chans, 1), groups=8 if separable else 1),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.AvgPool2d((1, POOL_SIZE)),
            Dropout(drop_prob),
            *_second_convolution(separable),
            nn.BatchNorm2d(16),
            nn.ELU(),
            nn.Dropout2d(drop_prob),
        )
        self.head = ResidualHead(16 * n_windows, n_outputs, drop_prob)

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
        return self.head(self.convolutions(x[:, None]).flatten(1))


def _second_convolution(separable: bool) -> list[nn.Module]:
    if not separable:
        return [nn.Conv2d(16, 16, (1, SECOND_KERNEL))]
    return [nn.Conv2d(16, 16, (1, SECOND_KERNEL), groups=16), nn.Conv2d(16, 16, 1)]
