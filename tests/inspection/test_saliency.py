"""Saliency against calculus, finite differences and a known place and time."""

from __future__ import annotations

import mne
import numpy as np
import pytest
import sensor_simulation as known
from numpy.linalg import norm

from mne_shallowalign.inspection import saliency
from mne_shallowalign.preprocessing import MVNNWhitener


def similarities(decoder, data, features):
    """Cosines of the signals with their own images, through public methods."""
    return (decoder.transform(data) * decoder.transform_images(features)).sum(1)


def differences(similarity, epochs, step):
    """Central differences of each epoch's similarity, one channel and sample a time."""
    data = epochs.get_data()
    found = np.empty(data.shape)
    for c, t in np.ndindex(*data.shape[1:]):
        ends = []
        for sign in (1, -1):
            moved = data.copy()
            moved[:, c, t] += sign * step
            ends.append(similarity(moved))
        found[:, c, t] = (ends[0] - ends[1]) / (2 * step)
    return found


def test_absolute_gradient_against_finite_differences(fitted, recording):
    epochs, features = (part[300:330] for part in recording)
    slopes = differences(
        lambda data: similarities(fitted, data, features), epochs, 0.05e-6
    )
    absolute = saliency(fitted, epochs, features, kind="absolute")
    scale = np.abs(slopes).mean(0).max()
    np.testing.assert_allclose(
        absolute.data, np.abs(slopes).mean(0), rtol=0.02, atol=1e-3 * scale
    )
    signed = saliency(fitted, epochs, features, kind="signed")
    np.testing.assert_allclose(signed.data, slopes.mean(0), atol=0.01 * scale)
    data = epochs.get_data()
    total = saliency(fitted, epochs, features, kind="input")
    expected = (slopes * (data - data.mean(0))).mean(0)
    np.testing.assert_allclose(total.data, expected, atol=0.01 * np.abs(expected).max())


def test_gradient_of_ridge_is_that_of_the_formula(recording):
    epochs, features = recording
    decoder = known.make_decoder("ridge").fit(epochs, features)
    linear, scaler = decoder.encoder_.linear, decoder.signal_scaler_
    weights = linear.weight.detach().numpy().astype(float)
    bias = linear.bias.detach().numpy()
    data = (epochs.get_data() - scaler.mean[:, None]) / scaler.scale[:, None]
    z = data.reshape(len(data), -1) @ weights.T + bias
    u = decoder.transform_images(features)
    length = norm(z, axis=1, keepdims=True)
    # d (u.z / |z|) / dz = (u - v (u.v)) / |z|
    v = z / length
    inner = (u - v * (u * v).sum(1, keepdims=True)) / length
    expected = (inner @ weights).reshape(data.shape) / scaler.scale[:, None]
    found = saliency(decoder, epochs, features, kind="absolute")
    np.testing.assert_allclose(found.data, np.abs(expected).mean(0), rtol=1e-3)


def test_the_maximum_is_where_the_activity_is(fitted, recording):
    epochs, features = (part[300:] for part in recording)
    found = saliency(fitted, epochs, features)
    channel, sample = np.unravel_index(found.data.argmax(), found.data.shape)
    assert found.ch_names[channel] in known.ACTIVE
    assert known.LATENCY[0] - 0.001 <= found.times[sample] < known.LATENCY[1]


def test_evoked_has_the_sensors_and_times_of_the_epochs(recording):
    """CTF and Neuromag types are kept, and the slope is per T and per T/m."""
    types = ["mag"] * 4 + ["grad"] * 4 + ["eeg"] * 2
    unit = np.array([1e-13] * 4 + [1e-11] * 4 + [1e-6] * 2)
    epochs, features = known.simulate(info=known.make_info(types), unit=unit)
    decoder = known.make_decoder("ridge").fit(epochs, features)
    found = saliency(decoder, epochs, features, kind="absolute")
    assert isinstance(found, mne.Evoked)
    assert found.get_channel_types() == types
    assert found.nave == len(epochs)
    np.testing.assert_allclose(found.times, epochs.times)
    same, _ = known.simulate(unit=1e-6)  # the numbers of the other in one unit
    alike = known.make_decoder("ridge").fit(same, features)
    alike = saliency(alike, same, features, kind="absolute")
    np.testing.assert_allclose(found.data * unit[:, None], alike.data * 1e-6, rtol=1e-3)


