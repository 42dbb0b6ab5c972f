"""Ridge regression, against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from mne_shallowalign.alignment import RidgePath, _ridge
from mne_shallowalign.alignment._ridge import LARGEST_GAIN, LeftOut

N_IMAGES = 15


@pytest.fixture(params=[(50, 20), (30, 70)], ids=["tall", "wide"])
def data(request):
    """Signals with an offset, images shown a varying number of times."""
    rng = np.random.default_rng(0)
    n_trials, n_inputs = request.param
    X = rng.standard_normal((n_trials, n_inputs)).astype(np.float32) + 3
    index = rng.integers(0, N_IMAGES, n_trials)
    index[:N_IMAGES] = np.arange(N_IMAGES)
    return X, index, rng.standard_normal((N_IMAGES, 4)) + 1


def make_path(X, index):
    return RidgePath(torch.from_numpy(X), torch.from_numpy(index))


@pytest.mark.parametrize("alpha", [0.1, 10.0, 1e4])
def test_weights_are_those_of_scikit_learn(data, alpha):
    X, index, Y = data
    weights, intercept = make_path(X, index).solve(torch.from_numpy(Y), alpha)
    expected = Ridge(alpha=alpha).fit(X.astype(float), Y[index])
    np.testing.assert_allclose(weights.numpy().T, expected.coef_, atol=1e-10)
    np.testing.assert_allclose(intercept.numpy(), expected.intercept_, atol=1e-10)


@pytest.mark.parametrize("alpha", [1e-4, 0.1, 10.0])
def test_left_out_is_predicted_as_by_a_fit_without_it(data, alpha):
    X, index, Y = data
    path, target = make_path(X, index), torch.from_numpy(Y)
    out = np.flatnonzero(index < 4)
    kept = np.flatnonzero(index >= 4)
    part = LeftOut(path, torch.from_numpy(out), [1.0, alpha])
    moments = target[index[out]], path.project(target), path.offset(target)
    refit = Ridge(alpha=alpha).fit(X[kept].astype(float), Y[index[kept]])
    found = part.predict(1, *moments).numpy()
    np.testing.assert_allclose(found, refit.predict(X[out]), atol=1e-3)
    part.gains[1] = part.gains[1].double()
    if part.gains[1].abs().max() > LARGEST_GAIN:  # then nothing was rounded
        np.testing.assert_array_equal(part.predict(1, *moments).numpy(), found)


def test_no_penalty_at_all_is_refused():
    """A regression that goes through every trial says nothing of those left out."""
    X = np.random.default_rng(0).standard_normal((30, 70)).astype(np.float32)
    path = make_path(X, np.arange(30))
    with pytest.raises(ValueError, match="alpha=1e-30 is too small"):
        LeftOut(path, torch.arange(6), [1e-30])


def test_chunks_do_not_matter(data, monkeypatch):
    X, index, Y = data
    whole = make_path(X, index).solve(torch.from_numpy(Y), 1.0)[0]
    monkeypatch.setattr(_ridge, "ROWS", 7)
    cut = make_path(X, index).solve(torch.from_numpy(Y), 1.0)[0]
    torch.testing.assert_close(cut, whole)


def test_redundant_inputs(data):
    """Copies of channels make the Gram matrix singular, and change no prediction."""
    X, index, Y = data
    doubled = np.concatenate([X, X], axis=1)
    target = torch.from_numpy(Y)
    weights, intercept = make_path(doubled, index).solve(target, 2.0)
    expected = Ridge(alpha=1.0).fit(X.astype(float), Y[index]).predict(X)
    found = doubled.astype(float) @ weights.numpy() + intercept.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_signal_that_says_nothing_gives_the_mean():
    X, index = np.ones((6, 3), np.float32), np.arange(6)
    target = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator())
    weights, intercept = make_path(X, index).solve(target, 1.0)
    assert weights.count_nonzero() == 0
    torch.testing.assert_close(intercept, target.mean(0))
