"""The rank of the right picture among all candidates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Similarities compared at once: a block of booleans of this size is 16 MiB.
_BLOCK = 2**24


def ranks(similarity: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Rank the right picture of each query among the gallery.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    ranks : array of float, shape (n_queries,)
        1 for the best. Candidates that tie share the average of the ranks that
        they occupy, so that a decoder that says the same for every picture gets
        the middle rank and not, by the order of the gallery, the first.

    Raises
    ------
    ValueError
        If the shapes do not fit, a similarity is NaN, or ``truth`` points outside
        of the gallery.
    TypeError
        If ``truth`` is not made of integers.

    Notes
    -----
    The same as ``scipy.stats.rankdata(-row, method="average")[truth]`` row by row,
    without sorting and in blocks of rows: the memory needed on top of the input
    does not grow with the number of queries.

    Examples
    --------
    >>> from mne_shallowalign.retrieval import ranks
    >>> ranks([[0.9, 0.1, 0.4], [0.2, 0.2, 0.1]], [2, 0])
    array([2. , 1.5])
    """
    similarity = np.asarray(similarity)
    truth = np.asarray(truth)
    _check_shapes(similarity, truth)
    n_queries, n_gallery = similarity.shape
    found = np.empty(n_queries)
    n_rows = max(1, _BLOCK // n_gallery)
    for start in range(0, n_queries, n_rows):
        block = slice(start, start + n_rows)
        found[block] = _rank_block(similarity[block], truth[block], start)
    return found


def some_ranks(similarity: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Rank as :func:`ranks` does, and refuse to have nothing to rank.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.

    Returns
    -------
    ranks : array of float, shape (n_queries,)
        At least one.

    Raises
    ------
    ValueError
        If there is no query, or for the reasons of :func:`ranks`.
    """
    found = ranks(similarity, truth)
    if len(found) == 0:
        raise ValueError("A mean over queries needs at least one query, got none.")
    return found


def retrieved_share(similarity: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Return the probability of each candidate to be among the best ``k``.

    Parameters
    ----------
    similarity : array, shape (n_queries, n_gallery)
        How alike each query and each candidate are.
    k : int
        How many candidates are retrieved.

    Returns
    -------
    share : array of float, shape (n_queries, n_gallery)
        1 or 0, and between them where candidates tie for the last places: the
        expected value under a random order. Rows sum to ``k``.
    """
    from scipy.stats import rankdata  # takes a second to import

    first = rankdata(-similarity, method="min", axis=1)
    last = rankdata(-similarity, method="max", axis=1)
    return np.clip((k - first + 1) / (last - first + 1), 0, 1)


def _rank_block(
    similarity: NDArray[Any], truth: NDArray[Any], first_query: int
) -> NDArray[np.float64]:
    bad = np.flatnonzero(np.isnan(similarity).any(axis=1))
    if len(bad):
        raise ValueError(
            f"similarity has NaN in {len(bad)} row(s), the first of them "
            f"{(bad[:5] + first_query).tolist()}; a query without a similarity to "
            "every candidate has no rank."
        )
    right = np.take_along_axis(similarity, truth[:, np.newaxis], axis=1)
    n_better = np.count_nonzero(similarity > right, axis=1)
    n_equal = np.count_nonzero(similarity == right, axis=1)  # the right one included
    return n_better + (n_equal + 1) / 2


def _check_shapes(similarity: NDArray[Any], truth: NDArray[Any]) -> None:
    if similarity.ndim != 2 or similarity.shape[1] == 0:
        raise ValueError(
            "similarity must have the shape (n_queries, n_gallery) with at least one "
            f"candidate, got {similarity.shape}."
        )
    if truth.shape != similarity.shape[:1]:
        raise ValueError(
            f"truth must hold one column for each of the {similarity.shape[0]} "
            f"queries, got the shape {truth.shape}."
        )
    if truth.size and not np.issubdtype(truth.dtype, np.integer):
        raise TypeError(f"truth must be made of integers, got {truth.dtype}.")
    outside = np.flatnonzero((truth < 0) | (truth >= similarity.shape[1]))
    if len(outside):
        raise ValueError(
            f"truth must lie in 0 .. {similarity.shape[1] - 1}, the columns of "
            f"similarity; query {outside[0]} has {truth[outside[0]]}."
        )
