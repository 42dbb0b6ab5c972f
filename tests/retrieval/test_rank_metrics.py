"""Means of ranks by hand, by brute force and by the area under a curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from mne_shallowalign.retrieval import (
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    two_way_accuracy,
)
from mne_shallowalign.retrieval._rank_metrics import rank_metric

METRICS = (mean_rank, median_rank, mean_reciprocal_rank, two_way_accuracy)


@pytest.fixture(params=[3, 1_000_000], ids=["ties", "no ties"])
def matrix(request):
    rng = np.random.default_rng(0)
    similarity = rng.integers(request.param, size=(60, 11)).astype(float)
    return similarity, rng.integers(11, size=60)


def test_by_hand():
    """Ranks 1, 3 and, in a tie of two, 1.5."""
    similarity, truth = [[3, 2, 1], [3, 2, 1], [2, 2, 1]], [0, 2, 1]
    assert mean_rank(similarity, truth) == pytest.approx(5.5 / 3)
    assert median_rank(similarity, truth) == 1.5
    assert mean_reciprocal_rank(similarity, truth) == pytest.approx(2 / 3)
    assert two_way_accuracy(similarity, truth) == pytest.approx((1 + 0 + 0.75) / 3)


def test_means_are_those_of_scipy_ranks(matrix):
    """Ranks of a second source, ties included."""
    similarity, truth = matrix
    found = rankdata(-similarity, axis=1)[np.arange(60), truth]
    assert mean_rank(similarity, truth) == pytest.approx(found.mean())
    assert median_rank(similarity, truth) == np.median(found)
    expected = sum(1 / r for r in found) / 60
    assert mean_reciprocal_rank(similarity, truth) == pytest.approx(expected)


def test_two_way_is_every_comparison(matrix):
    """Pair by pair with half a point for a tie, and as scikit-learn's AUC."""
    similarity, truth = matrix
    points = [
        (row[right] > row[other]) + 0.5 * (row[right] == row[other])
        for row, right in zip(similarity, truth, strict=True)
        for other in range(11)
        if other != right
    ]
    areas = [
        roc_auc_score(np.arange(11) == t, row)
        for row, t in zip(similarity, truth, strict=True)
    ]
    assert two_way_accuracy(similarity, truth) == pytest.approx(np.mean(points))
    assert two_way_accuracy(similarity, truth) == pytest.approx(np.mean(areas))


def test_guessing_gets_the_documented_values():
    """50,000 queries without signal, 8 candidates; standard errors below 0.015."""
    rng = np.random.default_rng(1)
    guess = rng.standard_normal((50_000, 8)), rng.integers(8, size=50_000)
    assert mean_rank(*guess) == pytest.approx(4.5, abs=0.05)
    assert median_rank(*guess) in (4, 5)
    expected = np.mean(1 / np.arange(1, 9))
    assert mean_reciprocal_rank(*guess) == pytest.approx(expected, abs=0.008)
    assert two_way_accuracy(*guess) == pytest.approx(0.5, abs=0.007)


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_to_average(metric):
    """No query has no mean, and the errors of ranks pass."""
    with pytest.raises(ValueError, match="at least one query"):
        metric(np.empty((0, 3)), np.empty(0, int))
    with pytest.raises(ValueError, match="NaN"):
        metric([[1.0, np.nan]], [0])


def test_two_way_needs_two():
    """One candidate has nothing to be compared with."""
    with pytest.raises(ValueError, match="at least two candidates.*gallery of 1"):
        two_way_accuracy([[1.0]], [0])


@pytest.mark.parametrize("name", ["top0", "top", "top-1", "top1.5", "accuracy", 5])
def test_unknown_metric(name):
    """The message says what there is."""
    with pytest.raises(ValueError, match="metric must be 'top1'.*'two_way'"):
        rank_metric(name)
