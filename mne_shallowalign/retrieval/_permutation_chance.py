"""What the same similarities give when pictures are dealt out at random."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from .._scalars import check_number
from ._rank_metrics import is_better_when_smaller, rank_metric
from ._ranks import some_ranks


@dataclass(frozen=True)
class PermutationChance:
    """What :func:`~mne_shallowalign.retrieval.permutation_chance` returns.

    Parameters
    ----------
    metric : str
        The metric.
    observed : float
        Its value.
    null : array of float, shape (n_permutations,)
        Its values with the pictures permuted.
    p_value : float
        How often, one-sided, a permutation does as well.
    """

    metric: str
    observed: float
    null: NDArray[np.float64]
    p_value: float

    @property
    def chance(self) -> float:
        """Mean of the null distribution."""
        return float(self.null.mean())


def permutation_chance(
    similarity: ArrayLike,
    truth: ArrayLike,
    *,
    metric: str = "top1",
    n_permutations: int = 1000,
    random_state: int | np.random.RandomState | None = 0,
) -> PermutationChance:
    """Test a score against permutations of the pictures.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    metric : str
        ``"top1"`` (default), another ``"top<k>"``, ``"mrr"``, ``"two_way"``,
        ``"mean_rank"`` or ``"median_rank"``.
    n_permutations : int
        How many permutations. Default 1000, so that the smallest p-value is 1/1001.
    random_state : int | RandomState | None
        Draws the permutations. Default 0.

    Returns
    -------
    chance : PermutationChance
        ``observed``, ``null``, ``chance`` (its mean) and ``p_value``.

    Raises
    ------
    ValueError
        If there is no such metric, only one picture was shown, ``n_permutations`` is
        not at least 1, or for the reasons of :func:`ranks`.

    Notes
    -----
    Which of the shown pictures is right for which group of queries is permuted. Queries
    of one picture stay together, because they are alike for reasons of their own; with
    one query each it is the permutation of the queries. The similarities stay as they
    are, hubs included. The p-value is ``(1 + n_as_good) / (1 + n_permutations)``
    :footcite:`PhipsonSmyth2010`: never zero.

    References
    ----------
    .. footbibliography::
    """
    from scipy.stats import rankdata

    check_number(n_permutations, "n_permutations", Integral, min_val=1)
    measure, n_gallery = rank_metric(metric), np.shape(similarity)[-1]
    observed = measure(some_ranks(similarity, truth), n_gallery)
    shown, group = np.unique(truth, return_inverse=True)
    if len(shown) < 2:
        raise ValueError("truth must have at least two pictures to permute, got one.")
    # ranks of every query with respect to every shown picture, once
    every = rankdata(-np.asarray(similarity), axis=1)[:, shown]
    rng, rows = check_random_state(random_state), np.arange(len(group))
    null = np.array(
        [
            measure(every[rows, rng.permutation(len(shown))[group]], n_gallery)
            for _ in range(n_permutations)
        ]
    )
    sign = -1 if is_better_when_smaller(metric) else 1
    n_as_good = np.count_nonzero(sign * null >= sign * observed - 1e-12)
    p_value = (1 + n_as_good) / (1 + n_permutations)
    return PermutationChance(metric, observed, null, p_value)
