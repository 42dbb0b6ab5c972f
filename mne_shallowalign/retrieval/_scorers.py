"""Retrieval scores for the tools of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._concepts import concept_accuracy
from ._identity import find_repeats
from ._metrics import _check_k
from ._rank_metrics import is_better_when_smaller, rank_metric


def top_k_scorer(k: int = 1) -> Callable[[Any, Any, Any], float]:
    """Make a scorer for ``cross_val_score``, ``GridSearchCV`` and their kin.

    Parameters
    ----------
    k : int
        A query is right when its picture is among the best ``k``. Default 1.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``: the share of the trials ``X`` whose picture is
        among the best ``k`` of the unique pictures of ``y``, by
        ``estimator.ranks(X, y)``. It can be pickled.

    Raises
    ------
    ValueError
        If ``k`` is not an integer of at least 1.

    Examples
    --------
    >>> from mne_shallowalign.retrieval import top_k_scorer
    >>> top_k_scorer(k=5)
    TopKScorer(k=5)
    """
    _check_k(k)
    return TopKScorer(k)


@dataclass(frozen=True)
class TopKScorer:
    """What :func:`top_k_scorer` returns; a class so that it can be pickled."""

    k: int

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted estimator on trials and their pictures."""
        return float(np.mean(estimator.ranks(X, y) <= self.k))


def rank_scorer(metric: str = "mrr") -> Callable[[Any, Any, Any], float]:
    """Make a scorer of any metric of ranks.

    Parameters
    ----------
    metric : str
        ``"mrr"`` (default), ``"two_way"``, ``"mean_rank"``, ``"median_rank"`` or
        ``"top<k>"``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``: larger is better, so mean and median rank come with
        a minus, as scikit-learn's losses do. The gallery is the unique pictures of
        ``y``. It can be pickled.

    Raises
    ------
    ValueError
        If there is no such metric.

    Examples
    --------
    Several at once, for ``cross_validate``:

    >>> from mne_shallowalign.retrieval import rank_scorer
    >>> {name: rank_scorer(name) for name in ("top1", "mean_rank")}
    {'top1': RankScorer(metric='top1'), 'mean_rank': RankScorer(metric='mean_rank')}
    """
    rank_metric(metric)
    return RankScorer(metric)


@dataclass(frozen=True)
class RankScorer:
    """What :func:`rank_scorer` returns; a class so that it can be pickled."""

    metric: str

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted estimator on trials and their pictures."""
        n_gallery = len(find_repeats(y)[0])
        value = rank_metric(self.metric)(estimator.ranks(X, y), n_gallery)
        return -value if is_better_when_smaller(self.metric) else value


def concept_scorer(
    categories: Mapping[Any, Any], k: int = 5
) -> Callable[[Any, Any, Any], float]:
    """Make a scorer of concept accuracy.

    Parameters
    ----------
    categories : mapping
        The category of each picture, by its name in ``y``.
    k : int
        How many other candidates count. Default 5.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``: :func:`concept_accuracy` among the unique pictures
        of ``y``, by ``estimator.decision_function(X, gallery)``. It can be pickled.

    Raises
    ------
    ValueError
        If ``k`` is not an integer of at least 1.
    """
    _check_k(k)
    return ConceptScorer(categories, k)


@dataclass(frozen=True)
class ConceptScorer:
    """What :func:`concept_scorer` returns; a class so that it can be pickled."""

    categories: Mapping[Any, Any] = field(repr=False)
    k: int

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted estimator on trials and their pictures."""
        names = np.asarray(y)
        first, truth = find_repeats(names)
        gallery = names[first]
        missing = [name for name in gallery if name not in self.categories]
        if missing:
            raise ValueError(
                f"categories must have every picture of y, but {len(missing)} are "
                f"missing, such as {missing[0]!r}."
            )
        similarity = estimator.decision_function(X, gallery)
        own = [self.categories[name] for name in gallery]
        return concept_accuracy(similarity, truth, own, self.k)
