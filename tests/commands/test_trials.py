"""Repetitions are averaged, and never across what is held out."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign import datasets
from mne_shallowalign.commands._trials import (
    average_trials,
    has_picture_sets,
    load_trials,
)


@pytest.fixture
def epochs():
    """Four pictures, in two runs of two people; the signal is the trial's number."""
    rows = [
        {"subject": s, "session": "n/a", "run": run, "image": f"{i}.png"}
        for s in ("01", "02")
        for run in ("1", "2")
        for i in (0, 1, 0, 1)
    ]
    metadata = pd.DataFrame(rows).assign(concept="c", split="train")
    data = np.arange(len(rows), dtype=float)[:, np.newaxis, np.newaxis]
    return mne.EpochsArray(data, mne.create_info(1, 1.0, "eeg"), metadata=metadata)


@pytest.mark.parametrize(
    ("hold_out", "expected"),
    [
        ("run", [1, 2, 5, 6, 9, 10, 13, 14]),
        ("session", [3, 4, 11, 12]),
        ("subject", [3, 4, 11, 12]),
        ("concept", [3, 4, 11, 12]),
        ("split", [3, 4, 11, 12]),
    ],
)
def test_averages_stay_within_the_unit(epochs, hold_out, expected):
    averaged = average_trials(epochs, hold_out)
    np.testing.assert_allclose(averaged.get_data(copy=False).ravel(), expected)
    assert hold_out in averaged.metadata


def test_picture_sets(epochs, tmp_path):
    for name in ("0.png", "1.png"):
        (tmp_path / name).touch()
    assert not has_picture_sets(epochs, tmp_path)
    (tmp_path / "1.png").unlink()
    (tmp_path / "1.png").mkdir()
    assert has_picture_sets(epochs, tmp_path)


def test_people_with_different_channels_are_told(epochs, tmp_path, monkeypatch):
    other = epochs.copy().rename_channels({"0": "Oz"})
    people = {"01": epochs, "02": other}
    monkeypatch.setattr(datasets, "load_bids", lambda root, name, **_: people[name])
    with pytest.raises(ValueError, match="01 and 02 have different channels, such as"):
        load_trials(tmp_path, ["01", "02"], tmp_path)
    assert len(load_trials(tmp_path, ["01", "01"], tmp_path)) == 2 * len(epochs)
