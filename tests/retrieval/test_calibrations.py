"""Published formulas as loops, and what each correction promises."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from mne_shallowalign.retrieval import top_k_accuracy
from mne_shallowalign.retrieval._calibrations import (
    csls,
    hungarian,
    inverted_softmax,
    mutual_neighbours,
    sinkhorn,
)

ALL = (csls, inverted_softmax, sinkhorn, mutual_neighbours, hungarian)


@pytest.fixture
def similarity():
    return np.random.default_rng(0).uniform(-1, 1, (7, 9))


@pytest.mark.parametrize("k", [1, 3, 50])
def test_csls_is_the_formula_of_conneau(similarity, k):
    """2 cos(x, y) - r_T(x) - r_S(y), r over the k nearest on the other side."""
    found = csls(similarity, k=k)
    for i in range(7):
        for j in range(9):
            of_query = np.mean(sorted(similarity[i], reverse=True)[:k])
            of_candidate = np.mean(sorted(similarity[:, j], reverse=True)[:k])
            expected = 2 * similarity[i, j] - of_query - of_candidate
            assert found[i, j] == pytest.approx(expected)


@pytest.mark.parametrize("temperature", [0.05, 1])
def test_inverted_softmax_is_the_formula_of_smith(similarity, temperature):
    """The probability with which a candidate chooses each query."""
    found = inverted_softmax(similarity, temperature=temperature)
    for j in range(9):
        weights = [np.exp(similarity[i, j] / temperature) for i in range(7)]
        np.testing.assert_allclose(np.exp(found[:, j]), weights / np.sum(weights))


def test_sinkhorn_is_a_transport_plan(similarity):
    """Marginals; and of the form diag(u) exp(s / t) diag(v), which makes it unique."""
    plan = np.exp(sinkhorn(similarity, temperature=0.5, n_iterations=200))
    np.testing.assert_allclose(plan.sum(axis=1), 1)
    np.testing.assert_allclose(plan.sum(axis=0), 7 / 9)
    ratio = np.log(plan) - similarity / 0.5
    centred = ratio - ratio.mean(axis=0) - ratio.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(centred, -ratio.mean(), atol=1e-9)


def test_sinkhorn_is_the_plain_iteration(similarity):
    """Cuturi's scaling of exp(s / t), not in logarithms."""
    plan = np.exp(similarity / 0.2)
    for _ in range(20):
        plan = plan / plan.sum(axis=0) * (7 / 9)
        plan = plan / plan.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(sinkhorn(similarity, temperature=0.2)), plan)


def test_small_temperatures_do_not_overflow(similarity):
    """Everything stays finite where exp(1000) is not."""
    for found in (
        inverted_softmax(similarity, temperature=1e-3),
        sinkhorn(similarity, temperature=1e-3),
    ):
        assert np.isfinite(found).all()


def test_mutual_neighbours_come_first(similarity):
    """Raised or not by sorting both ways; the order within both is as it was."""
    found = mutual_neighbours(similarity, k=3)
    for i in range(7):
        mutual = [
            j
            for j in range(9)
            if j in np.argsort(-similarity[i])[:3]
            and i in np.argsort(-similarity[:, j])[:3]
        ]
        order = [j for j in np.argsort(-similarity[i]) if j in mutual]
        order += [j for j in np.argsort(-similarity[i]) if j not in mutual]
        np.testing.assert_array_equal(np.argsort(-found[i]), order)


def test_hungarian_is_the_best_of_all_assignments():
    """Of 120; the order of the others stays."""
    similarity = np.random.default_rng(1).standard_normal((5, 5))
    best = max(
        permutations(range(5)), key=lambda order: similarity[range(5), order].sum()
    )
    found = hungarian(similarity)
    np.testing.assert_array_equal(found.argmax(axis=1), best)
    for i, assigned in enumerate(best):
        others = np.delete(np.arange(5), assigned)
        np.testing.assert_array_equal(found[i, others], similarity[i, others])


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_hungarian_of_unequal_sides(shape):
    """No candidate twice; queries too many keep what they had."""
    similarity = np.random.default_rng(2).standard_normal(shape)
    changed = hungarian(similarity) != similarity
    assert changed.sum() == 4
    assert changed.sum(axis=0).max() == changed.sum(axis=1).max() == 1


def test_equal_similarities_do_not_find_the_diagonal():
    """A decoder that says the same for every picture must not become right."""
    constant = np.zeros((60, 60))
    for calibration in ALL:
        assert top_k_accuracy(calibration(constant), np.arange(60)) < 0.1


@pytest.mark.parametrize("calibration", ALL)
def test_order_does_not_matter(similarity, calibration):
    """Permuting queries and candidates permutes the result."""
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(7), rng.permutation(9)
    np.testing.assert_allclose(
        calibration(similarity[np.ix_(rows, columns)]),
        calibration(similarity)[np.ix_(rows, columns)],
    )


@pytest.mark.parametrize(
    ("calibration", "params", "match"),
    [
        (csls, {"k": 0}, "k == 0, must be >= 1"),
        (mutual_neighbours, {"k": 0}, "k == 0, must be >= 1"),
        (inverted_softmax, {"temperature": 0}, "temperature == 0, must be > 0"),
        (sinkhorn, {"temperature": -1}, "temperature == -1, must be > 0"),
        (sinkhorn, {"n_iterations": 0}, "n_iterations == 0, must be >= 1"),
    ],
)
def test_bad_parameters(similarity, calibration, params, match):
    """Refused by name."""
    with pytest.raises(ValueError, match=match):
        calibration(similarity, **params)
