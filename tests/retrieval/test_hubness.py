"""The k-occurrence, counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew

from mne_shallowalign.retrieval import hubness


@pytest.mark.parametrize("k", [1, 4, 10])
def test_it_is_a_count(k):
    """Each query's best k by sorting, and the skewness of the counts."""
    similarity = np.random.default_rng(0).standard_normal((80, 30))
    counts = [0] * 30
    for row in similarity:
        for j in np.argsort(-row)[:k]:
            counts[j] += 1
    found = hubness(similarity, k)
    third = np.mean((counts - np.mean(counts)) ** 3)
    assert found.skewness == pytest.approx(third / np.std(counts) ** 3)
    assert found.never == np.mean(np.array(counts) == 0)
    assert found.largest == max(counts) / 80


def test_one_hub_for_all():
    """A column that is always best is retrieved by all, and no other is."""
    similarity = np.eye(20)
    similarity[:, 3] = 2
    found = hubness(similarity, 1)
    assert found.largest == 1
    assert found.never == pytest.approx(19 / 20)
    assert found.skewness == pytest.approx(skew([1] + [0] * 19))


def test_without_hubs():
    """Perfect, constant, and more places than candidates."""
    assert hubness(np.eye(20), 1) == (0, 0, 1 / 20)
    assert hubness(np.zeros((20, 20)), 5) == (0, 0, pytest.approx(0.25))
    assert hubness(np.random.default_rng(1).random((9, 4)), 10) == (0, 0, 1)


def test_an_offset_makes_hubs_in_many_dimensions():
    """What Radovanovic et al. show: skewness grows with the dimension."""
    rng = np.random.default_rng(2)
    few, many = (
        -np.linalg.norm(x[:, np.newaxis] - x, axis=2)
        for x in (rng.standard_normal((200, 2)), rng.standard_normal((200, 100)))
    )
    assert hubness(many).skewness > hubness(few).skewness + 1


def test_bad_input():
    """Nothing to count, NaN, a bad k."""
    with pytest.raises(ValueError, match="at least one query"):
        hubness(np.empty((0, 3)))
    with pytest.raises(ValueError, match="NaN"):
        hubness([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="k must be"):
        hubness(np.eye(3), 0)
