"""The head that the encoders of the paper share."""

from __future__ import annotations

from torch import Tensor, nn

from .._scalars import check_counts, check_probabilities
from ._dropout import Dropout


class ResidualHead(nn.Module):
    """Project, one residual block, layer norm.

    ``Linear(F, D) -> x + Dropout(Linear(GELU(x))) -> LayerNorm(D)``.

    Parameters
    ----------
    n_features : int
        Number F of values per signal.
    n_outputs : int
        Width D of the hidden layer and of the output.
    drop_prob : float
        Dropout probability in the residual branch. Default 0.5.
    """

    def __init__(self, n_features: int, n_outputs: int, drop_prob: float = 0.5) -> None:
        super().__init__()
        check_counts(n_features=n_features, n_outputs=n_outputs)
        check_probabilities(drop_prob=drop_prob)
        self.project = nn.Linear(n_features, n_outputs)
        self.residual = nn.Sequential(
            nn.GELU(), nn.Linear(n_outputs, n_outputs), Dropout(drop_prob)
        )
        self.norm = nn.LayerNorm(n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Encode signals.

        Parameters
        ----------
        x : Tensor, shape (..., n_features)
            Values of every signal.

        Returns
        -------
        z : Tensor, shape (..., n_outputs)
            The neural features z_N.
        """
        x = self.project(x)
        return self.norm(x + self.residual(x))
