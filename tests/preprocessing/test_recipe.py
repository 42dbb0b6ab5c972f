from __future__ import annotations

import dataclasses

import mne
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mne_shallowalign.preprocessing import (
    ChannelZScorer,
    MVNNWhitener,
    Preprocessing,
    average_repetitions,
    paper,
)


def make_epochs(split, seed, n_images=6):
    rng = np.random.RandomState(seed)
    n = 4 * n_images
    metadata = pd.DataFrame(
        dict(
            image=np.repeat([f"{split}{i}.png" for i in range(n_images)], 4),
            subject="01",
            session=np.tile(["01", "02"], n // 2),
            split=split,
        )
    )
    info = mne.create_info(["Cz", "Pz", "O1", "Oz"], 500.0, "eeg")
    data = 1e-5 * np.cumsum(rng.normal(size=(n, 4, 601)), axis=-1)
    return mne.EpochsArray(
        data, info, tmin=-0.2, metadata=metadata, baseline=(None, 0), verbose="error"
    )


@pytest.fixture
def train():
    return make_epochs("train", 0)


@pytest.fixture
def test():
    return make_epochs("test", 1)


def test_the_steps_of_the_paper(train, test):
    """In the order of the field, written out."""
    got = paper("things-eeg2").apply(train, test)
    parts = [part.copy().resample(250) for part in (train, test)]
    parts = [part.crop(0, 0.996) for part in parts]
    assert len(parts[0].times) == 250
    whitener = MVNNWhitener().fit(parts[0])
    for part, epochs in zip(parts, got, strict=True):
        expected = average_repetitions(whitener.transform(part)).pick(
            ["Pz", "O1", "Oz"]
        )
        assert epochs.ch_names == ["Pz", "O1", "Oz"]
        assert_allclose(epochs.get_data(), expected.get_data(), rtol=1e-9, atol=1e-9)
        assert_array_equal(epochs.times, expected.times)
        assert epochs.metadata["n_repetitions"].tolist() == [4] * 6
    assert train.info["sfreq"] == 500  # the input is as it was
    assert len(train) == 24


def test_steps_are_overridden(train, test):
    recipe = paper("things-eeg2").replace(
        whiten=None, sfreq=100, average=False, picks="eeg", window=None
    )
    epochs, none = recipe.apply(train)
    assert none is None
    expected = train.copy().resample(100)
    assert_array_equal(epochs.get_data(), expected.get_data())
    scored, _ = recipe.replace(zscore="session").apply(train, test)
    expected = ChannelZScorer().fit_transform(expected)
    assert_allclose(scored.get_data(), expected.get_data())
    pooled, _ = recipe.replace(zscore="subject").apply(train, test)
    assert_allclose(pooled.get_data().std(axis=(0, 2)), 1)
    assert paper("things-eeg2").whiten == "epochs"  # and the paper stays as it is


def test_what_is_learnt_is_learnt_from_train(train, test):
    recipe = paper("things-eeg2")
    expected = recipe.apply(train, test)[0].get_data()
    test._data *= 1e3
    assert_array_equal(recipe.apply(train, test)[0].get_data(), expected)


def test_baseline_is_corrected_once(train):
    raw = make_epochs("train", 0)
    raw._data += 1e-3
    raw.baseline = None
    recipe = paper("things-eeg2")
    again = recipe.apply(raw)[0].get_data()
    assert_allclose(again, recipe.apply(train)[0].get_data(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("sfreq", "window", "last", "n_times"),
    [
        (250, (0, 1.0), 0.996, 250),
        (250, (0, 0.5), 0.496, 125),
        (None, (0, 1.0), 0.998, 500),
        (250, (-0.1, 0.1), 0.096, 50),
        (100, (0, 1.0), 0.99, 100),
    ],
)
def test_the_end_of_the_window_is_left_out(train, sfreq, window, last, n_times):
    epochs = paper().replace(sfreq=sfreq, window=window).in_time(train)
    assert len(epochs.times) == n_times
    assert_allclose(epochs.times[[0, -1]], [window[0], last], atol=1e-9)


def test_the_recipes():
    eeg, meg = paper("things-eeg2"), paper("things-meg")
    assert (eeg.sfreq, eeg.tmin, eeg.window) == (250, -0.2, (0, 1))
    assert eeg.l_freq is eeg.h_freq is None
    assert (meg.l_freq, meg.h_freq, meg.sfreq) == (0.1, 100, 200)
    assert (meg.whiten, meg.zscore) == (None, "subject")
    assert eeg.picks == meg.picks == "occipito-parietal"
    assert eeg.epoching == dict(
        l_freq=None, h_freq=None, tmin=-0.2, tmax=1.0, baseline=(None, 0), sfreq=250
    )
    with pytest.raises(ValueError, match="Did you mean 'things-meg' or 'things-eeg2'"):
        paper("things-eg")
    with pytest.raises(dataclasses.FrozenInstanceError):
        eeg.sfreq = 100


def test_it_reads_as_a_list_of_steps():
    assert repr(paper("things-eeg2")).splitlines() == [
        "<Preprocessing",
        "  1. epochs from -0.2 to 1 s",
        "  2. baseline (None, 0)",
        "  3. resampled to 250 Hz",
        "  4. cropped to (0.0, 1.0)",
        "  5. whitened per session (MVNN, 'epochs')",
        "  6. repetitions averaged",
        "  7. channels: occipito-parietal",
        ">",
    ]
    assert "z-scored per subject" in repr(paper("things-meg"))
    assert "resampled" not in repr(Preprocessing(sfreq=None))


def test_bad_steps():
    with pytest.raises(ValueError, match="has no step 'whitening'.*'whiten'"):
        paper().replace(whitening=None)
    with pytest.raises(ValueError, match="whiten='mvnn' must be one of"):
        Preprocessing(whiten="mvnn")
    with pytest.raises(ValueError, match="exclude each other"):
        paper().replace(zscore="session")
