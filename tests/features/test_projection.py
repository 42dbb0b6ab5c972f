from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from mne_shallowalign.features._projection import _foldings, project


@pytest.mark.parametrize(("n_inputs", "width"), [(300, 64), (64, 64), (10, 64)])
def test_a_sparse_matrix_of_half_ones(n_inputs, width):
    matrix = project(torch.eye(n_inputs), width)
    assert matrix.shape == (n_inputs, width)
    assert set(np.unique((2 * matrix).abs())) <= {0, 1, 2, 3, 4}
    # four entries of 1/2 each, some of which share a place
    assert (matrix.abs().sum(1) <= 2).all()
    assert (2 * matrix).abs().sum() > 0.9 * 4 * n_inputs


def test_it_is_linear():
    x = torch.randn(5, 300, generator=torch.Generator().manual_seed(0))
    matrix = project(torch.eye(300), 64)
    torch.testing.assert_close(project(x, 64), x @ matrix, rtol=1e-5, atol=1e-5)


def test_inner_products_are_kept_on_average():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 500))
    estimates = []
    for _ in range(400):  # other places, other entries of the matrix
        placed = torch.zeros(2, 3000)
        placed[:, rng.permutation(3000)[:500]] = torch.tensor(np.array([x, y])).float()
        a, b = project(placed, 100)
        estimates.append([float(a @ b), float(a @ a)])
    mean, error = np.mean(estimates, 0), np.std(estimates, 0) / 20
    np.testing.assert_array_less(abs(mean - [x @ y, x @ x]), 4 * error)
    assert np.std(estimates, 0)[1] < 1.2 * np.sqrt(2 / 100) * (x @ x)


def test_the_seed_is_fixed_for_good():
    """Cached features of other versions stay comparable: the draw may never change."""
    drawn = _foldings(1000, 10, torch.device("cpu"))
    rng = np.random.RandomState([20260127, 1000, 10])
    for order, signs in drawn:
        np.testing.assert_array_equal(order, rng.permutation(1000))
        np.testing.assert_array_equal(signs, rng.randint(0, 2, 1000, np.int8) * 2 - 1)
    said = b"".join(part.numpy().tobytes() for pair in drawn for part in pair)
    assert hashlib.sha256(said).hexdigest()[:8] == "a22800bc"


def test_no_global_random_state():
    _foldings.cache_clear()
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    project(torch.ones(1, 33), 4)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
