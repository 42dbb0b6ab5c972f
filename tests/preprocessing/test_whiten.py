from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
import scipy
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from mne_shallowalign.preprocessing import (
    ChannelZScorer,
    MVNNWhitener,
    average_repetitions,
)
from mne_shallowalign.preprocessing._noise_covariance import noise_covariance


@pytest.fixture
def epochs():
    """8 images, 3 trials each, in two sessions whose noise differs; and an EOG."""
    rng = np.random.RandomState(0)
    n_channels, n_times, n = 5, 60, 48
    metadata = pd.DataFrame(
        dict(
            subject="01",
            session=np.repeat(["a", "b"], 24),
            image=np.tile(np.repeat([f"{i}.png" for i in range(8)], 3), 2),
        )
    )
    mixing = {s: rng.normal(size=(n_channels, n_channels)) for s in "ab"}
    data = rng.normal(size=(n, n_channels, n_times))
    data = np.stack([mixing[s] for s in metadata["session"]]) @ data
    data = 1e-5 * np.concatenate([data, rng.normal(size=(n, 1, n_times))], axis=1)
    names = ["Pz", "O1", "Oz", "O2", "POz", "EOG"]
    info = mne.create_info(names, 100.0, ["eeg"] * 5 + ["eog"])
    events = np.c_[np.arange(n), np.zeros(n, int), np.ones(n, int)]
    return mne.EpochsArray(
        data, info, events, -0.1, {"image": 1}, metadata=metadata, baseline=(None, 0)
    )


def of(epochs, session):
    return epochs[(epochs.metadata["session"] == session).to_numpy()]


@pytest.mark.parametrize("method", ["epochs", "time"])
def test_against_the_formula(epochs, method):
    whitened = MVNNWhitener(method).fit_transform(epochs)
    for session in "ab":
        own = of(epochs, session)
        data = own.get_data("eeg")
        sigma = noise_covariance(data, own.metadata["image"].to_numpy(), method)
        expected = scipy.linalg.fractional_matrix_power(sigma, -0.5) @ data
        got = of(whitened, session)
        assert_allclose(got.get_data("eeg"), expected, rtol=1e-8, atol=1e-8)
        assert_array_equal(got.get_data("eog"), own.get_data("eog"))


def test_noise_becomes_white(epochs):
    """Without shrinkage in effect, the mean covariance is the identity."""
    rng = np.random.RandomState(0)
    data = (
        np.diag([1, 1e-3, 10]) @ rng.normal(size=(3, 3)) @ rng.normal(size=(9, 3, 4000))
    )
    whitener = MVNNWhitener().fit(data)
    covariance = noise_covariance(whitener.transform(data), None, "epochs")
    assert_allclose(covariance, np.eye(3), atol=5e-3)
    assert np.abs(np.mean([np.cov(d) for d in data], axis=0) - np.eye(3)).max() > 1


def test_the_mean_covariance_of_whitened_trials_is_the_identity(epochs):
    """Exactly so, for the covariance that was estimated."""
    whitener = MVNNWhitener().fit(epochs)
    for sigma in whitener.statistics_.values():
        root = scipy.linalg.fractional_matrix_power(sigma, -0.5)
        assert_allclose(root @ sigma @ root.T, np.eye(5), atol=1e-9)
    assert list(whitener.statistics_) == [("01", "a"), ("01", "b")]


def test_the_frame_is_kept(epochs):
    epochs.info["bads"] = ["O1"]
    whitener = MVNNWhitener().fit(epochs)
    whitened = whitener.transform(epochs)
    assert whitener.ch_names_ == ["Pz", "Oz", "O2", "POz"]
    assert_array_equal(whitened.get_data("O1"), epochs.get_data("O1"))
    assert whitened.info["bads"] == ["O1"]
    assert whitened.ch_names == epochs.ch_names
    assert whitened.baseline == epochs.baseline
    assert whitened.metadata.equals(epochs.metadata)
    assert_array_equal(whitened.events, epochs.events)
    assert_array_equal(whitened.times, epochs.times)


def test_channels_go_by_name(epochs):
    whitener = MVNNWhitener().fit(epochs)
    turned = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    expected = whitener.transform(epochs).get_data(picks=["Oz", "Pz"])
    assert_allclose(whitener.transform(turned).get_data(picks=["Oz", "Pz"]), expected)
    with pytest.raises(ValueError, match="X lacks 1 of the 5 channels.*POz"):
        whitener.transform(epochs.copy().drop_channels("POz"))


