"""Occlusion against brute force and a known place and time."""

from __future__ import annotations

import numpy as np
import pytest
import sensor_simulation as known

from mne_shallowalign.inspection import occlusion
from mne_shallowalign.preprocessing import MVNNWhitener
from mne_shallowalign.retrieval import ranks


def score(decoder, data, features, scoring):
    similarity = decoder.transform(data) @ decoder.transform_images(features).T
    if scoring == "similarity":
        return np.diag(similarity).mean()
    found = ranks(similarity, np.arange(len(data)))
    return {"top1": (found <= 1).mean(), "mrr": (1 / found).mean()}[scoring]


@pytest.mark.parametrize("scoring", ["similarity", "top1", "mrr"])
def test_each_value_is_the_drop_that_brute_force_finds(fitted, recording, scoring):
    epochs, features = (part[300:] for part in recording)
    found = occlusion(fitted, epochs, features, window=0.08, scoring=scoring)
    data = epochs.get_data()
    whole = score(fitted, data, features, scoring)
    for channel in (2, 7, 8):
        for start in (0, 8):
            other = data.copy()
            times = slice(start, start + 4)
            other[:, channel, times] = data[:, channel, times].mean(0)
            drop = whole - score(fitted, other, features, scoring)
            np.testing.assert_allclose(found.data[channel, times], drop, atol=1e-6)
    np.testing.assert_array_equal(epochs.get_data(), data)


def test_overlapping_windows_are_averaged_and_the_rest_is_zero(fitted, recording):
    epochs, features = (part[300:340] for part in recording)
    found = occlusion(fitted, epochs, features, window=0.16, step=0.08)
    assert (found.data[:, 16:] != 0).all()  # windows of 8 from 0, 4, 8 and 12 on
    odd = occlusion(fitted, epochs, features, window=0.18, step=0.2)
    assert (odd.data[:, 9] == 0).all()
    assert (odd.data[:, 19] == 0).all()
    apart = [
        occlusion(fitted, epochs, features, window=0.16, step=step).data
        for step in (0.16, 0.08)
    ]
    np.testing.assert_allclose(apart[0][:, :4], apart[1][:, :4])
    assert not np.allclose(apart[0][:, 4:8], apart[1][:, 4:8])


def test_the_maximum_is_where_the_activity_is(fitted, recording):
    epochs, features = (part[300:] for part in recording)
    found = occlusion(fitted, epochs, features, window=0.04)
    channel, sample = np.unravel_index(found.data.argmax(), found.data.shape)
    assert found.ch_names[channel] in known.ACTIVE
    assert known.LATENCY[0] - 0.001 <= found.times[sample] < known.LATENCY[1]
    assert found.comment == "occlusion (similarity)"


def test_channels_are_replaced_before_the_whitener(recording):
    epochs, features = recording
    whitener = MVNNWhitener(by=None).fit(epochs[:300])
    white = whitener.transform(epochs).pick(["O1", "Oz", "O2"])
    decoder = known.make_decoder("ridge").fit(white[:300], features[:300])
    test, seen = epochs[300:], features[300:]
    found = occlusion(decoder, test, seen, window=0.1, whitener=whitener)
    assert found.ch_names == test.ch_names
    other = test.copy()
    other._data[:, 5, 5:10] = test.get_data()[:, 5, 5:10].mean(0)
    drop = score(decoder, white[300:], seen, "similarity") - score(
        decoder, whitener.transform(other).pick(white.ch_names), seen, "similarity"
    )
    assert drop != 0  # the decoder sees Pz through the whitener only
    np.testing.assert_allclose(found.data[5, 5:10], drop, atol=1e-6)


def test_what_is_wrong_is_told(fitted, recording):
    epochs, features = (part[:20] for part in recording)
    with pytest.raises(ValueError, match="scoring='accuracy' must be one of"):
        occlusion(fitted, epochs, features, scoring="accuracy")
    with pytest.raises(ValueError, match="window=3 is 150 samples"):
        occlusion(fitted, epochs, features, window=3)
    with pytest.raises(ValueError, match="one epoch, which is its own mean"):
        occlusion(fitted, epochs[:1], features[:1])
