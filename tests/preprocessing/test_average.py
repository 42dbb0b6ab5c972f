from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from mne_shallowalign.preprocessing import average_repetitions

IMAGES = ["c", "a", "c", "b", "a", "c", "c"]


@pytest.fixture
def epochs():
    rng = np.random.RandomState(0)
    info = mne.create_info(["Oz", "O1", "EOG"], 100.0, ["eeg", "eeg", "eog"])
    info["bads"] = ["O1"]
    n = len(IMAGES)
    metadata = pd.DataFrame(
        dict(
            image=IMAGES,
            concept=[image.upper() for image in IMAGES],
            repetition=[1, 1, 2, 1, 2, 3, 4],
            run=["1", "1", "1", "2", "2", "2", "2"],
            note=[np.nan] * n,
        )
    )
    return mne.EpochsArray(
        1e-5 * rng.normal(size=(n, 3, 30)),
        info,
        np.c_[np.arange(n), np.zeros(n, int), np.ones(n, int)],
        tmin=-0.1,
        event_id={"image": 1},
        baseline=(None, 0),
        metadata=metadata,
        verbose="error",
    )


def test_against_mne(epochs):
    averages = average_repetitions(epochs)
    assert averages.metadata["image"].tolist() == ["c", "a", "b"]
    for i, image in enumerate("cab"):
        oracle = epochs[f"image == '{image}'"].average(picks="all")
        assert_allclose(averages.get_data()[i], oracle.data, rtol=1e-12, atol=1e-20)


def test_the_frame_is_kept(epochs):
    averages = average_repetitions(epochs)
    assert averages.info["bads"] == ["O1"]
    assert averages.ch_names == epochs.ch_names
    assert averages.tmin == epochs.tmin
    assert averages.baseline == epochs.baseline
    assert averages.event_id == {"image": 1}
    assert_allclose(averages.times, epochs.times)
    assert "repetition" in epochs.metadata  # the input is as it was


def test_metadata(epochs):
    metadata = average_repetitions(epochs).metadata
    assert list(metadata) == ["image", "concept", "note", "n_repetitions"]
    assert metadata["concept"].tolist() == ["C", "A", "B"]
    assert metadata["n_repetitions"].tolist() == [4, 2, 1]


def test_several_columns(epochs):
    averages = average_repetitions(epochs, by=["image", "run"])
    pairs = averages.metadata[["image", "run"]].to_numpy().tolist()
    assert pairs == [["c", "1"], ["a", "1"], ["b", "2"], ["a", "2"], ["c", "2"]]
    assert_allclose(averages.get_data()[4], epochs.get_data()[[5, 6]].mean(axis=0))


def test_list_of_epochs(epochs):
    expected = average_repetitions(epochs)
    averages = average_repetitions([epochs[i] for i in range(len(epochs))])
    assert_allclose(averages.get_data(), expected.get_data(), rtol=1e-12, atol=1e-20)
    assert averages.metadata.equals(expected.metadata)


def test_baseline_that_was_cropped_away(epochs):
    averages = average_repetitions(epochs.copy().crop(0.05, None))
    assert averages.baseline == epochs.baseline
    expected = average_repetitions(epochs).get_data()[..., 15:]
    assert_allclose(averages.get_data(), expected, rtol=1e-12, atol=1e-20)


def test_bad_input(epochs):
    with pytest.raises(ValueError, match=r"by='picture' must name columns.*'image'"):
        average_repetitions(epochs, by="picture")
    epochs.metadata = None
    with pytest.raises(ValueError, match="needs epochs with metadata"):
        average_repetitions(epochs)
