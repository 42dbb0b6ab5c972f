from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.protocols import first_minutes


def make_epochs(**metadata):
    metadata = pd.DataFrame(metadata)
    info = mne.create_info(["Pz", "Oz"], 100.0, "eeg")
    data = np.zeros((len(metadata), 2, 3))
    return mne.EpochsArray(data, info, metadata=metadata, verbose="error")


def test_one_run_counts_from_its_first_trial():
    onset = 100.0 + np.arange(300)  # one picture a second
    epochs = make_epochs(onset=onset, number=np.arange(300))
    for minutes in (1, 2.5, 5):
        kept = first_minutes(epochs, minutes).metadata["number"]
        assert kept.tolist() == list(range(int(60 * minutes)))


def test_breaks_between_runs_do_not_count():
    run = ["01"] * 50 + ["02"] * 50
    onset = np.r_[7.0 + np.arange(50), 3.0 + np.arange(50)]  # each starts its own clock
    epochs = make_epochs(onset=onset, run=run, session="n/a", number=np.arange(100))
    kept = first_minutes(epochs, 1.0).metadata["number"]
    assert kept.tolist() == list(range(60))


def test_a_session_begins_anew():
    onset = np.r_[np.arange(50.0), np.arange(50.0)]
    epochs = make_epochs(onset=onset, session=["01"] * 50 + ["02"] * 50)
    assert len(first_minutes(epochs, 1.5)) == 90


@pytest.mark.parametrize(
    ("metadata", "minutes", "message"),
    [
        (dict(image=["a", "b"]), 1, "no metadata column 'onset'"),
        (dict(onset=[0.0, 1.0], n_repetitions=[2, 2]), 1, "are averages"),
        (dict(onset=[0.0, 30.0]), 2, "only 1.00 minutes were recorded"),
        (dict(onset=[30.0, 0.0]), 0.1, "do not increase within a run"),
    ],
)
def test_what_cannot_be_cut(metadata, minutes, message):
    with pytest.raises(ValueError, match=message):
        first_minutes(make_epochs(**metadata), minutes)


def test_simulated_minutes_are_averaged_after_the_cut(simulated):
    from mne_shallowalign.datasets import load_bids

    root = simulated.image_root.parent
    trials = load_bids(root, "01", tmin=-0.2, tmax=0.6)
    trials = trials[(trials.metadata["split"] == "train").to_numpy()]
    onset = trials.metadata["onset"].to_numpy()
    first_run = (trials.metadata["run"] == "01").to_numpy()
    by_hand = trials[first_run & (onset < onset[0] + 12)]
    found = simulated.load_minutes("01", 0.2)
    shown = by_hand.metadata["image"]
    assert found.metadata["image"].tolist() == shown.drop_duplicates().tolist()
    assert found.metadata["n_repetitions"].tolist() == (
        shown.value_counts()[found.metadata["image"]].tolist()
    )
    for i, image in enumerate(found.metadata["image"]):
        data = by_hand[(shown == image).to_numpy()].get_data(tmin=0, tmax=0.6)
        np.testing.assert_allclose(
            found.get_data()[i], data.mean(axis=0), atol=1e-12, rtol=1e-5
        )
