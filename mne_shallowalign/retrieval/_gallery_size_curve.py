"""Accuracy among fewer candidates, exactly and without drawing galleries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._metrics import _check_k, chance_level
from ._ranks import some_ranks
from ._score_interval import score_interval

if TYPE_CHECKING:
    from pandas import DataFrame


def gallery_size_curve(
    similarity: ArrayLike,
    truth: ArrayLike,
    sizes: Sequence[int] | None = None,
    *,
    k: int = 1,
    confidence: float = 0.95,
) -> DataFrame:
    r"""Compute the accuracy expected among random galleries of each size.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    sizes : sequence of int | None
        How many candidates, the right one among them. None (default): 2, 4, 8 and so
        on, and the whole gallery.
    k : int
        A query is right when its picture is among the best ``k``. Default 1.
    confidence : float
        How sure to be, between 0 and 1. Default 0.95.

    Returns
    -------
    curve : DataFrame, shape (n_sizes, 6)
        The columns ``size``, ``top1`` (``top<k>``), ``low`` and ``high``
        (:func:`score_interval` over the shown pictures), ``chance`` and ``n_queries``.

    Raises
    ------
    ValueError
        If a size is not an integer from 1 to ``n_gallery``, fewer than two different
        pictures were shown, or for the reasons of :func:`top_k_accuracy`.

    Notes
    -----
    Nothing is drawn: of the :math:`N - 1` other candidates, b beat the right picture.
    How many of them are among :math:`m - 1` random others is hypergeometric, and the
    expected top-1 of a query is the probability of none,

    .. math:: \binom{N - 1 - b}{m - 1} \Big/ \binom{N - 1}{m - 1}.

    Ties count by their average rank, as everywhere, so that for ``k > 1`` the joint
    distribution of better and equal candidates is summed.
    """
    import pandas as pd

    _check_k(k)
    similarity, truth = np.asarray(similarity), np.asarray(truth)
    some_ranks(similarity, truth)  # for what it refuses
    sizes = _check_sizes(sizes, similarity.shape[1])
    right = np.take_along_axis(similarity, truth[:, np.newaxis], axis=1)
    n_better = np.count_nonzero(similarity > right, axis=1)
    n_equal = np.count_nonzero(similarity == right, axis=1) - 1
    rows = []
    for size in sizes:
        hits = _hit_probability(n_better, n_equal, similarity.shape[1] - 1, size - 1, k)
        interval = score_interval(hits, images=truth, confidence=confidence)
        rows.append((size, hits.mean(), *interval[1:], chance_level(size, k)))
    columns = ["size", f"top{k}", "low", "high", "chance"]
    return pd.DataFrame(rows, columns=columns).assign(n_queries=len(truth))


def _hit_probability(
    n_better: NDArray[Any], n_equal: NDArray[Any], n_others: int, n_drawn: int, k: int
) -> NDArray[np.float64]:
    """Return how probable it is that ``better + equal / 2 <= k - 1`` of those drawn."""
    from scipy.stats import hypergeom

    found = np.zeros(len(n_better))
    # SciPy wants an urn that is not empty; of what it lacks nothing is drawn
    n_not_better = np.maximum(n_others - n_better, 1)
    for better in range(min(k - 1, n_drawn) + 1):
        of_better = hypergeom.pmf(better, max(n_others, 1), n_better, n_drawn)
        possible = of_better > 0
        found[possible] += of_better[possible] * hypergeom.cdf(
            2 * (k - 1 - better),
            n_not_better[possible],
            n_equal[possible],
            n_drawn - better,
        )
    return np.clip(found, 0, 1)


def _check_sizes(sizes: Sequence[int] | None, n_gallery: int) -> list[int]:
    if sizes is None:
        doubled = 2 ** np.arange(1, max(2, int(np.ceil(np.log2(n_gallery)))))
        return [int(n) for n in doubled if n < n_gallery] + [n_gallery]
    given = np.asarray(sizes)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer) or not given.size:
        raise ValueError(f"sizes must be a sequence of integers, got {sizes!r}.")
    if given.min() < 1 or given.max() > n_gallery:
        raise ValueError(
            f"sizes must lie in 1 .. {n_gallery}, the size of the gallery, got "
            f"{given.tolist()}."
        )
    return given.tolist()
