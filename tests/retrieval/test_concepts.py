"""Concept accuracy against a loop, chance, and real features of real pictures."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from mne_shallowalign.datasets import concept_categories, things_images
from mne_shallowalign.retrieval import concept_accuracy, concept_chance


def _loop(similarity, truth, categories, k):
    """Section 4.5, query by query, for similarities without ties."""
    n_matched = 0
    for row, right in zip(similarity, truth, strict=True):
        others = [c for c in np.argsort(-row) if c != right]
        n_matched += sum(categories[c] == categories[right] for c in others[:k])
    return n_matched / (k * len(truth))


@pytest.mark.parametrize("k", [1, 5, 11])
def test_concept_accuracy_is_the_count_of_the_paper(k):
    """Several queries of one picture included; 11 is every other candidate."""
    rng = np.random.default_rng(0)
    similarity = rng.standard_normal((50, 12))
    truth, categories = rng.integers(12, size=50), rng.integers(3, size=12)
    expected = _loop(similarity, truth, categories, k)
    found = concept_accuracy(similarity, truth, categories, k)
    assert found == pytest.approx(expected)
    assert concept_accuracy(similarity, truth, categories, 11) == pytest.approx(
        concept_chance(truth, categories)
    )


def test_ties_count_their_expected_value():
    """The mean over every order in which the gallery could have been."""
    similarity = np.array([[2.0, 2.0, 3.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    truth, categories = np.array([2, 0]), np.array(list("ababa"))
    every = []
    for order in permutations(range(5)):
        nudged = similarity + 1e-9 * np.array(order)
        every.append(_loop(nudged, truth, categories, 2))
    found = concept_accuracy(similarity, truth, categories, 2)
    assert found == pytest.approx(np.mean(every))


def test_whether_the_picture_itself_was_found_does_not_matter():
    """It is taken out of the candidates first."""
    rng = np.random.default_rng(1)
    similarity, truth = rng.standard_normal((9, 9)), np.arange(9)
    categories = np.arange(9) % 3
    before = concept_accuracy(similarity, truth, categories)
    for place in (-np.inf, -9.0, 9.0):
        np.fill_diagonal(similarity, place)
        assert concept_accuracy(similarity, truth, categories) == before


def test_guessing_gets_chance():
    """Within four standard errors of 20,000 queries, classes of unequal size."""
    rng = np.random.default_rng(2)
    truth, categories = rng.integers(30, size=20_000), np.arange(30) // 9
    guess = rng.standard_normal((20_000, 30))
    chance = concept_chance(truth, categories)
    assert concept_accuracy(guess, truth, categories) == pytest.approx(chance, abs=7e-3)


def test_pictures_of_things_eeg2(test_data):
    """CLIP tells the six classes of the 200 test pictures as was measured before."""
    features = np.load(
        test_data / "features" / "nice_clip_vitl14_things_eeg2_test_200x768.npy"
    ).reshape(200, -1)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    images = things_images().query("things_eeg2 == 'test'")
    concepts = images.sort_values("things_eeg2_condition")["concept"]
    categories = concept_categories()[concepts]
    assert categories.nunique() == 6
    found = concept_accuracy(unit @ unit.T, np.arange(200), categories)
    assert found == pytest.approx(0.705, abs=5e-4)
    assert concept_chance(np.arange(200), categories) == pytest.approx(0.206, abs=5e-4)


def test_bad_input():
    """Categories of another length, a gallery of one, no query, a bad k."""
    with pytest.raises(ValueError, match="one category for each of the 2 candidates"):
        concept_accuracy([[1.0, 2.0]], [0], ["a"])
    with pytest.raises(ValueError, match="besides the right picture"):
        concept_accuracy([[1.0]], [0], ["a"])
    with pytest.raises(ValueError, match="at least one query"):
        concept_accuracy(np.empty((0, 2)), np.empty(0, int), ["a", "b"])
    with pytest.raises(ValueError, match="k must be"):
        concept_accuracy([[1.0, 2.0]], [0], ["a", "b"], 0)
