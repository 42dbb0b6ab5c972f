"""Maximum mean discrepancy between subjects."""

import itertools
import math

import pytest
import torch

from mne_shallowalign.alignment import subject_mmd


def brute_force(x, subjects):
    """The formula, one pair of trials and one kernel at a time."""
    n = len(x)
    squares = [
        [sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for q in x] for p in x
    ]
    width = sum(map(sum, squares)) / (n * (n - 1))

    def mean_kernel(first, second):
        return sum(
            math.exp(-squares[i][j] / (width * 2.0**power))
            for i, j in itertools.product(first, second)
            for power in (-2, -1, 0, 1, 2)
        ) / (len(first) * len(second))

    members = [[i for i in range(n) if subjects[i] == s] for s in sorted(set(subjects))]
    found = [
        mean_kernel(a, a) + mean_kernel(b, b) - 2 * mean_kernel(a, b)
        for a, b in itertools.combinations(members, 2)
    ]
    return sum(found) / len(found)


@pytest.fixture
def embeddings():
    return torch.randn(23, 5, dtype=torch.float64, generator=torch.manual_seed(0))


def test_equals_the_formula_for_subjects_of_unequal_number(embeddings):
    subjects = torch.tensor([7] * 4 + [2] * 12 + [5] * 7)
    expected = brute_force(embeddings.tolist(), subjects.tolist())
    assert subject_mmd(embeddings, subjects).item() == pytest.approx(expected)


def test_zero_for_the_same_embeddings_and_for_one_subject(embeddings):
    twice, subjects = embeddings.repeat(2, 1), torch.arange(2).repeat_interleave(23)
    assert subject_mmd(twice, subjects).item() == pytest.approx(0, abs=1e-12)
    assert subject_mmd(embeddings, torch.zeros(23)).item() == 0
    collapsed = torch.ones(6, 3)
    assert subject_mmd(collapsed, torch.arange(6) % 2).item() == pytest.approx(0)


def test_grows_with_the_distance_and_descent_removes_it(embeddings):
    subjects = torch.arange(23) % 2
    shift = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    values = []
    for _ in range(60):
        moved = embeddings + shift * subjects[:, None]
        loss = subject_mmd(moved, subjects)
        (gradient,) = torch.autograd.grad(loss, shift)
        values.append(loss.item())
        with torch.no_grad():
            shift -= 0.5 * gradient
    assert values[-1] < values[0] / 5
    assert abs(shift.item()) < 1


def test_mixed_precision_does_not_blur_it(embeddings):
    half, subjects = embeddings.bfloat16(), torch.arange(23) % 3
    expected = subject_mmd(half.double(), subjects).item()
    with torch.autocast("cpu", torch.bfloat16):
        assert subject_mmd(half, subjects).item() == pytest.approx(expected, rel=1e-4)
