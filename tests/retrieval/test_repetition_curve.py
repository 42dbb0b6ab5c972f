"""Averaging n trials against a simulation whose accuracy is known."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.stats import norm

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.retrieval import repetition_curve


class NearestFeature:
    """A decoder whose signal is the image's features with noise."""

    def transform(self, X):
        """Take the one time sample."""
        return np.asarray(X)[:, :, 0]

    def transform_images(self, images):
        """Take features as they are."""
        return np.asarray(images)


def _trials(n_pictures, n_repetitions, noise, seed=0):
    rng = np.random.default_rng(seed)
    images = np.repeat(np.eye(n_pictures), n_repetitions, axis=0)
    signal = images + noise * rng.standard_normal(images.shape)
    order = rng.permutation(len(images))
    return signal[order, :, np.newaxis], images[order]


def test_accuracy_is_that_of_theory():
    """Best of 40 in noise of standard deviation 1 / sqrt(n): an integral over it."""
    curve = repetition_curve(
        NearestFeature(), *_trials(40, 64, 1.0), [1, 2, 4, 8], n_draws=60
    )
    x = np.linspace(-8, 12, 4001)
    for n, found in zip(curve["n_repetitions"], curve["top1"], strict=True):
        density = norm.pdf(x, np.sqrt(n)) * norm.cdf(x) ** 39
        assert found == pytest.approx(np.trapezoid(density, x), abs=0.06)


def test_one_trial_is_the_mean_of_single_trials():
    """Every trial is as likely to be drawn; and all of them are one average."""
    X, y = _trials(12, 6, 0.6)
    curve = repetition_curve(NearestFeature(), X, y, n_draws=200)
    truth = y.argmax(axis=1)
    single = np.mean(X[..., 0].argmax(axis=1) == truth)
    averages = np.stack([X[truth == one, :, 0].mean(axis=0) for one in range(12)])
    every = np.mean(averages.argmax(axis=1) == np.arange(12))
    assert curve["n_repetitions"].tolist() == [1, 2, 4, 6]
    assert curve["top1"].iloc[0] == pytest.approx(single, abs=0.04)
    assert curve["top1"].iloc[-1] == every
    assert curve["chance"].tolist() == [1 / 12] * 4
    assert (curve["low"] <= curve["top1"]).all()
    assert (curve["top1"] <= curve["high"]).all()


def test_top_k_and_the_seed():
    """The column is named by k; the same seed draws the same subsets."""
    X, y = _trials(12, 4, 1.0)
    one, same, other = (
        repetition_curve(NearestFeature(), X, y, k=3, n_draws=5, random_state=seed)
        for seed in (0, 0, 1)
    )
    assert "top3" in one
    assert one["chance"][0] == 0.25
    assert one.equals(same)
    assert not one.equals(other)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((30, 6)).astype(np.float32)
    signal = np.einsum("if,fct->ict", features, rng.standard_normal((6, 4, 10)))
    info = mne.create_info(4, 50.0, "eeg")
    rows = np.repeat(np.arange(30), 8)
    data = (signal[rows] + 6 * rng.standard_normal((240, 4, 10))) * 1e-6
    epochs = mne.EpochsArray(data, info, tmin=0.1, verbose="error")
    decoder = ShallowAlignDecoder(
        lr=1e-2, n_components=8, max_epochs=20, random_state=0, verbose="error"
    )
    return decoder.fit(epochs[:160], features[rows[:160]]), epochs, features[rows]


def test_a_decoder_and_its_epochs(fitted):
    """Ten pictures that were not trained on, by Epochs and by array."""
    decoder, epochs, features = fitted
    curve = repetition_curve(decoder, epochs[160:], features[160:], n_draws=5)
    again = repetition_curve(
        decoder, epochs[160:].get_data(), features[160:], n_draws=5
    )
    assert curve["n_repetitions"].tolist() == [1, 2, 4, 8]
    assert curve.equals(again)
    averages = epochs[160:].get_data().reshape(10, 8, 4, 10).mean(axis=1)
    assert curve["top1"].iloc[-1] == decoder.score(averages, features[160::8])


def test_guessing_stays_at_chance():
    """Shuffled pictures: more repetitions of nothing are nothing."""
    X, y = _trials(30, 16, 0.5)
    shuffled = y[np.random.default_rng(1).permutation(len(y))]
    curve = repetition_curve(NearestFeature(), X, shuffled, confidence=0.999)
    assert (curve["low"] <= curve["chance"]).all()
    assert (curve["chance"] <= curve["high"]).all()


@pytest.mark.parametrize(
    ("counts", "params", "match"),
    [
        ([1, 5], {}, r"1 \.\. 4, the number of trials.*\[1, 5\]"),
        ([0], {}, r"1 \.\. 4"),
        ([1.5], {}, "sequence of integers"),
        (None, {"k": 0}, "k must be"),
        (None, {"n_draws": 0}, "n_draws"),
    ],
)
def test_bad_parameters(counts, params, match):
    """Refused by name."""
    with pytest.raises(ValueError, match=match):
        repetition_curve(NearestFeature(), *_trials(3, 4, 1.0), counts, **params)


def test_bad_trials():
    """Lengths that differ, and one picture."""
    X, y = _trials(3, 4, 1.0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        repetition_curve(NearestFeature(), X, y[:-1])
    with pytest.raises(ValueError, match="at least two different pictures"):
        repetition_curve(NearestFeature(), X, ["a"] * 12)
