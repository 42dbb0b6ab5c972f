from __future__ import annotations

import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose

from mne_shallowalign.preprocessing import Preprocessing
from mne_shallowalign.preprocessing._cut import cut_epochs

STEPS = [
    dict(sfreq=250, window=(0, 1)),
    dict(sfreq=100, window=(0, 0.5), baseline=(-0.1, 0)),
    dict(sfreq=333, baseline=None),
    dict(tmin=-0.05, tmax=0.3),
    dict(l_freq=1, h_freq=40, sfreq=125),
]


@pytest.fixture(scope="module")
def raw():
    rng = np.random.RandomState(0)
    data = 1e-6 * np.cumsum(rng.normal(size=(3, 40_000)), axis=1)
    data += [[0.1], [0], [-0.01]]  # V
    info = mne.create_info(["Cz", "Pz", "Oz"], 1000.0, "eeg")
    return mne.io.RawArray(data, info, first_samp=700)


@pytest.mark.parametrize("steps", STEPS)
def test_against_mne(raw, steps):
    recipe = Preprocessing(**steps)
    onsets = np.sort(np.random.RandomState(1).choice(40_000, 150, replace=False)) + 700
    data, kept, frame = cut_epochs(raw, onsets, recipe)
    filtered = raw
    if recipe.l_freq:
        filtered = raw.copy().filter(recipe.l_freq, recipe.h_freq)
    events = np.c_[onsets, np.zeros_like(onsets), np.ones_like(onsets)]
    expected = recipe.in_time(
        mne.Epochs(
            filtered,
            events,
            tmin=recipe.tmin,
            tmax=recipe.tmax,
            baseline=recipe.baseline,
            preload=True,
        )
    )
    assert data.dtype == np.float32
    assert np.flatnonzero(kept).tolist() == expected.selection.tolist()
    # a walk of 2e-4 V in float32, and the rounding of offsets where they are kept
    assert_allclose(data, expected.get_data(), rtol=1e-7, atol=1e-9)
    assert_allclose(frame.times, expected.times, atol=1e-12)
    assert frame.info["sfreq"] == expected.info["sfreq"]
    assert frame.info["lowpass"] == expected.info["lowpass"]
    assert frame.baseline == pytest.approx(expected.baseline)


def test_no_event(raw):
    data, kept, _ = cut_epochs(raw, np.array([700]), Preprocessing())
    assert data.shape == (0, 3, 1201)
    assert not kept.any()
