"""EEGConformer, convolutions and then attention over time."""

from __future__ import annotations

from torch import Tensor, nn

from .._scalars import check_counts, check_probabilities
from ._temporal_spatial import N_FILTERS, TemporalSpatial
from ._transformer import TransformerBlock


class EEGConformer(nn.Module):
    """Convolutional patches, a transformer over them, a linear head.

    ``patches of TSConv -> 2 x [x + Dropout(Attention(LayerNorm(x))), x +
    Dropout(Linear(Dropout(GELU(Linear(LayerNorm(x))))))] -> flatten -> Linear(F, D)
    -> BatchNorm(D) -> ELU``: appendix A.2.4 of the paper, whose patches are those of
    ATM and TSConv, and whose head is linear with batch norm and ELU. No code of it
    was published; what the text leaves open (norms before attention and net, hidden
    layer four times as wide, the dropouts) is as in :footcite:t:`Song2023`, whose
    own patches (pooling over 75 samples, after the channels) and head differ:
    braindecode has that one.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T, at least ``kernel_size + pool_size - 1``, which is
        75 by default.
    n_outputs : int
        Width D of the output.
    n_layers : int
        Number of transformer blocks. Default 2.
    n_heads : int
        Number of attention heads. Default 10.
    kernel_size : int
        Length of the convolution over time, in samples. Default 25.
    pool_size : int
        Length of the average, in samples. Default 51.
    drop_prob : float
        Dropout probability of the patches. Default 0.5.
    att_drop_prob : float
        Dropout probability in the transformer. Default 0.5.

    Raises
    ------
    ValueError
        If the signals are too short, or ``n_heads`` is more than 40.

    References
    ----------
    .. footbibliography::
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        n_layers: int = 2,
        n_heads: int = 10,
        kernel_size: int = 25,
        pool_size: int = 51,
        drop_prob: float = 0.5,
        att_drop_prob: float = 0.5,
    ) -> None:
        super().__init__()
        check_counts(n_outputs=n_outputs, n_layers=n_layers)
        check_probabilities(att_drop_prob=att_drop_prob)
        self.patches = TemporalSpatial(
            "eegconformer", n_chans, n_times, kernel_size, pool_size, drop_prob
        )
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(
                    N_FILTERS, n_heads, 4 * N_FILTERS, att_drop_prob, norm_first=True
                )
                for _ in range(n_layers)
            )
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(self.patches.n_features, n_outputs),
            nn.BatchNorm1d(n_outputs),
            nn.ELU(),
        )

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
        return self.head(self.blocks(self.patches(x).mT))
