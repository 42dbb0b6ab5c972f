"""The null distribution against every permutation, and false alarms."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from mne_shallowalign.retrieval import (
    permutation_chance,
    score_similarity,
)


@pytest.mark.parametrize("metric", ["top1", "top2", "mrr", "two_way", "mean_rank"])
def test_null_is_the_mean_over_all_permutations(metric):
    """Five pictures have 120 permutations; similarities with ties and a hub."""
    rng = np.random.default_rng(0)
    similarity = rng.integers(3, size=(5, 6)).astype(float)
    similarity[:, 2] += 1
    truth = np.array([0, 1, 2, 3, 5])
    every = [
        score_similarity(similarity, truth[list(order)], ks=(1, 2))[metric]
        for order in permutations(range(5))
    ]
    found = permutation_chance(similarity, truth, metric=metric, n_permutations=4000)
    error = np.std(every) / np.sqrt(4000)
    assert found.chance == pytest.approx(np.mean(every), abs=4 * error + 1e-12)
    assert set(np.round(found.null, 9)) <= set(np.round(every, 9))
    assert found.observed == score_similarity(similarity, truth, ks=(1, 2))[metric]


def test_p_value_counts_the_observed_one():
    """A perfect decoder of 30 pictures is beaten by no permutation."""
    found = permutation_chance(np.eye(30), np.arange(30), n_permutations=199)
    assert found.p_value == 1 / 200
    assert found.observed == 1
    worse = permutation_chance(-np.eye(30), np.arange(30), n_permutations=199)
    assert worse.p_value == 1


def test_smaller_ranks_are_better():
    """A mean rank of one is significant, the largest one is not."""
    first, last = (
        permutation_chance(
            sign * np.eye(12), np.arange(12), metric="mean_rank", n_permutations=99
        )
        for sign in (1, -1)
    )
    assert (first.p_value, last.p_value) == (0.01, 1)


def test_trials_of_one_picture_stay_together():
    """Ten copies of each query of a lucky guess do not make it significant."""
    rng = np.random.default_rng(1)
    similarity = rng.standard_normal((6, 6))
    once = permutation_chance(similarity, np.arange(6), metric="two_way")
    copies = permutation_chance(
        np.repeat(similarity, 10, axis=0), np.repeat(np.arange(6), 10), metric="two_way"
    )
    assert copies.p_value == once.p_value
    np.testing.assert_allclose(copies.null, once.null)


def test_false_alarms_are_as_rare_as_promised():
    """Shuffled truth, 300 studies with three trials of each picture."""
    rng, p_values = np.random.default_rng(2), []
    for _ in range(300):
        signature = np.repeat(rng.standard_normal((8, 8)), 3, axis=0)
        similarity = signature + 0.2 * rng.standard_normal((24, 8))
        truth = np.repeat(rng.permutation(8), 3)
        p_values.append(
            permutation_chance(
                similarity,
                truth,
                metric="two_way",
                n_permutations=39,
                random_state=int(rng.integers(2**31)),
            ).p_value
        )
    share = np.mean(np.array(p_values) <= 0.05)
    assert 0.01 < share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_bad_input():
    """Unknown metric, one picture, no permutation, no query."""
    with pytest.raises(ValueError, match="metric must be"):
        permutation_chance(np.eye(2), [0, 1], metric="auc")
    with pytest.raises(ValueError, match="at least two pictures"):
        permutation_chance(np.eye(2), [0, 0])
    with pytest.raises(ValueError, match="n_permutations"):
        permutation_chance(np.eye(2), [0, 1], n_permutations=0)
    with pytest.raises(ValueError, match="at least one query"):
        permutation_chance(np.empty((0, 2)), np.empty(0, int))