@pytest.mark.parametrize("transformer", [MVNNWhitener(), ChannelZScorer()])
def test_inverse(epochs, transformer):
    new = transformer.fit_transform(epochs)
    assert np.abs(new.get_data("eeg") - epochs.get_data("eeg")).min() > 1e-9
    back = transformer.inverse_transform(new)
    assert_allclose(back.get_data(), epochs.get_data(), rtol=1e-7, atol=1e-14)


def test_it_commutes_with_averaging_within_sessions(epochs):
    by = ["subject", "session", "image"]
    whitener = MVNNWhitener().fit(epochs)
    after = average_repetitions(whitener.transform(epochs), by)
    before = whitener.transform(average_repetitions(epochs, by))
    assert_allclose(after.get_data(), before.get_data(), rtol=1e-8, atol=1e-12)
    with pytest.raises(ValueError, match="'session'.* are missing. Averages over"):
        whitener.transform(average_repetitions(epochs))


def test_arrays(epochs):
    own = of(epochs, "a")
    data, images = own.get_data("eeg"), own.metadata["image"]
    expected = MVNNWhitener().fit_transform(own).get_data("eeg")
    assert_allclose(MVNNWhitener().fit_transform(data, images), expected)
    assert_allclose(MVNNWhitener().fit(own).transform(data), expected)
    by_array = MVNNWhitener(by=None).fit(data, images)
    assert_allclose(by_array.transform(own).get_data("eeg"), expected)
    single = MVNNWhitener().fit_transform(data.astype(np.float32), images)
    assert single.dtype == np.float32
    assert_allclose(single, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    with pytest.raises(ValueError, match=r"X has 4 channels, but .* fitted on 5"):
        MVNNWhitener().fit(data).transform(data[:, :4])


def test_pooled_sessions(epochs):
    data, images = epochs.get_data("eeg"), epochs.metadata["image"]
    expected = MVNNWhitener().fit_transform(data, images)
    pooled = MVNNWhitener(by=None).fit_transform(epochs)
    assert_allclose(pooled.get_data("eeg"), expected)


def test_scikit_learn(epochs):
    whitener = MVNNWhitener("time", by="session")
    assert clone(whitener).get_params() == dict(method="time", by="session")
    with pytest.raises(NotFittedError):
        whitener.transform(epochs)
    as_list = [epochs[i] for i in range(len(epochs))]
    pipeline = make_pipeline(MVNNWhitener(), ChannelZScorer())
    expected = pipeline.fit_transform(epochs).get_data()
    assert_allclose(pipeline.fit_transform(as_list).get_data(), expected)


def test_other_trials_change_nothing(epochs):
    train = epochs[::2]
    whitener = MVNNWhitener().fit(train)
    statistics = {k: v.copy() for k, v in whitener.statistics_.items()}
    epochs._data[1::2] *= 1e3
    whitener.transform(epochs[1::2])
    for session, covariance in statistics.items():
        assert_array_equal(whitener.statistics_[session], covariance)


def test_bad_input(epochs):
    data = epochs.get_data("eeg")
    with pytest.raises(ValueError, match="method='trials' must be one of"):
        MVNNWhitener("trials").fit(data)
    with pytest.raises(ValueError, match=r"shape \(5, 60\).*expected Epochs or real"):
        MVNNWhitener().fit(data[0])
    with pytest.raises(ValueError, match=r"y has the shape \(3,\); expected \(48,\)"):
        MVNNWhitener().fit(data, [1, 2, 3])
    with pytest.raises(ValueError, match=r"not fitted on the session \('01', 'b'\)"):
        MVNNWhitener().fit(of(epochs, "a")).transform(of(epochs, "b"))
    for broken in (0, np.nan):
        bad = data.copy()
        bad[:, 1] = broken
        with pytest.raises(ValueError, match="has no inverse"):
            MVNNWhitener().fit(bad)
    epochs.metadata = None
    with pytest.raises(ValueError, match="needs epochs with these columns"):
        MVNNWhitener().fit(epochs)
    MVNNWhitener(by=None).fit(epochs)
