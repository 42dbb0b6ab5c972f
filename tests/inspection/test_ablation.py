"""Groups of channels: who belongs where, and what is lost without them."""

from __future__ import annotations

import mne
import numpy as np
import pytest
import sensor_simulation as known

from mne_shallowalign.inspection import channel_ablation
from mne_shallowalign.inspection._ablation import _lobe, _neuromag_lobes
from mne_shallowalign.preprocessing import pick_occipito_parietal


def test_scores_are_those_of_brute_force(fitted, recording):
    epochs, features = (part[300:] for part in recording)
    groups = {"back": ["O1", "Oz", "O2"], "left": ["O1", "P3", "T7"]}
    table = channel_ablation(fitted, epochs, features, groups, scoring="top1")
    assert list(table["group"]) == ["all", "back", "left"]
    assert list(table["n_channels"]) == [10, 3, 3]
    data = epochs.get_data()
    whole = fitted.score(data, features)
    np.testing.assert_allclose(table["alone"][0], whole)
    np.testing.assert_allclose(table["drop"], whole - table["without"])
    for _, row in table.iloc[1:].iterrows():
        inside = np.isin(epochs.ch_names, groups[row["group"]])
        for taken, column in ((inside, "without"), (~inside, "alone")):
            other = data.copy()
            other[:, taken] = data[:, taken].mean(0)
            np.testing.assert_allclose(row[column], fitted.score(other, features))


def test_active_lobe_is_found(fitted, recording):
    epochs, features = (part[300:] for part in recording)
    table = channel_ablation(fitted, epochs, features, scoring="similarity")
    table = table.set_index("group")
    assert set(table.index[1:]) == {
        "frontal",
        "central",
        "temporal",
        "parietal",
        "occipital",
    }
    assert table["n_channels"].to_dict()["parietal"] == 3
    assert table["drop"].iloc[1:].idxmax() == "occipital"
    assert table["alone"].iloc[1:].idxmax() == "occipital"


def test_types_of_channels(recording):
    epochs, features = recording
    types = ["eeg"] * 7 + ["mag"] * 3
    info = known.make_info(types)
    mixed = mne.EpochsArray(epochs.get_data(), info, tmin=known.TMIN, verbose=False)
    decoder = known.make_decoder("ridge").fit(mixed, features)
    table = channel_ablation(decoder, mixed, features, "type").set_index("group")
    assert dict(table["n_channels"]) == {"all": 10, "eeg": 7, "mag": 3}
    assert table["drop"]["mag"] > table["drop"]["eeg"]


def test_lobes_of_every_system():
    neuromag = _neuromag_lobes()
    expected = {
        "Fp1": "frontal",
        "AFz": "frontal",
        "FCz": "central",
        "CP5": "central",
        "FT9": "temporal",
        "TP10": "temporal",
        "Pz": "parietal",
        "PO7": "occipital",
        "Iz": "occipital",
        "MLF12-1609": "frontal",
        "MZO03": "occipital",
        "MRT44": "temporal",
        "E12": "",
    }
    assert {name: _lobe(name, neuromag) for name in expected} == expected
    assert len(neuromag) == 306  # every sensor of the helmet has one lobe


def test_neuromag_lobes_agree_with_the_picks_of_preprocessing():
    neuromag = _neuromag_lobes()
    info = mne.create_info(list(neuromag), 100.0, "mag")
    back = {
        name for name, lobe in neuromag.items() if lobe in ("parietal", "occipital")
    }
    assert set(pick_occipito_parietal(info)) == back


def test_what_is_wrong_is_told(fitted, recording):
    epochs, features = (part[:20] for part in recording)
    with pytest.raises(ValueError, match="groups='side' must be 'lobe', 'type'"):
        channel_ablation(fitted, epochs, features, "side")
    with pytest.raises(ValueError, match="one epoch, which is its own mean"):
        channel_ablation(fitted, epochs[:1], features[:1])
    with pytest.raises(ValueError, match=r"groups\['a'\] names 'XX'; the signal has"):
        channel_ablation(fitted, epochs, features, {"a": ["XX"]})
    with pytest.raises(ValueError, match=r"groups\['a'\] names no channel"):
        channel_ablation(fitted, epochs, features, {"a": []})
    renamed = epochs.copy().rename_channels({"Oz": "E1"})
    decoder = known.make_decoder("ridge").fit(renamed, features)
    with pytest.raises(ValueError, match="but the signal has E1. Pass a mapping"):
        channel_ablation(decoder, renamed, features)
