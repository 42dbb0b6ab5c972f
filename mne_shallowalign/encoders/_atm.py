"""ATM, attention among channels and then convolutions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .._scalars import check_counts, check_flags, check_probabilities
from ._dropout import Dropout
from ._head import ResidualHead
from ._temporal_spatial import TemporalSpatial
from ._transformer import TransformerBlock


class ATM(nn.Module):
    """Adaptive Thinking Mapper: iTransformer, convolutional patches, residual head.

    The channels are the tokens: ``Linear(T, d) -> Dropout -> transformer block (4
    heads, hidden layer of 256, norms after the residual sums) -> LayerNorm(d) ->
    patches and head of TSConv`` (paper, appendix A.2.3; ATM-S of
    :footcite:t:`Li2024`). A head is ``d // n_heads`` wide, so that T need not be a
    multiple of the heads.

    Text and code differ twice. The code sets a learnt token for the unknown subject
    beside the channels (``subject_token``); here it takes part in the attention and
    is then dropped, whereas the slice in the code drops the last channel in its
    place, which is not repeated. The text has an encoding of the position
    (``positions``), which the code holds but does not call.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T.
    n_outputs : int
        Width D of the output.
    d_model : int | None
        Width d of a token, at least ``kernel_size + pool_size - 1``, which is 75 by
        default. None (default): T, as published.
    n_layers : int
        Number of transformer blocks. Default 1.
    n_heads : int
        Number of attention heads. Default 4.
    subject_token : bool
        Whether the learnt token takes part in the attention. Default True.
    positions : bool
        Whether a sinusoidal encoding of the number of the channel is added to each
        token. Default False.
    kernel_size : int
        Length of the convolution over time, in samples. Default 25.
    pool_size : int
        Length of the average, in samples. Default 51.
    drop_prob : float
        Dropout probability of the patches and the head. Default 0.5.
    att_drop_prob : float
        Dropout probability in the transformer. Default 0.25.

    Raises
    ------
    ValueError
        If the tokens are too short, or there are more heads than a token is wide.

    References
    ----------
    .. footbibliography::
    """

    positions: torch.Tensor | None

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        d_model: int | None = None,
        n_layers: int = 1,
        n_heads: int = 4,
        subject_token: bool = True,
        positions: bool = False,
        kernel_size: int = 25,
        pool_size: int = 51,
        drop_prob: float = 0.5,
        att_drop_prob: float = 0.25,
    ) -> None:
        super().__init__()
        check_counts(n_chans=n_chans, n_times=n_times, n_layers=n_layers)
        check_flags(subject_token=subject_token, positions=positions)
        check_probabilities(att_drop_prob=att_drop_prob)
        width = n_times if d_model is None else d_model
        check_counts(d_model=width)
        self.embed = nn.Linear(n_times, width)
        self.register_buffer(
            "positions", sinusoids(n_chans, width) if positions else None, False
        )
        self.token = nn.Parameter(torch.randn(1, 1, width)) if subject_token else None
        self.dropout = Dropout(att_drop_prob)
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(width, n_heads, 256, att_drop_prob, norm_first=False)
                for _ in range(n_layers)
            )
        )
        self.norm = nn.LayerNorm(width)
        self.patches = TemporalSpatial(
            "atm", n_chans, width, kernel_size, pool_size, drop_prob
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
        n_chans = x.shape[1]
        x = self.embed(x)
        if self.positions is not None:
            x = x + self.positions
        if self.token is not None:
            x = torch.cat([x, self.token.to(x.dtype).expand(len(x), 1, -1)], 1)
        x = self.norm(self.blocks(self.dropout(x)))[:, :n_chans]
        return self.head(self.patches(x).flatten(1))


def sinusoids(n_tokens: int, width: int) -> Tensor:
    """Encode positions as sines and cosines of geometrically spaced frequencies.

    Parameters
    ----------
    n_tokens : int
        Number of positions.
    width : int
        Width of a token.

    Returns
    -------
    encoding : Tensor, shape (n_tokens, width)
        Sines in the even columns and cosines in the odd ones.
    """
    even = torch.arange(0, width, 2)
    angles = torch.arange(n_tokens)[:, None] * (-math.log(10000) * even / width).exp()
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :width]
