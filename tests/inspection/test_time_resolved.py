"""The decoder inside MNE's search-lights: paths and features, folds of concepts."""

from __future__ import annotations

import numpy as np
import pytest
from mne.decoding import (
    GeneralizingEstimator,
    SlidingEstimator,
    cross_val_multiscore,
)
from sklearn.model_selection import GroupKFold

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.features import extract_features, pack_features
from mne_shallowalign.inspection import layer_by_time

ONSET = 0.15  # s; one step of 20 ms is a window
N_TRIALS = 160


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A person whose response starts 150 ms after the onset of the picture."""
    root = tmp_path_factory.mktemp("bids")
    time_course = np.zeros(20)
    time_course[round(ONSET * 50) :] = 1
    simulate_bids(
        root,
        n_concepts=32,
        n_images_per_concept=5,
        n_repetitions=1,
        n_test_concepts=1,
        n_test_repetitions=1,
        sfreq=50.0,
        time_course=time_course,
        snr=2.0,
        n_runs=1,
    )
    epochs = load_bids(root, "01", tmin=-0.1, tmax=0.3)
    epochs = epochs[epochs.metadata["split"] == "train"]
    paths = [str(root / "stimuli" / name) for name in epochs.metadata["image"]]
    return epochs, paths


def multiscore(estimator, epochs, y, times=slice(None)):
    groups = epochs.metadata["concept"].to_numpy()
    X = epochs.get_data()[:, :, times]
    return cross_val_multiscore(
        estimator, X, y, groups, cv=GroupKFold(4), verbose=False
    )


@pytest.fixture(scope="module")
def decoder():
    return ShallowAlignDecoder(
        "gabor/v1", layer=3, solver="ridge", alpha=100.0, device="cpu"
    )


@pytest.fixture(scope="module")
def scores(seen, decoder):
    return multiscore(SlidingEstimator(decoder, verbose=False), *seen)


def test_score_rises_within_one_window_of_the_onset(seen, scores):
    epochs, _ = seen
    assert scores.shape == (4, len(epochs.times))
    chance = 1 / (N_TRIALS / 4)
    noise = 4 * np.sqrt(chance * (1 - chance) / N_TRIALS)
    mean = scores.mean(0)
    assert mean[epochs.times < ONSET - 0.001].max() < chance + noise
    assert mean[epochs.times > ONSET + 0.021].min() > chance + noise


def test_features_give_what_their_pictures_give(seen, decoder, scores):
    epochs, paths = seen
    (features,) = extract_features(paths, "gabor/v1", [3]).values()
    packed = pack_features(features)
    found = multiscore(SlidingEstimator(decoder, verbose=False), epochs, packed)
    np.testing.assert_allclose(found, scores)
    # which is what layer by time finds with windows of one sample
    table = layer_by_time(decoder, epochs, features, window=None, cv=GroupKFold(4))
    np.testing.assert_allclose(table["score"], scores.mean(0))


def test_trained_decoders_and_generalisation_over_time(seen):
    """One response that lasts is decoded by whatever moment was trained on."""
    epochs, paths = seen
    some = slice(5, None, 4)  # 0, 80, 160, 240 ms
    decoder = ShallowAlignDecoder(
        "gabor/v1",
        layer=3,
        encoder_params={"n_outputs": 32},
        n_components=16,
        lr=3e-3,
        max_epochs=15,
        batch_size=64,
        random_state=0,
    )
    estimator = GeneralizingEstimator(decoder, verbose=False)
    mean = multiscore(estimator, epochs, paths, some).mean(0)
    assert mean.shape == (4, 4)
    late = epochs.times[some] > ONSET
    chance = 1 / (N_TRIALS / 4)
    noise = 4 * np.sqrt(chance * (1 - chance) / N_TRIALS)
    assert mean[np.ix_(late, late)].min() > chance + noise
    assert mean[np.ix_(~late, late)].max() < chance + noise
