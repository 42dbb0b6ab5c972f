"""Retrieval scores for the tools of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._metrics import _check_k


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
