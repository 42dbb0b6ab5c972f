"""The scorer in scikit-learn's own tools."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_val_score

from mne_shallowalign.retrieval import ranks, top_k_scorer


class NearestNumber(BaseEstimator):
    """Retrieve the number in X among the unique numbers of y."""

    def fit(self, X, y):
        """Learn nothing."""
        return self

    def ranks(self, X, y):
        """Rank by distance."""
        gallery, truth = np.unique(y, return_inverse=True)
        return ranks(-np.abs(X - gallery), truth)


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
