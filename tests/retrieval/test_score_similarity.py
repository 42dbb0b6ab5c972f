"""The table of all numbers against the functions that give one."""

from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign import retrieval


def test_it_is_each_metric():
    """Keys and values, with and without categories."""
    rng = np.random.default_rng(0)
    similarity = rng.integers(9, size=(40, 12)).astype(np.float32)
    truth, categories = rng.integers(12, size=40), rng.integers(3, size=12)
    found = retrieval.score_similarity(similarity, truth)
    assert found == {
        "top1": retrieval.top_k_accuracy(similarity, truth),
        "top5": retrieval.top_k_accuracy(similarity, truth, 5),
        "mean_rank": retrieval.mean_rank(similarity, truth),
        "median_rank": retrieval.median_rank(similarity, truth),
        "mrr": retrieval.mean_reciprocal_rank(similarity, truth),
        "two_way": retrieval.two_way_accuracy(similarity, truth),
    }
    assert all(type(value) is float for value in found.values())
    found = retrieval.score_similarity(similarity, truth, ks=(), categories=categories)
    assert "top1" not in found
    assert found["concept5"] == retrieval.concept_accuracy(
        similarity, truth, categories
    )


def test_shuffled_truth_gives_chance():
    """Label noise: 400 queries of a perfect decoder, pictures drawn anew."""
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(20), 20)
    similarity = np.eye(20)[truth] + 0.1 * rng.standard_normal((400, 20))
    scores = retrieval.score_similarity(similarity, rng.permutation(truth))
    for k, name in ((1, "top1"), (5, "top5")):
        low, high = retrieval.proportion_interval(round(400 * scores[name]), 400, 0.99)
        assert low <= retrieval.chance_level(20, k) <= high
    assert scores["two_way"] == pytest.approx(0.5, abs=0.04)
    assert scores["mean_rank"] == pytest.approx(10.5, abs=0.9)


def test_bad_input():
    """What its parts refuse."""
    with pytest.raises(ValueError, match="k must be"):
        retrieval.score_similarity([[1.0, 2.0]], [0], ks=(0,))
    with pytest.raises(ValueError, match="at least one query"):
        retrieval.score_similarity(np.empty((0, 2)), np.empty(0, int))
    with pytest.raises(ValueError, match="one category for each"):
        retrieval.score_similarity([[1.0, 2.0]], [0], categories=["a"])
