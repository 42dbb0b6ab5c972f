"""A CTF recording with the real channels.tsv of THINGS-MEG."""

from __future__ import annotations

import warnings

import mne
import numpy as np
import pytest

from mne_shallowalign.datasets import (
    _things_meg,
    load_bids,
    load_things_meg,
    things_images,
)
from mne_shallowalign.datasets._recordings import find_recordings, read_recording

pytestmark = pytest.mark.filterwarnings("ignore:Did not find any:RuntimeWarning")
NAME = "sub-BIGMEG1_ses-01_task-main_run-01"


@pytest.fixture
def read(ctf_bids):
    (path,) = find_recordings(ctf_bids, "BIGMEG1")
    return lambda: read_recording(path)


def test_types_coils_and_units_are_those_of_the_recording(ctf_bids, read):
    from mne_bids import read_raw_bids

    (path,) = find_recordings(ctf_bids, "BIGMEG1")
    with pytest.warns(RuntimeWarning, match="No BIDS -> MNE mapping"):
        assert "mag" not in read_raw_bids(path)  # what it is all about
    with pytest.warns(RuntimeWarning, match=r"gives no MEG sensor its type"):
        raw = read()
    true = mne.io.read_raw_ctf(path.fpath)
    sensors = mne.pick_types(true.info, meg=True, ref_meg=False)
    assert len(sensors) == 273
    assert (
        mne.pick_types(raw.info, meg=True, ref_meg=False).tolist() == sensors.tolist()
    )
    for pick in sensors:
        for key in ("kind", "coil_type", "unit", "ch_name"):
            assert raw.info["chs"][pick][key] == true.info["chs"][pick][key]
        np.testing.assert_array_equal(
            raw.info["chs"][pick]["loc"], true.info["chs"][pick]["loc"]
        )
    np.testing.assert_array_equal(raw.get_data("mag"), true.get_data("mag"))


@pytest.mark.parametrize(
    "missing", [["coordsystem.json"], ["meg.json"], ["channels.tsv", "meg.json"]]
)
def test_missing_sidecars(ctf_bids, read, missing):
    for name in missing:
        (ctf_bids / f"sub-BIGMEG1/ses-01/meg/{NAME}_{name}").unlink()
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        raw = read()
    assert len(raw.copy().pick("mag").ch_names) == 273
    assert len(raw.annotations) > 0


def test_right_types_are_left_alone(ctf_bids, read, recwarn):
    channels = ctf_bids / f"sub-BIGMEG1/ses-01/meg/{NAME}_channels.tsv"
    channels.write_text(channels.read_text().replace("OTHER", "MEGGRADAXIAL"))
    raw = read()
    assert len(raw.copy().pick("mag").ch_names) == 273
    assert not any("sensor" in str(w.message) for w in recwarn)


def test_epochs_of_the_raw_recording(ctf_bids, monkeypatch):
    monkeypatch.setattr(_things_meg, "_BAD_SENSOR", "MRO11-4304")
    with pytest.warns(RuntimeWarning, match="gives no MEG sensor its type"):
        epochs = load_things_meg(
            1,
            kind="raw",
            path=ctf_bids.parent,
            exclude_test_concepts=False,
            tmin=-0.1,
            tmax=0.3,
            baseline=None,
        )
    numbers = [24812, 8355, 9054, 3648, 21998]  # of events.tsv
    expected = things_images().loc[numbers]
    assert epochs.metadata["image"].tolist() == expected["image"].tolist()
    assert epochs.metadata["concept"].tolist() == expected["concept"].tolist()
    assert epochs.metadata["session"].tolist() == 5 * ["01"]
    true = mne.io.read_raw_ctf(
        ctf_bids / f"sub-BIGMEG1/ses-01/meg/{NAME}_meg.ds", preload=True
    )
    onsets = epochs.events[:, 0]
    assert onsets.tolist() == [3425, 5406, 7267, 8887, 10708]  # events.tsv, "sample"
    sensors = [name for name in true.ch_names if name in epochs.ch_names]
    assert not any(name.startswith("MRO11") for name in sensors)
    expected = np.stack([true.get_data(sensors)[:, s - 120 : s + 361] for s in onsets])
    np.testing.assert_allclose(epochs.get_data(sensors), expected, rtol=1e-12)


def test_load_bids_knows_the_events(ctf_bids, tmp_path):
    for image in things_images().loc[[24812, 8355, 9054, 3648, 21998], "image"]:
        (tmp_path / image).parent.mkdir()
        (tmp_path / image).touch()
    with pytest.warns(RuntimeWarning, match="gives no MEG sensor its type"):
        epochs = load_bids(
            ctf_bids, "BIGMEG1", tmin=0, tmax=0.1, baseline=None, stimuli=tmp_path
        )
    assert [*epochs.metadata][:3] == ["image", "concept", "repetition"]
    assert set(epochs.metadata["split"]) == {"train"}
