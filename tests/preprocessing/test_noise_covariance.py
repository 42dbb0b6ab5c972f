from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler

from mne_shallowalign.preprocessing import _noise_covariance as module
from mne_shallowalign.preprocessing._noise_covariance import (
    ledoit_wolf_stack,
    noise_covariance,
)


def one_by_one(samples):
    """Shrink with scikit-learn, in units of standard deviations."""
    scaler = StandardScaler()
    covariance = ledoit_wolf(scaler.fit_transform(samples))[0]
    return scaler.scale_[:, None] * covariance * scaler.scale_[None]


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    mixing = rng.normal(size=(6, 6)) * np.geomspace(1e-7, 1e-4, 6)[:, None]
    return mixing @ rng.normal(size=(10, 6, 40)) + 1e-5 * rng.normal(size=(6, 1))


@pytest.mark.parametrize("n_samples", [40, 3, 2])
def test_ledoit_wolf_against_scikit_learn(data, n_samples):
    data = data[..., :n_samples]
    expected = [one_by_one(epoch.T) for epoch in data]
    assert_allclose(ledoit_wolf_stack(data), expected, rtol=1e-9, atol=1e-24)


def test_channels_that_do_not_change(data):
    data[3, 2] = 0.1
    data[4] = 0
    expected = np.array([one_by_one(epoch.T) for epoch in data])
    expected[3, 2] = expected[3, :, 2] = expected[4] = 0
    assert_allclose(ledoit_wolf_stack(data), expected, rtol=1e-9, atol=1e-24)


def test_mean_over_trials_then_conditions(data, monkeypatch):
    conditions = np.array(list("baccabbbbb"))
    each = np.array([one_by_one(epoch.T) for epoch in data])
    expected = np.mean([each[conditions == c].mean(axis=0) for c in "abc"], axis=0)
    assert_allclose(noise_covariance(data, conditions, "epochs"), expected, rtol=1e-9)
    assert_allclose(
        noise_covariance(data, None, "epochs"), each.mean(axis=0), rtol=1e-9
    )
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * data[0].nbytes)  # 10 = 3 + 3 + 3 + 1
    assert_allclose(noise_covariance(data, conditions, "epochs"), expected, rtol=1e-9)


def test_mean_over_times_then_conditions(data):
    conditions = np.array(list("baccabbbbb"))
    expected = np.mean(
        [
            np.mean(
                [one_by_one(data[conditions == c][..., t]) for t in range(40)], axis=0
            )
            for c in "abc"
        ],
        axis=0,
    )
    assert_allclose(noise_covariance(data, conditions, "time"), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="10 of 10 have one"):
        noise_covariance(data, None, "time")
