"""Self-attention among tokens, and the block around it."""

from __future__ import annotations

from torch import Tensor, nn

from .._scalars import check_counts
from ._dropout import Dropout


class SelfAttention(nn.Module):
    """Multi-head self-attention for tokens of any width.

    Each head is ``width // n_heads`` wide, as in the lineage's iTransformer (4 heads
    of 62 for tokens of 250); :class:`torch.nn.MultiheadAttention` demands that the
    heads divide the width, and agrees where they do.

    Parameters
    ----------
    width : int
        Width of a token.
    n_heads : int
        Number of heads, at most ``width``.
    drop_prob : float
        Dropout probability of the attention weights.

    Raises
    ------
    ValueError
        If there are more heads than the tokens are wide.
    """

    def __init__(self, width: int, n_heads: int, drop_prob: float) -> None:
        super().__init__()
        check_counts(n_heads=n_heads)
        if n_heads > width:
            raise ValueError(
                f"n_heads must be between 1 and the width of a token, {width}; got "
                f"{n_heads}."
            )
        self.heads = (3, n_heads, width // n_heads)
        inner = n_heads * (width // n_heads)
        self.queries_keys_values = nn.Linear(width, 3 * inner)
        self.dropout = Dropout(drop_prob)
        self.output = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Let every token attend to all.

        Parameters
        ----------
        x : Tensor, shape (n, n_tokens, width)
            The tokens.

        Returns
        -------
        y : Tensor, shape (n, n_tokens, width)
            The new tokens.
        """
        projected = self.queries_keys_values(x).unflatten(2, self.heads)
        q, k, v = projected.permute(2, 0, 3, 1, 4)  # each (n, heads, tokens, width)
        weights = (q @ k.mT / self.heads[2] ** 0.5).softmax(3)
        return self.output((self.dropout(weights) @ v).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Self-attention and a feed-forward net, each with its residual and layer norm.

    Parameters
    ----------
    width : int
        Width of a token.
    n_heads : int
        Number of attention heads.
    hidden : int
        Width of the hidden layer of the feed-forward net.
    drop_prob : float
        Dropout probability.
    norm_first : bool
        Whether the norms come before attention and net, or after the residual sums.
    """

    def __init__(
        self, width: int, n_heads: int, hidden: int, drop_prob: float, norm_first: bool
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = SelfAttention(width, n_heads, drop_prob)
        self.attention_norm = nn.LayerNorm(width)
        self.net = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            Dropout(drop_prob),
            nn.Linear(hidden, width),
        )
        self.net_norm = nn.LayerNorm(width)
        self.dropout = Dropout(drop_prob)

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens.

        Parameters
        ----------
        x : Tensor, shape (n, n_tokens, width)
            The tokens.

        Returns
        -------
        y : Tensor, shape (n, n_tokens, width)
            The new tokens.
        """
        if self.norm_first:
            x = x + self.dropout(self.attention(self.attention_norm(x)))
            return x + self.dropout(self.net(self.net_norm(x)))
        x = self.attention_norm(x + self.dropout(self.attention(x)))
        return self.net_norm(x + self.dropout(self.net(x)))
