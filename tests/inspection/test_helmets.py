"""Helmets with real sensors in real places: Neuromag, CTF, and caps without places."""

from __future__ import annotations

import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
import sensor_simulation as known

from mne_shallowalign._report_sensors import sum_by_place
from mne_shallowalign.inspection import channel_ablation, occlusion, patterns, saliency
from mne_shallowalign.preprocessing import MVNNWhitener

TRIPLET = ["MEG 2111", "MEG 2112", "MEG 2113"]  # at the back, in the middle
UNITS = {"mag": 1e-13, "grad": 3e-12, "eeg": 1e-6, "ref_meg": 1e-12}
SENSOR = "MLO21-606"  # of CTF, at the back, to the left


def simulate(info, active, n=300, n_times=20):
    """Some sensors share one source for a while, each in the unit of its type."""
    mix = np.isin(info["ch_names"], active).astype(float)[:, None]
    unit = np.array([UNITS[kind] for kind in info.get_channel_types()])
    epochs, features = known.simulate(n=n, info=info, mix=mix, unit=unit, snr=2.0)
    return epochs.crop(None, epochs.times[n_times - 1]), features


def helmet(*lobes):
    """Take the elements of a Neuromag helmet over some lobes."""
    if not hasattr(mne.channels, "read_meg_canonical_info"):
        pytest.skip("MNE has the places of Neuromag sensors from version 1.12 on")
    info = mne.channels.read_meg_canonical_info("neuromag")
    with info._unlock():
        info["sfreq"], info["lowpass"] = known.SFREQ, known.SFREQ / 2
    inside = mne.read_vectorview_selection(lobes)
    return mne.pick_info(
        info, [i for i, n in enumerate(info["ch_names"]) if n in inside]
    )


@pytest.fixture(scope="module")
def neuromag():
    return simulate(helmet("occipital", "Right-frontal"), TRIPLET)


@pytest.fixture(scope="module", params=["as it is", "whitened"])
def seen(request, neuromag):
    """A decoder of Neuromag data, the whitener before it, and trials to test it."""
    epochs, features = neuromag
    whitener = MVNNWhitener(by=None).fit(epochs[:200])
    whitener = whitener if request.param == "whitened" else None
    signal = whitener.transform(epochs) if whitener else epochs
    decoder = known.make_decoder("ridge").fit(signal[:200], features[:200])
    return decoder, whitener, epochs[200:], features[200:]


def peak(axes):
    """Return where a topography has its maximum, in its coordinates, and the value."""
    (picture,) = axes.images
    values = np.ma.filled(picture.get_array(), -np.inf)
    row, column = np.unravel_index(values.argmax(), values.shape)
    left, right, bottom, top = picture.get_extent()
    height, width = values.shape
    x = left + (column + 0.5) / width * (right - left)
    y = bottom + (row + 0.5) / height * (top - bottom)
    return (x, y), values.max()


@pytest.mark.parametrize("inspect", [saliency, occlusion])
def test_maxima_are_at_the_true_sensors_of_both_types(seen, inspect):
    decoder, whitener, epochs, features = seen
    found = inspect(decoder, epochs, features, whitener=whitener)
    for kind in ("mag", "grad"):
        part = found.copy().pick(kind)
        channel, sample = np.unravel_index(part.data.argmax(), part.data.shape)
        assert part.ch_names[channel] in TRIPLET
        assert known.LATENCY[0] - 0.001 <= part.times[sample] < known.LATENCY[1]


def test_patterns_are_at_the_true_sensors_in_their_units(seen, neuromag):
    decoder, whitener, *_ = seen
    found = patterns(decoder, *neuromag, whitener=whitener)
    types = np.array(found.info.get_channel_types())
    late = slice(10, 15)
    for kind in ("mag", "grad"):
        maps = np.abs(found.patterns[late, types == kind])
        names = np.array(found.info["ch_names"])[types == kind]
        assert set(names[maps.argmax(axis=1)]) <= set(TRIPLET)
        # one standard deviation of a source that is twice the noise of a sensor
        assert 0.7 < maps.max() / (2 * UNITS[kind]) < 1.5


def test_gradiometers_are_drawn_as_the_root_mean_square_of_pairs(seen):
    decoder, whitener, epochs, features = seen
    found = saliency(decoder, epochs, features, whitener=whitener)
    latency = found.times[12]
    figure = found.plot_topomap([latency], ch_type="grad", scalings=1, show=False)
    (x, y), value = peak(figure.axes[0])
    plt.close(figure)
    assert y < -2 * abs(x)  # at the back, in the middle
    pair = found.copy().pick(TRIPLET[1:]).data[:, 12]
    np.testing.assert_allclose(value, np.sqrt((pair**2).mean()), rtol=0.05)
    for kind, one in (("planar1", "MEG 2112"), ("planar2", "MEG 2113")):
        figure = found.plot_topomap([latency], ch_type=kind, scalings=1, show=False)
        _, value = peak(figure.axes[0])
        plt.close(figure)
        true = found.copy().pick(one).data[0, 12]
        np.testing.assert_allclose(value, true, rtol=0.05)


