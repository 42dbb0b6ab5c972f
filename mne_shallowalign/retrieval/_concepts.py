"""Whether what was retrieved is at least of the right kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._metrics import _check_k
from ._ranks import retrieved_share, some_ranks


def concept_accuracy(
    similarity: ArrayLike, truth: ArrayLike, categories: ArrayLike, k: int = 5
) -> float:
    """Share of the best ``k`` other pictures that are of the query's category.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    categories : array-like, shape (n_gallery,)
        The category of each candidate, such as
        ``datasets.concept_categories()[concepts]``. That of a query is that of its
        right picture.
    k : int
        How many candidates count; all others if there are fewer. Default 5.

    Returns
    -------
    accuracy : float
        Between 0 and 1. Guessing gets :func:`concept_chance`.

    Raises
    ------
    ValueError
        If there is no query, fewer than two candidates, not one category for each
        candidate, ``k`` is not at least 1, or for the reasons of :func:`ranks`.

    Notes
    -----
    Section 4.5 of :footcite:t:`Du2026`: "the proportion of Top-5 retrieved images
    that share the same concept category [...] as the query, excluding the query image
    itself [...]: we count the number of concept-matched items within the Top-5 results
    and normalize by 5M", M queries. We read it so that the right picture is taken out
    of the candidates first and the best ``k`` of the *others* are looked at: then the
    number does not depend on whether retrieval was right, and can reach 1. Where
    candidates tie for the last places, the expected value under a random order of them
    counts.

    References
    ----------
    .. footbibliography::
    """
    similarity, truth = np.array(similarity, float), np.asarray(truth)
    some_ranks(similarity, truth)  # for what it refuses
    alike = _same_category(truth, categories, similarity.shape[1])
    k = _count_others(k, similarity.shape[1])
    similarity[np.arange(len(truth)), truth] = -np.inf
    alike[np.arange(len(truth)), truth] = False
    return float(np.mean(np.sum(alike * retrieved_share(similarity, k), axis=1)) / k)


def concept_chance(truth: ArrayLike, categories: ArrayLike) -> float:
    """Concept accuracy of guessing.

    Parameters
    ----------
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    categories : array-like, shape (n_gallery,)
        The category of each candidate.

    Returns
    -------
    chance : float
        The share of the other candidates that are of the query's category, averaged
        over queries; the same for every ``k``.

    Raises
    ------
    ValueError
        If there are fewer than two candidates or not one category for each.
    """
    truth, categories = np.asarray(truth), np.asarray(categories)
    alike = _same_category(truth, categories, len(categories))
    _count_others(1, len(categories))
    return float(np.mean((alike.sum(axis=1) - 1) / (len(categories) - 1)))


def _same_category(
    truth: NDArray[Any], categories: ArrayLike, n: int
) -> NDArray[np.bool]:
    categories = np.asarray(categories)
    if categories.shape != (n,):
        raise ValueError(
            f"categories must name one category for each of the {n} candidates, got "
            f"the shape {categories.shape}."
        )
    return categories[truth][:, np.newaxis] == categories


def _count_others(k: int, n_gallery: int) -> int:
    _check_k(k)
    if n_gallery < 2:
        raise ValueError(
            "Concept accuracy needs a candidate besides the right picture, got a "
            f"gallery of {n_gallery}."
        )
    return min(int(k), n_gallery - 1)
