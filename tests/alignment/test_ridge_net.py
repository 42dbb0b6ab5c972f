"""A net that starts from ridge regression retrieves as ridge regression does."""

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from mne_shallowalign.alignment import (
    FlatLinear,
    RidgePath,
    build_net,
    start_from_ridge,
)

N, C, T, K = 60, 3, 10, 5
SIGNAL = {"n_chans": C, "n_times": T, "n_outputs": 8}


def make_net(n_components):
    module = {
        "encoder": "eegproject",
        "signal": SIGNAL,
        "encoder_params": None,
        "projector": "linear",
        "n_components": n_components,
    }
    criterion = {"n_features": K, "n_components": n_components}
    return build_net(module, criterion, device="cpu", weight_decay=0.0).initialize()


def make_path(rng):
    target = rng.standard_normal((N, K)) * [3, 2, 1, 0.5, 0.1]
    X = target @ rng.standard_normal((K, C * T)) + rng.standard_normal((N, C * T))
    X = X.astype(np.float32)
    return X, target, RidgePath(torch.from_numpy(X), torch.arange(N))


def test_axes_are_principal_components_of_fitted_values():
    X, target, path = make_path(np.random.default_rng(0))
    axes = path.axes(torch.from_numpy(target), 5.0).numpy()
    fitted = Ridge(alpha=5.0).fit(X.astype(float), target).predict(X)
    expected = PCA().fit(fitted).components_.T
    np.testing.assert_allclose(np.abs(axes), np.abs(expected), atol=1e-6)


def test_first_layer_and_projectors_are_ridge_regression():
    X, target, path = make_path(np.random.default_rng(1))
    solution = path.solve(torch.from_numpy(target), 5.0)
    axes = path.axes(torch.from_numpy(target), 5.0)
    predicted = Ridge(alpha=5.0).fit(X.astype(float), target).predict(X)
    for n_components in (2, K, 7):
        net = make_net(n_components)
        start_from_ridge(net, *solution, axes)
        hidden = net.module_.encoder.project(torch.from_numpy(X))
        v = net.module_.projector(hidden).detach().numpy()
        w = net.criterion_.projector(torch.from_numpy(target).float()).detach().numpy()
        kept = axes[:, :n_components].numpy()
        expected = (predicted @ kept) @ (target @ kept).T
        np.testing.assert_allclose(v @ w.T, expected, atol=1e-3)


def test_linear_net_takes_over_the_weights():
    X, target, path = make_path(np.random.default_rng(2))
    net = FlatLinear(C, T, K)
    net.fill_in(*path.solve(torch.from_numpy(target), 1.0))
    found = net(torch.from_numpy(X.reshape(N, C, T))).detach().numpy()
    expected = Ridge(alpha=1.0).fit(X.astype(float), target).predict(X)
    np.testing.assert_allclose(found, expected, atol=1e-4)
