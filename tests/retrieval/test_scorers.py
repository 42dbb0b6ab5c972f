"""The scorer in scikit-learn's own tools."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_val_score, cross_validate

from mne_shallowalign.retrieval import (
    concept_accuracy,
    concept_scorer,
    mean_rank,
    rank_scorer,
    ranks,
    score_similarity,
    top_k_scorer,
)


class NearestNumber(BaseEstimator):
    """Retrieve the number in X among the unique numbers of y."""

    def fit(self, X, y):
        """Learn nothing."""
        return self

    def ranks(self, X, y):
        """Rank by distance."""
        gallery, truth = np.unique(y, return_inverse=True)
        return ranks(-np.abs(X - gallery), truth)

    def decision_function(self, X, gallery):
        """Compare by distance."""
        return -np.abs(X - gallery)


def test_cross_val_score_takes_it():
    """A reader of clean numbers is right; of shifted ones only at k = 2."""
    y = np.tile(np.arange(5.0), 6)
    X = y[:, np.newaxis]

    def scores(X, k):
        return cross_val_score(NearestNumber(), X, y, scoring=top_k_scorer(k), cv=6)

    np.testing.assert_array_equal(scores(X, 1), np.ones(6))
    shifted = np.minimum(X + 0.9, 4)  # only the last number stays the nearest
    np.testing.assert_allclose(scores(shifted, 1), np.full(6, 0.2))
    np.testing.assert_array_equal(scores(shifted, 2), np.ones(6))


def test_it_pickles_and_shows_itself():
    """Worker processes and logs need both."""
    scorer = pickle.loads(pickle.dumps(top_k_scorer(5)))
    assert scorer == top_k_scorer(5)
    assert repr(scorer) == "TopKScorer(k=5)"


def test_bad_k():
    """Refused when made, not when used."""
    with pytest.raises(ValueError, match="k must be"):
        top_k_scorer(0)


def test_cross_validate_takes_several():
    """Every metric at once, each against the table of one split."""
    rng = np.random.default_rng(0)
    y = np.tile(np.arange(5.0), 6)
    X = (y + rng.normal(0, 1.5, 30))[:, np.newaxis]
    names = ("top1", "top2", "mrr", "two_way", "mean_rank", "median_rank")
    scorers = {name: rank_scorer(name) for name in names}
    found = cross_validate(NearestNumber(), X, y, scoring=scorers, cv=3)
    blocks = [(X[i : i + 10], y[i : i + 10]) for i in (0, 10, 20)]
    for split, (signal, number) in enumerate(blocks):
        expected = score_similarity(
            -np.abs(signal - np.arange(5)), number.astype(int), ks=(1, 2)
        )
        for name in names:
            sign = -1 if name.endswith("rank") else 1
            value = found[f"test_{name}"][split]
            assert value == pytest.approx(sign * expected[name])


def test_larger_is_better():
    """A better reader scores higher, whatever the metric counts."""
    y = np.arange(8.0)
    good, bad = y[:, np.newaxis], y[::-1, np.newaxis]
    for name in ("top1", "mrr", "two_way", "mean_rank", "median_rank"):
        scorer = pickle.loads(pickle.dumps(rank_scorer(name)))
        assert scorer(NearestNumber(), good, y) > scorer(NearestNumber(), bad, y)
    assert rank_scorer("mean_rank")(NearestNumber(), good, y) == -mean_rank(
        np.eye(8), np.arange(8)
    )


def test_unknown_metric():
    """Refused when made, not when used."""
    with pytest.raises(ValueError, match="metric must be"):
        rank_scorer("accuracy")


def test_concepts_among_the_unique_pictures():
    """Even and odd numbers, in an order that is not theirs."""
    rng = np.random.default_rng(1)
    y = rng.permutation(np.repeat(np.arange(8.0), 3))
    X = (y + rng.normal(0, 2, 24))[:, np.newaxis]
    scorer = concept_scorer({number: number % 2 for number in range(8)}, k=3)
    expected = concept_accuracy(
        -np.abs(X - np.arange(8)), y.astype(int), np.arange(8) % 2, 3
    )
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(NearestNumber(), X, y) == pytest.approx(expected)
    found = cross_val_score(NearestNumber(), X, y, scoring=scorer, cv=2)
    assert np.all((found >= 0) & (found <= 1))


def test_a_picture_without_category():
    """Named, before anything is computed; and k is checked at once."""
    with pytest.raises(ValueError, match=r"1 are missing, such as .*2\.0"):
        concept_scorer({0.0: "a", 1.0: "b"})(None, np.zeros((3, 1)), [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="k must be"):
        concept_scorer({}, k=0)
