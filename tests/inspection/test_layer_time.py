"""Layer by time against the decoder itself, and on two stages of known latency."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_score

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
from mne_shallowalign.inspection import layer_by_time
from mne_shallowalign.retrieval import top_k_scorer

N, SFREQ, TMIN = 240, 100.0, -0.2
EARLY, LATE = (0.1, 0.2), (0.3, 0.4)


def two_stages(seed=0, subjects=None):
    """Layer 1 drives the signal from 100 to 200 ms, layer 3 from 300 to 400 ms."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((N, 3, 12))
    signal = 2 * rng.standard_normal((N, 8, 70))
    for layer, (start, stop) in ((0, EARLY), (2, LATE)):
        samples = slice(round((start - TMIN) * SFREQ), round((stop - TMIN) * SFREQ))
        drive = features[:, layer] @ rng.standard_normal((12, 8)) / 3
        signal[:, :, samples] += drive[:, :, None]
    info = mne.create_info(8, SFREQ, "eeg")
    metadata = pd.DataFrame({"concept": np.arange(N) // 4})
    if subjects is not None:
        metadata["subject"] = subjects
    epochs = mne.EpochsArray(
        signal * 1e-6, info, tmin=TMIN, metadata=metadata, verbose="error"
    )
    return epochs, features


@pytest.fixture(scope="module")
def ridge():
    return ShallowAlignDecoder(solver="ridge", alpha=100.0, device="cpu")


@pytest.mark.parametrize("seed", [0, 1])
def test_two_stages_are_found_at_their_time_and_depth(ridge, seed):
    epochs, features = two_stages(seed)
    table = layer_by_time(ridge, epochs, features, scoring="top5")
    wide = table.pivot(index="time", columns="layer", values="score")
    assert wide[1].idxmax() == pytest.approx(0.145)  # centre of samples 0.10 … 0.19
    assert wide[3].idxmax() == pytest.approx(0.345)
    chance = table["chance"].iloc[0]
    assert wide.max().loc[[1, 3]].min() > 4 * chance
    # layer 2 is never there, and nobody is before the first stage
    noise = 4 * np.sqrt(chance * (1 - chance) / N)
    assert wide[2].max() < chance + noise
    assert wide[wide.index < EARLY[0]].to_numpy().max() < chance + noise


@pytest.mark.parametrize("alpha", [30.0, None])
def test_each_cell_is_the_score_of_a_decoder_of_that_window(ridge, alpha):
    epochs, features = two_stages()
    decoder = clone(ridge).set_params(alpha=alpha)
    concepts = epochs.metadata["concept"].to_numpy()
    params = {"window": 0.15, "step": 0.1, "cv": 3}
    table = layer_by_time(decoder, epochs, features, layers=[1, 3], **params)
    assert len(table) == 2 * 6
    assert list(table["layer"].unique()) == [1, 3]
    assert list(table["depth"].unique()) == [0, 1]
    row = table.iloc[7]  # the fourth window, the second layer
    cropped = epochs.copy().crop(0.1, 0.24)
    assert row["time"] == pytest.approx(cropped.times.mean())
    alone = LayerSearchCV(
        clone(decoder), [3], cv=3, scoring=top_k_scorer(1), refit=False
    )
    alone.fit(cropped, features, groups=concepts)
    assert row["score"] == pytest.approx(alone.cv_results_["mean_test_score"][0])
    if alpha is not None:
        data = cropped.get_data(copy=False)
        scores = cross_val_score(
            clone(decoder), data, features[:, 2], groups=concepts, cv=GroupKFold(3)
        )
        assert row["score"] == pytest.approx(scores.mean())
    assert row["chance"] == pytest.approx(1 / 80)
    assert row["n_queries"] == N
    assert row["n_gallery"] == 80


def test_trained_decoders_see_the_same_windows():
    epochs, features = two_stages()
    decoder = ShallowAlignDecoder(
        max_epochs=10, lr=1e-2, n_components=12, precision="float32", random_state=0
    )
    epochs.crop(0.0, 0.19)
    table = layer_by_time(
        decoder, epochs, features, layers=[1, 3], cv=2, scoring="mean_rank"
    )
    assert len(table) == 4
    np.testing.assert_allclose(table["chance"], -0.5)
    best = table.loc[table["score"].idxmax()]
    assert (best["layer"], best["time"]) == (1, pytest.approx(0.145))
    assert best["score"] > -0.3


def test_every_subject_is_analysed_alone(ridge):
    subjects = np.repeat(["02", "01"], N // 2)
    epochs, features = two_stages(subjects=subjects)
    epochs.crop(0.0, None)
    both = layer_by_time(ridge, epochs, features, scoring="mrr")
    assert list(both["subject"].unique()) == ["01", "02"]
    rows = subjects == "02"
    alone = layer_by_time(ridge, epochs[rows], features[rows], scoring="mrr")
    pd.testing.assert_frame_equal(
        both[both["subject"] == "02"].reset_index(drop=True), alone
    )
    given = layer_by_time(
        ridge,
        mne.EpochsArray(epochs.get_data(), epochs.info, verbose="error"),
        features,
        scoring="mrr",
        groups=epochs.metadata["concept"],
        subjects=subjects,
    )
    np.testing.assert_array_equal(given["score"], both["score"])


def test_single_samples_and_shuffled_pictures_are_at_chance(ridge):
    epochs, features = two_stages()
    epochs.crop(0.1, 0.14)
    rng = np.random.default_rng(0)
    shuffled = features[rng.permutation(N)]
    table = layer_by_time(ridge, epochs, shuffled, window=None, scoring="mean_rank")
    np.testing.assert_allclose(np.unique(table["time"]), epochs.times)
    # uniform ranks have a standard deviation of 1 / sqrt(12)
    assert np.abs(table["score"] + 0.5).max() < 4 * np.sqrt(1 / 12 / N)


def test_what_is_wrong_is_told(ridge):
    epochs, features = two_stages()
    with pytest.raises(TypeError, match="epochs must be mne.Epochs.*ndarray"):
        layer_by_time(ridge, epochs.get_data(), features)
    with pytest.raises(TypeError, match="decoder must be a ShallowAlignDecoder"):
        layer_by_time("ridge", epochs, features)
    with pytest.raises(ValueError, match="window=2 is 200 samples.* have 70"):
        layer_by_time(ridge, epochs, features, window=2)
    for name in ("window", "step"):
        with pytest.raises(ValueError, match=f"{name}=-1 must be a positive"):
            layer_by_time(ridge, epochs, features, **{name: -1})
    with pytest.raises(ValueError, match="subjects has 3 entries.* 240"):
        layer_by_time(ridge, epochs, features, subjects=[1, 2, 3])
    with pytest.raises(ValueError, match="scoring must be one of"):
        layer_by_time(ridge, epochs, features, scoring="accuracy")
    with pytest.raises(ValueError, match="239"):
        layer_by_time(ridge, epochs, features[1:])
