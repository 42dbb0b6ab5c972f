"""From ranks to the numbers that are reported."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike

from ._ranks import some_ranks


def top_k_accuracy(similarity: ArrayLike, truth: ArrayLike, k: int = 1) -> float:
    """Share of the queries whose right picture is among the best ``k``.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    k : int
        How many candidates count. Default 1.

    Returns
    -------
    accuracy : float
        Between 0 and 1: the share of queries with ``ranks(...) <= k``. Ties count
        by their average rank, so a constant similarity earns nothing.

    Raises
    ------
    ValueError
        If there is no query, ``k`` is not at least 1, or for the reasons of
        :func:`ranks`.
    """
    _check_k(k)
    return float(np.mean(some_ranks(similarity, truth) <= k))


def chance_level(n_gallery: int, k: int = 1) -> float:
    """Top-k accuracy of guessing.

    Parameters
    ----------
    n_gallery : int
        How many candidates there are.
    k : int
        How many candidates count. Default 1.

    Returns
    -------
    chance : float
        ``k / n_gallery``, and 1 when ``k`` covers the whole gallery.

    Raises
    ------
    ValueError
        If either number is not an integer of at least 1.
    """
    _check_k(k)
    if not isinstance(n_gallery, Integral) or n_gallery < 1:
        raise ValueError(f"n_gallery must be an integer >= 1, got {n_gallery!r}.")
    return float(min(1.0, k / n_gallery))


def proportion_interval(
    n_hits: int, n: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Wilson score interval of a share.

    Parameters
    ----------
    n_hits : int
        How many queries were right.
    n : int
        How many queries there were.
    confidence : float
        How sure to be, between 0 and 1. Default 0.95.

    Returns
    -------
    low, high : float
        The bounds, between 0 and 1.

    Raises
    ------
    ValueError
        If ``n_hits`` is not an integer in ``0 .. n``, ``n`` is not at least 1, or
        ``confidence`` is not between 0 and 1.

    Notes
    -----
    The interval of E. B. Wilson (1927), "Probable inference, the law of succession,
    and statistical inference", JASA 22, as computed by SciPy. It takes the queries
    for independent: it holds for *these* people, pictures and fitted decoders, and
    says nothing of how the score would vary with others. Trials that show the same
    picture, or that belong to the same person, are not independent, and the true
    interval is then wider.
    """
    from scipy.stats import binomtest  # takes a second to import

    counts = isinstance(n_hits, Integral) and isinstance(n, Integral)
    if not (counts and n >= 1 and 0 <= n_hits <= n):
        raise ValueError(
            "n_hits must be an integer in 0 .. n and n an integer >= 1, "
            f"got n_hits={n_hits!r}, n={n!r}."
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    interval = binomtest(n_hits, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _check_k(k: int) -> None:
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k must be an integer >= 1, got {k!r}.")
