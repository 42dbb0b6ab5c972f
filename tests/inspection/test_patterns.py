"""Haufe patterns against scikit-learn's linear models in MNE and known mixings."""

from __future__ import annotations

import mne
import numpy as np
import pytest
import sensor_simulation as known
from mne.decoding import LinearModel, SpatialFilter, get_coef
from sklearn.linear_model import Ridge

from mne_shallowalign.inspection import patterns
from mne_shallowalign.inspection._patterns import haufe_patterns
from mne_shallowalign.preprocessing import MVNNWhitener
from mne_shallowalign.preprocessing._picks import ten_05


def test_formula_is_that_of_the_paper():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 12)) @ rng.standard_normal((12, 12))
    W = rng.standard_normal((12, 3))
    covariance = np.cov(X.T)
    expected = covariance @ W @ np.linalg.inv(W.T @ covariance @ W)
    np.testing.assert_allclose(haufe_patterns(X, X @ W), expected)


def test_pattern_of_one_source_is_that_of_mne_up_to_scale():
    """MNE divides by the covariance of the target, not of the estimated source."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 12)) @ rng.standard_normal((12, 12))
    y = X[:, 0] + rng.standard_normal(200)
    model = LinearModel(Ridge(alpha=1.0)).fit(X, y)
    found = haufe_patterns(X, (X @ model.filters_)[:, None])[:, 0]
    ratio = found / get_coef(model, "patterns_").ravel()
    np.testing.assert_allclose(ratio, ratio[0])


@pytest.mark.parametrize("solver", ["ridge", "eegproject"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_known_mixing_is_recovered(solver, seed):
    epochs, features, mix = known.add_colour(seed)
    decoder = known.make_decoder(solver).fit(epochs, features)
    found = patterns(decoder, epochs, features)
    assert isinstance(found, SpatialFilter)
    assert found.patterns.shape == found.filters.shape == (20, 10)
    latency = np.abs(found.patterns).max(axis=1).argmax()
    assert known.LATENCY[0] - 0.001 <= epochs.times[latency] < known.LATENCY[1]
    pattern = abs(np.corrcoef(found.patterns[latency], mix)[0, 1])
    weights = abs(np.corrcoef(found.filters[latency], mix)[0, 1])
    assert pattern > 0.9
    assert weights < pattern  # filters are not where activity is


def test_components_are_scaled_to_one_and_signed(fitted, recording):
    epochs, features = recording
    found = patterns(fitted, epochs, features, n_components=2)
    assert found.patterns.shape == (2, 20, 10)
    data = epochs.get_data()
    sources = np.einsum("ktc,nct->nk", found.filters, data)
    np.testing.assert_allclose(sources.std(axis=0), 1, rtol=1e-3)
    assert found.evals[0] >= found.evals[1]
    for pattern in found.patterns:
        assert np.abs(pattern).max() == pattern.max()
    flat = haufe_patterns(data.reshape(len(data), -1), sources)
    expected = flat.reshape(10, 20, 2).T
    np.testing.assert_allclose(found.patterns, expected, rtol=1e-2, atol=1e-9)


def test_patterns_of_whitened_decoders_live_at_the_sensors():
    epochs, features, mix = known.add_colour(0)
    plain = known.make_decoder("ridge").fit(epochs, features)
    whitener = MVNNWhitener(by=None).fit(epochs)
    white = whitener.transform(epochs)
    decoder = known.make_decoder("ridge").fit(white, features)
    found = patterns(decoder, epochs, features, whitener=whitener)
    inside = patterns(decoder, white, features)
    # what is seen inside, taken back by the inverse of the whitener
    inverse = whitener.inverse_transform(inside.patterns.T[None])[0].T
    inverse *= np.sign((inverse * found.patterns).sum())
    np.testing.assert_allclose(
        found.patterns, inverse, atol=1e-3 * np.abs(inverse).max()
    )
    # and is the same as without a whitener at all
    alone = patterns(plain, epochs, features)
    both = np.corrcoef(found.patterns.ravel(), alone.patterns.ravel())[0, 1]
    assert abs(both) > 0.95
    assert abs(np.corrcoef(found.patterns[12], mix)[0, 1]) > 0.9


def test_topographies_are_drawn_at_latencies():
    info = known.make_info().set_montage(mne.channels.make_standard_montage(ten_05()))
    epochs, features = known.simulate(info=info)
    decoder = known.make_decoder("ridge").fit(epochs, features)
    found = patterns(decoder, epochs, features)
    figure = found.plot_patterns([0.0, 0.14], tmin=epochs.tmin, show=False)
    assert len(figure.axes) == 3  # and the colour bar


def test_types_of_channels_are_kept():
    types = ["mag"] * 5 + ["grad"] * 5
    unit = np.repeat([1e-13, 1e-11], 5)
    epochs, features = known.simulate(info=known.make_info(types), unit=unit)
    decoder = known.make_decoder("ridge").fit(epochs, features)
    found = patterns(decoder, epochs, features)
    assert found.info.get_channel_types() == types
    # the active two are gradiometers: T/m, of the size of what they measure
    assert 1e-12 < found.patterns.max() < 1e-10


def test_what_is_wrong_is_told(fitted, recording):
    epochs, features = recording
    with pytest.raises(ValueError, match="n_components == 0"):
        patterns(fitted, epochs, features, n_components=0)
    pair = known.make_decoder("eegproject", n_members=2, max_epochs=1)
    pair.fit(epochs, features)
    with pytest.raises(ValueError, match="one linear map .* 2 member"):
        patterns(pair, epochs, features)
    with pytest.raises(TypeError, match="epochs must be mne.Epochs"):
        patterns(fitted, epochs.get_data(), features)
    longer = mne.EpochsArray(
        np.random.default_rng(0).standard_normal((64, 10, 100)) * 1e-6,
        known.make_info(),
        verbose=False,
    )
    conv = known.make_decoder("tsconv", max_epochs=1).fit(longer, features[:64])
    with pytest.raises(ValueError, match="This one has TSConv"):
        patterns(conv, longer, features[:64])