def test_patterns_are_drawn_with_both_types(seen, neuromag):
    decoder, whitener, *_ = seen
    found = patterns(decoder, *neuromag, whitener=whitener)
    for kind, unit in (("mag", "fT"), ("grad", "fT/cm")):
        figure = found.plot_patterns(
            [0.14], tmin=known.TMIN, ch_type=kind, units=unit, show=False
        )
        (x, y), value = peak(figure.axes[0])
        title = figure.axes[-1].get_title()
        plt.close(figure)
        assert y < -2 * abs(x)
        assert title == unit
        # 2 x 100 fT, and 2 x 30 fT/cm
        assert 0.5 < value / {"fT": 200, "fT/cm": 60}[unit] < 1.5


def test_whitening_changes_nothing_where_nothing_is_penalised():
    """Least squares do not mind an invertible map of their inputs."""
    info = helmet("Left-occipital")
    info = mne.pick_info(info, range(9))  # three elements of three
    epochs, features = simulate(info, info["ch_names"][:3], n=400, n_times=13)
    epochs.crop(0.06, None)
    whitener = MVNNWhitener(by=None).fit(epochs)
    params = {"alpha": 1e-6}
    plain = known.make_decoder("ridge", **params).fit(epochs, features)
    white = known.make_decoder("ridge", **params)
    white.fit(whitener.transform(epochs), features)
    one = patterns(plain, epochs, features)
    other = patterns(white, epochs, features, whitener=whitener)
    slopes = saliency(plain, epochs, features, kind="signed")
    others = saliency(white, epochs, features, kind="signed", whitener=whitener)
    types = np.array(info.get_channel_types())
    for kind in ("mag", "grad"):
        for a, b in (
            (one.patterns[:, types == kind], other.patterns[:, types == kind]),
            (one.filters[:, types == kind], other.filters[:, types == kind]),
            (slopes.data[types == kind], others.data[types == kind]),
        ):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-3 * np.abs(a).max())


def test_lobes_and_types_of_neuromag(seen):
    decoder, whitener, epochs, features = seen
    options = {"scoring": "similarity", "whitener": whitener}
    table = channel_ablation(decoder, epochs, features, **options).set_index("group")
    assert table["n_channels"].to_dict() == {"all": 111, "occipital": 72, "frontal": 39}
    assert table["drop"]["occipital"] > 5 * abs(table["drop"]["frontal"])
    table = channel_ablation(decoder, epochs, features, "type", **options)
    assert dict(zip(table["group"], table["n_channels"], strict=True)) == {
        "all": 111,
        "mag": 37,
        "grad": 74,
    }


def test_reference_sensors_of_ctf_are_no_signal(test_data):
    raw = mne.io.read_raw_ctf(test_data / "ctf/somMDYO-18av.ds", verbose="error")
    info = raw.pick(["meg", "ref_meg"], exclude=()).info
    with info._unlock():
        info["sfreq"], info["lowpass"] = known.SFREQ, known.SFREQ / 2
    epochs, features = simulate(info, [SENSOR])
    assert epochs.get_channel_types().count("ref_meg") == 29
    decoder = known.make_decoder("ridge").fit(epochs[:200], features[:200])
    epochs, features = epochs[200:], features[200:]
    found = saliency(decoder, epochs, features)
    good = mne.pick_types(info, meg=True, ref_meg=False)
    assert found.ch_names == [info["ch_names"][i] for i in good]
    channel, sample = np.unravel_index(found.data.argmax(), found.data.shape)
    assert found.ch_names[channel] == SENSOR
    assert known.LATENCY[0] - 0.001 <= found.times[sample] < known.LATENCY[1]
    figure = found.plot_topomap([0.14], scalings=1, show=False)
    (x, y), _ = peak(figure.axes[0])
    plt.close(figure)
    assert x < 0
    assert y < 0
    table = channel_ablation(decoder, epochs, features, scoring="similarity")
    table = table.set_index("group").drop("all")
    assert table["drop"].idxmax() == "occipital"


def test_a_montage_may_be_set_on_what_was_found(recording, fitted):
    """MNE finds no places to draw at, which can be told afterwards."""
    epochs, features = (part[300:] for part in recording)
    added = saliency(fitted, epochs, features)
    found = patterns(fitted, epochs, features)
    with pytest.raises(RuntimeError, match="No digitization points"):
        added.plot_topomap([0.14], show=False)
    for one in (added, found.info):
        one.set_montage("biosemi64")
    figure = added.plot_topomap([0.14], scalings=1, show=False)
    (_, y), _ = peak(figure.axes[0])
    plt.close(figure)
    assert y < 0
    plt.close(found.plot_patterns([0.14], tmin=known.TMIN, show=False))


def test_what_all_sensors_of_a_place_add(neuromag):
    """As the guide sums it, and as a report does."""
    epochs, features = neuromag
    decoder = known.make_decoder("ridge").fit(epochs[:200], features[:200])
    added = saliency(decoder, epochs[200:], features[200:])
    total = added.copy().pick("mag")
    for direction in ("planar1", "planar2"):
        total.data += added.copy().pick(direction).data
    same = sum_by_place(added, ("mag", "grad"))
    assert len(same.ch_names) == len(total.ch_names)
    for name, values in zip(total.ch_names, total.data, strict=True):
        (there,) = [n for n in same.ch_names if n[:-1] == name[:-1]]
        np.testing.assert_allclose(same.copy().pick(there).data[0], values)
    assert total.ch_names[total.data[:, 12].argmax()] == TRIPLET[0]
