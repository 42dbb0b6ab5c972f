"""All numbers of one set of queries at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ._concepts import concept_accuracy
from ._metrics import _check_k
from ._rank_metrics import rank_metric
from ._ranks import some_ranks


def score_similarity(
    similarity: ArrayLike,
    truth: ArrayLike,
    *,
    ks: Sequence[int] = (1, 5),
    categories: ArrayLike | None = None,
) -> dict[str, float]:
    """Compute every metric, ranking once.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        How alike each query and each candidate are; larger is more alike.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    ks : sequence of int
        The k of the top-k accuracies. Default ``(1, 5)``.
    categories : array-like, shape (n_gallery,) | None
        The category of each candidate, for concept accuracy.

    Returns
    -------
    scores : dict of str to float
        ``"top1"``, ``"top5"`` and so on (:func:`top_k_accuracy`), ``"mean_rank"``,
        ``"median_rank"``, ``"mrr"`` (:func:`mean_reciprocal_rank`), ``"two_way"``
        (:func:`two_way_accuracy`) and, with categories, ``"concept5"``
        (:func:`concept_accuracy` at 5).

    Raises
    ------
    ValueError
        If there is no query, the gallery has fewer than two candidates, a k is not at
        least 1, there is not one category for each candidate, or for the reasons of
        :func:`ranks`.

    Examples
    --------
    >>> from mne_shallowalign.retrieval import score_similarity
    >>> score_similarity([[0.9, 0.1, 0.4], [0.3, 0.2, 0.1]], [0, 1], ks=(1,))
    {'top1': 0.5, 'mean_rank': 1.5, 'median_rank': 1.5, 'mrr': 0.75, 'two_way': 0.75}
    """
    for k in ks:
        _check_k(k)
    found, n_gallery = some_ranks(similarity, truth), np.shape(similarity)[1]
    names = [f"top{k}" for k in ks] + ["mean_rank", "median_rank", "mrr", "two_way"]
    scores = {name: rank_metric(name)(found, n_gallery) for name in names}
    if categories is not None:
        scores["concept5"] = concept_accuracy(similarity, truth, categories, k=5)
    return scores