def sessions(epochs):
    """Mix the noise of the channels, otherwise in either of two sessions."""
    rng = np.random.default_rng(1)
    mixed = epochs.copy()
    mixed.metadata["session"] = np.arange(len(epochs)) % 2
    for session in (0, 1):
        mixing = np.eye(10) + 0.3 * rng.standard_normal((10, 10))
        rows = mixed.metadata["session"] == session
        mixed._data[rows] = mixing @ mixed._data[rows]
    return mixed


@pytest.mark.parametrize("picked", [None, ["Oz", "O1", "P3", "Pz"]])
def test_whitened_maps_live_at_the_sensors(recording, picked):
    """The slope at a sensor is through the whitener, for channels not picked too."""
    epochs, features = sessions(recording[0]), recording[1]
    whitener = MVNNWhitener(by="session").fit(epochs[:300])
    white = whitener.transform(epochs)
    white = white if picked is None else white.pick(picked)
    decoder = known.make_decoder("ridge").fit(white[:300], features[:300])
    test, seen = epochs[300:320], features[300:320]

    def similarity(data):
        moved = test.copy()
        moved._data[:] = data
        moved = whitener.transform(moved)
        moved = moved if picked is None else moved.pick(picked)
        return similarities(decoder, moved, seen)

    expected = np.abs(differences(similarity, test, 0.05e-6)).mean(0)
    found = saliency(decoder, test, seen, kind="absolute", whitener=whitener)
    assert found.ch_names == epochs.ch_names
    np.testing.assert_allclose(found.data, expected, atol=0.01 * expected.max())


def test_ensembles_have_the_mean_slope_of_their_members(recording):
    epochs, features = recording
    decoder = known.make_decoder("eegproject", n_members=2, max_epochs=2)
    decoder.fit(epochs, features)
    part, seen = epochs[:10], features[:10]
    slopes = differences(lambda data: similarities(decoder, data, seen), part, 0.05e-6)
    found = saliency(decoder, part, seen, kind="absolute")
    expected = np.abs(slopes).mean(0)
    np.testing.assert_allclose(found.data, expected, atol=0.02 * expected.max())


def test_images_come_from_the_metadata(fitted, recording):
    epochs, features = (part[:20] for part in recording)
    with pytest.raises(ValueError, match="no column 'image' either"):
        saliency(fitted, epochs)
    labelled = epochs.copy()
    labelled.metadata["image"] = list(features)
    np.testing.assert_array_equal(
        saliency(fitted, labelled).data, saliency(fitted, epochs, features).data
    )


def test_what_is_wrong_is_told(fitted, recording):
    epochs, features = (part[:20] for part in recording)
    with pytest.raises(ValueError, match="kind='squared' must be one of input"):
        saliency(fitted, epochs, features, kind="squared")
    with pytest.raises(TypeError, match="epochs must be mne.Epochs"):
        saliency(fitted, epochs.get_data(), features)
    with pytest.raises(ValueError, match="lacks 1 of the 10 channels"):
        saliency(fitted, epochs.copy().drop_channels("Oz"), features)
    with pytest.raises(ValueError, match="time samples"):
        saliency(fitted, epochs.copy().crop(0, None), features)
    with pytest.raises(ValueError, match="20"):
        saliency(fitted, epochs, features[:19])
    with pytest.raises(ValueError, match="one epoch, which is its own mean"):
        saliency(fitted, epochs[:1], features[:1])
    slopes = saliency(fitted, epochs[:1], features[:1], kind="signed")
    assert np.abs(slopes.data).max() > 0  # a gradient is counted from no mean
    with pytest.raises(TypeError, match="whitener must be a fitted MVNNWhitener"):
        saliency(fitted, epochs, features, whitener="mvnn")
    few = MVNNWhitener(by=None).fit(epochs.copy().pick(["Oz", "O1"]))
    with pytest.raises(ValueError, match="whitener does not know 8 of the decoder's"):
        saliency(fitted, epochs, features, whitener=few)
