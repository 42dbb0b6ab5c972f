"""Whitening of one side of the shared space."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf, shrunk_covariance

from .._scalars import check_number

Embeddings = tuple[NDArray[Any], NDArray[Any]]


def whiten_gallery(
    embeddings: Embeddings, *, shrinkage: float | None = None
) -> Embeddings:
    """Centre and whiten the candidates by their own mean and covariance.

    Parameters
    ----------
    embeddings : tuple of array
        Queries (n_queries, n_components) and candidates (n_gallery, n_components).
    shrinkage : float | None
        How far the covariance is moved towards a multiple of the identity, from 0 to
        1. None (default): as far as Ledoit and Wolf say.

    Returns
    -------
    embeddings : tuple of array
        The queries as they were, and the whitened candidates.
    """
    return embeddings[0], _whiten(embeddings[1], shrinkage)


def whiten_queries(
    embeddings: Embeddings, *, shrinkage: float | None = None
) -> Embeddings:
    """Centre and whiten the queries by their own mean and covariance.

    Parameters
    ----------
    embeddings : tuple of array
        Queries (n_queries, n_components) and candidates (n_gallery, n_components).
    shrinkage : float | None
        As in :func:`whiten_gallery`.

    Returns
    -------
    embeddings : tuple of array
        The whitened queries, and the candidates as they were.
    """
    return _whiten(embeddings[0], shrinkage), embeddings[1]


def cosine(embeddings: Embeddings) -> NDArray[np.float64]:
    """Compare every query with every candidate.

    Parameters
    ----------
    embeddings : tuple of array
        Queries (n_queries, n_components) and candidates (n_gallery, n_components).

    Returns
    -------
    similarity : array, shape (n_queries, n_gallery)
        Cosines.
    """
    from sklearn.metrics.pairwise import cosine_similarity

    return cosine_similarity(*embeddings)


def _whiten(rows: NDArray[Any], shrinkage: float | None) -> NDArray[np.float64]:
    """Multiply by the symmetric inverse root of the covariance (ZCA)."""
    centred = rows - rows.mean(axis=0)
    if shrinkage is None:
        covariance, _ = ledoit_wolf(centred, assume_centered=True)
    else:
        check_number(shrinkage, "shrinkage", Real, min_val=0, max_val=1)
        covariance = shrunk_covariance(centred.T @ centred / len(rows), shrinkage)
    values, vectors = np.linalg.eigh(covariance)
    least = values[-1] * len(values) * np.finfo(float).eps
    roots = np.where(values > least, np.maximum(values, least), np.inf) ** -0.5
    return centred @ (vectors * roots) @ vectors.T
