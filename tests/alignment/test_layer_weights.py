"""Weights of layers, against a general-purpose optimiser."""

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax

from mne_shallowalign.alignment import weigh_layers


def make_similarities(rng, strengths, sizes=((30, 8), (20, 12))):
    folds, seen = [], []
    for n_trials, n_images in sizes:
        truth = rng.integers(0, n_images, n_trials)
        cosines = 0.3 * rng.standard_normal((len(strengths), n_trials, n_images))
        for layer, strength in enumerate(strengths):
            cosines[layer, np.arange(n_trials), truth] += strength
        folds.append(torch.from_numpy(cosines))
        seen.append(torch.from_numpy(truth))
    return folds, seen


def test_weights_maximise_the_likelihood_on_the_simplex():
    folds, seen = make_similarities(np.random.default_rng(0), [0.3, 0.0, 0.2])

    def negative(log_scales):
        total = 0
        for cosines, truth in zip(folds, seen, strict=True):
            logits = np.einsum("l,lqj->qj", np.exp(log_scales), cosines.numpy())
            rows = np.arange(len(truth))
            total -= log_softmax(logits, axis=1)[rows, truth.numpy()].sum()
        return total

    # positive by construction instead of by bounds, and without gradients
    options = {"maxiter": 5000, "xatol": 1e-6, "fatol": 1e-9}
    found = minimize(negative, np.zeros(3), method="Nelder-Mead", options=options)
    expected = np.exp(found.x) / np.exp(found.x).sum()
    np.testing.assert_allclose(weigh_layers(folds, seen), expected, atol=1e-3)


def test_a_layer_of_noise_gets_next_to_nothing():
    rng = np.random.default_rng(1)
    folds, seen = make_similarities(rng, [0.0, 0.5, 0.0], [(400, 20)])
    assert weigh_layers(folds, seen)[1] > 0.9


def test_equal_layers_share():
    rng = np.random.default_rng(2)
    folds, seen = make_similarities(rng, [0.3])
    twice = [torch.cat([cosines, cosines]) for cosines in folds]
    np.testing.assert_allclose(weigh_layers(twice, seen), [0.5, 0.5], atol=1e-4)


def test_where_nothing_helps_all_count_alike():
    rng = np.random.default_rng(3)
    folds, seen = make_similarities(rng, [-1.0, -1.0])
    np.testing.assert_array_equal(weigh_layers(folds, seen), [0.5, 0.5])
