"""Numbers that look at the whole rank, not only at the best few."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._ranks import some_ranks


def mean_rank(similarity: ArrayLike, truth: ArrayLike) -> float:
    """Average the ranks of the right pictures.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    rank : float
        From 1 (always the best) to ``n_gallery``; ``(n_gallery + 1) / 2`` by
        guessing.

    Raises
    ------
    ValueError
        If there is no query, or for the reasons of :func:`ranks`.
    """
    return _measure("mean_rank", similarity, truth)


def median_rank(similarity: ArrayLike, truth: ArrayLike) -> float:
    """Take the median of the ranks of the right pictures.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    rank : float
        From 1 to ``n_gallery``; about ``(n_gallery + 1) / 2`` by guessing. A few
        queries that fail badly do not move it.

    Raises
    ------
    ValueError
        If there is no query, or for the reasons of :func:`ranks`.
    """
    return _measure("median_rank", similarity, truth)


def mean_reciprocal_rank(similarity: ArrayLike, truth: ArrayLike) -> float:
    """Average one over the rank of the right picture.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    mrr : float
        From ``1 / n_gallery`` to 1; ``sum(1 / r for r in 1 .. n_gallery) /
        n_gallery`` by guessing. Of ties it is one over their average rank.

    Raises
    ------
    ValueError
        If there is no query, or for the reasons of :func:`ranks`.
    """
    return _measure("mrr", similarity, truth)


def two_way_accuracy(similarity: ArrayLike, truth: ArrayLike) -> float:
    """Probability that the right picture beats a random other one.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    accuracy : float
        Between 0 and 1; 0.5 by guessing, whatever the size of the gallery. A tie
        counts half.

    Raises
    ------
    ValueError
        If there is no query, the gallery has fewer than two candidates, or for the
        reasons of :func:`ranks`.

    Notes
    -----
    Two-way identification :footcite:`Kay2008`, over all pairs and not a sample of
    them: the mean of ``1 - (rank - 1) / (n_gallery - 1)``, which is also the area
    under the ROC curve of each query, averaged.

    References
    ----------
    .. footbibliography::
    """
    return _measure("two_way", similarity, truth)


def rank_metric(name: str) -> Callable[[NDArray[Any], int], float]:
    """Look up what turns ranks and the size of the gallery into a number.

    Parameters
    ----------
    name : str
        ``"mean_rank"``, ``"median_rank"``, ``"mrr"``, ``"two_way"`` or ``"top<k>"``.

    Returns
    -------
    metric : callable
        ``metric(ranks, n_gallery) -> float``.

    Raises
    ------
    ValueError
        If there is no such metric.
    """
    if name in _METRICS:
        return _METRICS[name]
    if isinstance(name, str) and re.fullmatch("top[1-9][0-9]*", name):
        k = int(name.removeprefix("top"))
        return lambda found, n_gallery: float(np.mean(found <= k))
    raise ValueError(
        f"metric must be 'top1', 'top5' or another 'top<k>', or one of "
        f"{sorted(_METRICS)}, got {name!r}."
    )


def is_better_when_smaller(name: str) -> bool:
    """Tell whether a metric of :func:`rank_metric` counts ranks themselves.

    Parameters
    ----------
    name : str
        The metric.

    Returns
    -------
    smaller : bool
        True of ranks, False of accuracies.
    """
    return name in ("mean_rank", "median_rank")


def _two_way(found: NDArray[Any], n_gallery: int) -> float:
    if n_gallery < 2:
        raise ValueError(
            "two-way identification needs at least two candidates, got a gallery of "
            f"{n_gallery}."
        )
    return float(1 - np.mean(found - 1) / (n_gallery - 1))


_METRICS: dict[str, Callable[[NDArray[Any], int], float]] = {
    "mean_rank": lambda found, n_gallery: float(np.mean(found)),
    "median_rank": lambda found, n_gallery: float(np.median(found)),
    "mrr": lambda found, n_gallery: float(np.mean(1 / found)),
    "two_way": _two_way,
}


def _measure(name: str, similarity: ArrayLike, truth: ArrayLike) -> float:
    similarity = np.asarray(similarity)
    return rank_metric(name)(some_ranks(similarity, truth), similarity.shape[1])
