"""Saliency and patterns as a report draws them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
import sensor_simulation as known
from matplotlib.text import Text
from overlaps import overlapping

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign._report_sensors import (
    _draw_channels,
    _draw_heads,
    pattern_drawings,
    sum_by_place,
)
from mne_shallowalign.inspection import patterns
from mne_shallowalign.preprocessing._picks import ten_05


@pytest.mark.parametrize("kinds", [["eeg"] * 4, ["mag", "grad", "grad", "mag"]])
def test_no_word_of_the_saliency_map_lies_on_another(kinds):
    info = mne.create_info([f"channel {i}" for i in range(4)], 100.0, kinds)
    data = 1e-3 * np.random.default_rng(0).standard_normal((4, 50))
    figure = _draw_channels(mne.EvokedArray(data, info, nave=12345))
    overlaps = overlapping(figure)
    named = {text.get_text() for text in figure.findobj(Text)}
    plt.close(figure)
    assert not overlaps
    assert {"similarity", *info["ch_names"]} <= named


def _caps():
    """Two elements of a helmet, one of which has lost a gradiometer, and a cap."""
    names = ["MEG 1", "MEG 2", "MEG 3", "MEG 4", "MEG 5", "Fz", "Oz"]
    kinds = ["mag", "grad", "grad", "grad", "mag", "eeg", "eeg"]
    info = mne.create_info(names, 100.0, kinds)
    info.set_montage(mne.channels.make_standard_montage(ten_05()))
    for i, channel in enumerate(info["chs"][:5]):
        channel["loc"][:] = np.r_[0.05, 0.1 * (i > 2), 0.05, np.eye(3).ravel()]
    return info


def test_sensors_of_one_place_are_summed():
    data = np.random.default_rng(0).standard_normal((7, 20))
    added = mne.EvokedArray(data, _caps(), tmin=-0.1)
    meg = sum_by_place(added, ("mag", "grad"))
    assert meg.get_channel_types() == ["mag", "mag"]
    np.testing.assert_allclose(meg.data, [data[:3].sum(axis=0), data[3:5].sum(axis=0)])
    np.testing.assert_allclose(meg.times, added.times)
    eeg = sum_by_place(added, ("eeg",))
    assert set(eeg.ch_names) == {"Fz", "Oz"}
    np.testing.assert_allclose(eeg.copy().pick("Oz").data[0], data[6])


def test_no_map_where_sensors_have_no_place():
    data = np.zeros((2, 20))
    without = mne.EvokedArray(data, mne.create_info(2, 100.0, "eeg"))
    assert sum_by_place(without, ("eeg",)) is None
    assert sum_by_place(without, ("mag", "grad")) is None
    one = mne.EvokedArray(data[:1], mne.pick_info(_caps(), [5]))
    assert sum_by_place(one, ("eeg",)) is None


@pytest.mark.parametrize(("n_times", "n_heads"), [(20, 5), (3, 3)])
def test_heads_show_the_means_of_parts_of_the_epoch(n_times, n_heads):
    data = np.zeros((7, n_times))
    data[5:, -1] = 0.004
    added = mne.EvokedArray(data, _caps(), tmin=-0.1)
    figure = _draw_heads([sum_by_place(added, ("eeg",))])
    *heads, bar = figure.axes
    brightest = [ax.images[0].get_array().max() for ax in heads]
    overlaps = overlapping(figure)
    plt.close(figure)
    part = len(np.array_split(np.arange(n_times), n_heads)[-1])
    assert len(heads) == n_heads
    np.testing.assert_allclose(brightest[-1], 0.004 / part, rtol=0.1)
    np.testing.assert_allclose(brightest[:-1], 0, atol=1e-6)
    assert (
        heads[-1].get_title() == f"{added.times[-part]:.2f} to {added.times[-1]:.2f} s"
    )
    assert bar.get_ylabel() == "similarity"
    assert not overlaps


@pytest.fixture(scope="module")
def posterior():
    """Activity at one of five electrodes."""
    info = mne.create_info(["Oz", "POz", "Pz", "P3", "P4"], known.SFREQ, "eeg")
    info.set_montage(mne.channels.make_standard_montage(ten_05()))
    mix = np.array([1.0, 0, 0, 0, 0])[:, None]
    return known.simulate(n=150, info=info, mix=mix, unit=1e-6, snr=2.0)


def test_patterns_are_drawn_at_their_strongest_moments(posterior):
    epochs, features = posterior
    decoder = known.make_decoder("ridge").fit(epochs, features)
    (drawing,) = pattern_drawings(decoder, epochs, features)
    found = patterns(decoder, epochs, features).patterns
    parts = np.array_split(found, 5)
    figure = drawing.draw()
    *heads, bar = figure.axes
    extremes = [np.abs(ax.images[0].get_array()).max() for ax in heads]
    overlaps = overlapping(figure)
    plt.close(figure)
    strongest = [part[part.std(axis=1).argmax()] for part in parts]
    expected = [np.abs(part).max() * 1e6 for part in strongest]
    np.testing.assert_allclose(extremes, expected, rtol=0.35)  # interpolated
    assert bar.get_title() == "µV"
    assert not overlaps


def test_no_patterns_without_places_or_a_linear_map(posterior):
    epochs, features = posterior
    decoder = known.make_decoder("ridge").fit(epochs, features)
    bare = epochs.copy().set_montage(None)
    assert list(pattern_drawings(decoder, bare, features)) == []
    other = ShallowAlignDecoder(n_members=2, max_epochs=1, random_state=0)
    other.fit(epochs, features)
    assert list(pattern_drawings(other, epochs, features)) == []
