from __future__ import annotations

import mne
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mne_shallowalign.datasets import read_raw_things_eeg2


@pytest.fixture(scope="module")
def fname(things_eeg2):
    return things_eeg2 / "sub-08" / "ses-01" / "raw_eeg_training.npy"


def test_against_raw_array(fname):
    contents = np.load(fname, allow_pickle=True).item()
    info = mne.create_info(
        contents["ch_names"], contents["sfreq"], contents["ch_types"]
    )
    expected = mne.io.RawArray(contents["raw_eeg_data"], info)
    raw = read_raw_things_eeg2(fname)
    assert not raw.preload
    assert raw.ch_names == expected.ch_names
    assert raw.get_channel_types() == expected.get_channel_types()
    assert_array_equal(raw.get_data(), expected.get_data())
    assert_array_equal(
        raw[["Oz", "F3"], 100:203][0], expected[["Oz", "F3"], 100:203][0]
    )
    assert_array_equal(mne.find_events(raw), mne.find_events(expected))
    assert_array_equal(raw.copy().crop(0.5, 1).get_data(), raw[:, 500:1001][0])
    loaded = read_raw_things_eeg2(fname, preload=True)
    assert_array_equal(loaded.get_data(), expected.get_data())
    raw.set_eeg_reference(projection=True).apply_proj()
    np.testing.assert_allclose(raw.get_data("eeg").mean(axis=0), 0, atol=1e-12)


def test_info(fname):
    info = read_raw_things_eeg2(fname).info
    assert info["line_freq"] == 50
    assert (info["highpass"], info["lowpass"]) == (0.01, 100.0)
    positions = np.array([info["chs"][i]["loc"][:3] for i in range(63)])
    assert np.isfinite(positions).all()
    assert positions[EEG("Oz", info), 1] < positions[EEG("Fp1", info), 1]


def EEG(name, info):
    return info["ch_names"].index(name)


def test_a_file_in_fortran_order(fname, tmp_path):
    contents = np.load(fname, allow_pickle=True).item()
    contents["raw_eeg_data"] = np.asfortranarray(contents["raw_eeg_data"])
    np.save(tmp_path / "raw.npy", contents)
    raw = read_raw_things_eeg2(tmp_path / "raw.npy")
    assert_array_equal(raw.get_data(), contents["raw_eeg_data"])


def test_microvolts_are_noticed(fname, tmp_path):
    contents = np.load(fname, allow_pickle=True).item()
    contents["raw_eeg_data"][:63] *= 1e6
    np.save(tmp_path / "raw.npy", contents)
    with pytest.warns(RuntimeWarning, match="hardly in volts"):
        read_raw_things_eeg2(tmp_path / "raw.npy")


def test_other_files(things_eeg2, tmp_path):
    with pytest.raises(ValueError, match="is no recording of THINGS-EEG2"):
        read_raw_things_eeg2(things_eeg2 / "image_metadata.npy")
    with pytest.raises(FileNotFoundError):
        read_raw_things_eeg2(tmp_path / "raw.npy")
