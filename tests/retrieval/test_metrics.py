"""Accuracies, chance and intervals against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.retrieval import (
    chance_level,
    proportion_interval,
    top_k_accuracy,
)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_top_k_without_ties_is_a_sort(k):
    """Without ties the k best columns of a stable sort decide."""
    rng = np.random.default_rng(0)
    similarity = rng.standard_normal((200, 12))
    truth = rng.integers(12, size=200)
    best = np.argsort(-similarity, axis=1)[:, :k]
    expected = np.mean([t in row for t, row in zip(truth, best, strict=True)])
    assert top_k_accuracy(similarity, truth, k) == pytest.approx(expected)


def test_ties_are_worth_their_average_rank():
    """A tie of two is no hit at 1 and a hit at 2; a constant earns nothing."""
    assert top_k_accuracy([[1.0, 1.0, 0.0]], [0], k=1) == 0
    assert top_k_accuracy([[1.0, 1.0, 0.0]], [0], k=2) == 1
    assert top_k_accuracy(np.zeros((4, 9)), [0, 1, 2, 3], k=4) == 0


def test_chance_is_what_guessing_gets():
    """The definition, its cap, and a simulation."""
    assert chance_level(200) == 1 / 200
    assert chance_level(200, 5) == 5 / 200
    assert chance_level(3, 5) == 1
    rng = np.random.default_rng(3)
    guess = rng.standard_normal((20_000, 10))
    hit = top_k_accuracy(guess, rng.integers(10, size=20_000), k=3)
    assert hit == pytest.approx(chance_level(10, 3), abs=0.015)


@pytest.mark.parametrize(("n_hits", "n"), [(0, 10), (7, 20), (200, 200), (90, 200)])
@pytest.mark.parametrize(("confidence", "z"), [(0.95, 1.959964), (0.9, 1.644854)])
def test_interval_is_the_formula_of_wilson(n_hits, n, confidence, z):
    """(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    p = n_hits / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = (p + z**2 / (2 * n) + half * np.array([-1, 1])) / (1 + z**2 / n)
    found = proportion_interval(n_hits, n, confidence)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert 0 <= found[0] <= p <= found[1] <= 1


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "1"])
def test_bad_k(k):
    """A k that is not a count is refused by name."""
    with pytest.raises(ValueError, match="k must be an integer"):
        chance_level(5, k)
    with pytest.raises(ValueError, match="k must be an integer"):
        top_k_accuracy([[1.0]], [0], k)


def test_bad_counts():
    """No gallery, no query, more hits than queries."""
    with pytest.raises(ValueError, match="n_gallery"):
        chance_level(0)
    with pytest.raises(ValueError, match="at least one query"):
        top_k_accuracy(np.empty((0, 3)), np.empty(0, int))
    for n_hits, n in ((3, 2), (-1, 2), (0, 0), (0.5, 2)):
        with pytest.raises(ValueError, match="n_hits must be an integer in 0"):
            proportion_interval(n_hits, n)
    with pytest.raises(ValueError, match="confidence must"):
        proportion_interval(1, 2, confidence=95)
