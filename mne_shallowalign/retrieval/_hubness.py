"""Whether a few candidates are retrieved for everything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ._metrics import _check_k
from ._ranks import retrieved_share, some_ranks


class Hubness(NamedTuple):
    """What :func:`~mne_shallowalign.retrieval.hubness` returns.

    Parameters
    ----------
    skewness : float
        Of how often each candidate is retrieved; 0 without hubs.
    never : float
        Share of the gallery that no query retrieves.
    largest : float
        Share of the queries that retrieve the largest hub.
    """

    skewness: float
    never: float
    largest: float


def hubness(similarity: ArrayLike, k: int = 10) -> Hubness:
    """Measure how unevenly candidates are retrieved.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    k : int
        How many are retrieved for each query; all if there are fewer. Default 10.

    Returns
    -------
    hubness : Hubness
        ``skewness`` of the k-occurrence (how often each candidate is among the best k
        of a query), ``never``, the share of the gallery that is never retrieved, and
        ``largest``, the share of the queries that retrieve the largest hub.

    Raises
    ------
    ValueError
        If there is no query or candidate, a similarity is NaN or ``k`` is not at least
        1.

    See Also
    --------
    calibrate : Some methods of which reduce hubs.

    Notes
    -----
    The skewness of :footcite:t:`Radovanovic2010`. No truth is needed. Candidates that
    tie for the last places share them. With as many queries as candidates and a perfect
    decoder the skewness is 0 at k = 1; that of random retrieval is near
    ``1 / sqrt(n_queries k / n_gallery)``.

    References
    ----------
    .. footbibliography::
    """
    from scipy.stats import skew

    _check_k(k)
    similarity = np.asarray(similarity)
    some_ranks(similarity, np.zeros(len(similarity), int))  # for what it refuses
    n_queries, n_gallery = similarity.shape
    counts = retrieved_share(similarity, min(int(k), n_gallery)).sum(axis=0)
    skewness = skew(counts) if np.ptp(counts) > 1e-9 * n_queries else 0
    return Hubness(
        float(skewness), float(np.mean(counts == 0)), float(counts.max() / n_queries)
    )
