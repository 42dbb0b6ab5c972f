from __future__ import annotations

import mne
import numpy as np
import pandas as pd
from mne.decoding import Scaler
from numpy.testing import assert_allclose

from mne_shallowalign.preprocessing import ChannelZScorer


def make_epochs(n, sessions):
    rng = np.random.RandomState(n)
    scale = 1e-6 * np.arange(1, 5)[:, None]
    data = scale * (rng.normal(size=(n, 4, 50)) + rng.normal(size=(4, 1)))
    info = mne.create_info(4, 100.0, ["eeg", "eeg", "mag", "mag"])
    metadata = pd.DataFrame(dict(subject="01", session=list(sessions)))
    return mne.EpochsArray(data, info, metadata=metadata)


def test_against_mne():
    train, test = make_epochs(12, 12 * "1"), make_epochs(6, 6 * "1")
    oracle = Scaler(scalings="mean").fit(train.get_data())
    scorer = ChannelZScorer().fit(train)
    for epochs in (train, test):
        got = scorer.transform(epochs).get_data()
        assert_allclose(got, oracle.transform(epochs.get_data()), rtol=1e-9)
    arrays = ChannelZScorer().fit_transform(train.get_data())
    assert_allclose(arrays, scorer.transform(train).get_data())


def test_per_session():
    epochs = make_epochs(20, 5 * "1122")
    scored = ChannelZScorer().fit_transform(epochs)
    for session in "12":
        rows = (epochs.metadata["session"] == session).to_numpy()
        data = scored.get_data()[rows]
        assert_allclose(data.mean(axis=(0, 2)), 0, atol=1e-12)
        assert_allclose(data.std(axis=(0, 2)), 1)


def test_a_flat_channel_is_centred():
    data = make_epochs(5, 5 * "1").get_data()
    data[:, 2] = 1e-6
    assert_allclose(ChannelZScorer().fit_transform(data)[:, 2], 0, atol=1e-12)
