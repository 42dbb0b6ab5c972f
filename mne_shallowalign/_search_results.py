"""From ranks of held-out images to ``cv_results_``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from scipy.stats import rankdata


def top1(ranks: np.ndarray, n_gallery: int) -> float:
    """Share of the queries whose image ranks first."""
    return float(np.mean(ranks <= 1))


def top5(ranks: np.ndarray, n_gallery: int) -> float:
    """Share of the queries whose image is among the best five."""
    return float(np.mean(ranks <= 5))


def mrr(ranks: np.ndarray, n_gallery: int) -> float:
    """Mean reciprocal rank."""
    return float(np.mean(1 / ranks))


def mean_rank(ranks: np.ndarray, n_gallery: int) -> float:
    """Minus the mean relative rank: 0 is best, and -0.5 is chance."""
    return float(-np.mean((ranks - 1) / max(n_gallery - 1, 1)))


MEASURES: dict[str, Callable[[np.ndarray, int], float]] = {
    measure.__name__: measure for measure in (top1, top5, mrr, mean_rank)
}


@dataclass(frozen=True)
class RankScorer:
    """A scorer for scikit-learn's tools, of one of the measures by name."""

    measure: str

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted decoder on trials and their pictures."""
        n_gallery = len(set(estimator._identify(y)))
        return MEASURES[self.measure](estimator.ranks(X, y), n_gallery)


@dataclass(frozen=True)
class Outcome:
    """What one decoder, fitted on one fold with one seed, has found.

    Parameters
    ----------
    scores : mapping of str to float
        What it scored, by measure.
    failed : bool
        Whether it could not be fitted.
    fit_time, score_time : float
        Seconds.
    reason : str
        Why it could not be fitted.
    """

    scores: Mapping[str, float]
    failed: bool
    fit_time: float
    score_time: float
    reason: str = ""


def tabulate(
    params: Sequence[Mapping[str, Any]], outcomes: np.ndarray, selection: str
) -> dict[str, Any]:
    """Format outcomes as scikit-learn's ``cv_results_``.

    Parameters
    ----------
    params : sequence of dict, length n_candidates
        The parameters of each candidate.
    outcomes : array of Outcome, shape (n_candidates, n_splits, n_seeds)
        What was found.
    selection : str
        The measure that is repeated as ``"score"``.

    Returns
    -------
    results : dict of str to array
        Columns of length n_candidates.
    """
    results: dict[str, Any] = {}
    for name in ("fit_time", "score_time"):
        seconds = _array(outcomes, attrgetter(name))
        results[f"mean_{name}"] = seconds.mean((1, 2))
        results[f"std_{name}"] = seconds.std((1, 2))
    for name in params[0]:
        values = np.ma.empty(len(params), dtype=object)
        values[:] = [one[name] for one in params]
        results[f"param_{name}"] = values
    results["params"] = [dict(one) for one in params]
    for measure in outcomes[0, 0, 0].scores:
        scores = _scores(outcomes, measure)
        names = (measure, "score") if measure == selection else (measure,)
        for name in names:
            results |= _columns(name, scores)
    return results


def _scores(outcomes: np.ndarray, measure: str) -> np.ndarray:
    return _array(outcomes, lambda outcome: outcome.scores[measure])


def _array(outcomes: np.ndarray, read: Callable[[Outcome], float]) -> np.ndarray:
    return np.vectorize(read, otypes=[float])(outcomes)


def _columns(name: str, scores: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of shape (n_candidates, n_splits, n_seeds), their moments and ranks."""
    splits, seeds = scores.mean(2), scores.mean(1)
    columns = {f"split{i}_test_{name}": split for i, split in enumerate(splits.T)}
    if seeds.shape[1] > 1:
        columns |= {f"seed{i}_test_{name}": seed for i, seed in enumerate(seeds.T)}
    mean = splits.mean(1)
    known = np.where(np.isnan(mean), -np.inf, mean)
    return columns | {
        f"mean_test_{name}": mean,
        f"std_test_{name}": splits.std(1),
        f"rank_test_{name}": rankdata(-known, method="min").astype(np.int32),
    }
