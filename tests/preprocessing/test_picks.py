from __future__ import annotations

import re
import shutil

import mne
import numpy as np
import pytest

from mne_shallowalign.preprocessing import pick_occipito_parietal
from mne_shallowalign.preprocessing._picks import resolve_picks, ten_05

FIELD = "P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2".split()
THINGS_EEG2 = (
    "Fp1 F3 F7 FT9 FC5 FC1 C3 T7 TP9 CP5 CP1 Pz P3 P7 O1 Oz O2 P4 P8 TP10 CP6 CP2 Cz "
    "C4 T8 FT10 FC6 FC2 F4 F8 Fp2 AF7 AF3 AFz F1 F5 FT7 FC3 FCz C1 C5 TP7 CP3 P1 P5 "
    "PO7 PO3 POz PO4 PO8 P6 P2 CPz CP4 TP8 C6 C2 FC4 FT8 F6 F2 AF4 AF8"
).split()


def test_the_17_channels_of_the_field():
    info = mne.create_info(THINGS_EEG2, 250.0, "eeg")
    assert pick_occipito_parietal(info) == FIELD
    authors = [name for name in THINGS_EEG2 if re.match("^O *|^P *", name)]
    assert set(authors) == set(FIELD)


def test_other_caps():
    info = mne.create_info(["PZ", "oz", "Photo", "Cz", "P9"], 250.0, "eeg")
    assert pick_occipito_parietal(info) == ["P9", "PZ", "oz"]
    info = mne.create_info(["Pz", "Oz"], 250.0, ["eeg", "misc"])
    assert pick_occipito_parietal(info) == ["Pz"]
    info["bads"] = ["Pz"]
    with pytest.raises(ValueError, match="finds no good channel"):
        pick_occipito_parietal(info)
    biosemi = mne.create_info(["A1", "B1"], 250.0, "eeg")
    with pytest.raises(ValueError, match=r"'A1', 'B1'.*rename_channels"):
        pick_occipito_parietal(biosemi)


def test_other_picks_are_left_to_mne():
    info = mne.create_info(["Pz", "Cz"], 250.0, "eeg")
    assert resolve_picks(info, "data") == "data"
    assert resolve_picks(info, ["Cz"]) == ["Cz"]
    assert resolve_picks(info, "occipito-parietal") == ["Pz"]


def test_the_montage_is_known():
    assert ten_05() in mne.channels.get_builtin_montages()


@pytest.fixture(scope="module")
def ctf(test_data, tmp_path_factory):
    """The real header of a CTF-275 with a signal of ones."""
    folder = tmp_path_factory.mktemp("ctf") / "testdata_ctf.ds"
    folder.mkdir()
    for path in (test_data / "ctf" / folder.name).iterdir():
        shutil.copyfile(path, folder / path.name)
    signal = np.ones((356, 12000), ">i4").tobytes()
    (folder / "testdata_ctf.meg4").write_bytes(b"MEG41CP\0" + signal)
    return mne.io.read_raw_ctf(folder)


def test_ctf_by_name(ctf):
    names = pick_occipito_parietal(ctf.info)
    assert len(names) == 85
    assert {name[:3] for name in names} == {"MLO", "MRO", "MZO", "MLP", "MRP", "MZP"}
    ctf.info["bads"] = [name for name in names if name.startswith("MRO11")]
    assert len(pick_occipito_parietal(ctf.info)) == 84


def test_by_position_as_by_name(ctf):
    """Sensors with other names, as KIT has them, but in the places of CTF's."""
    ctf.info["bads"] = []
    by_name = set(pick_occipito_parietal(ctf.info))
    raw = ctf.copy().pick("mag")
    names = raw.ch_names
    raw.rename_channels({name: f"MEG {i:03d}" for i, name in enumerate(names)})
    by_place = {names[int(name[4:])] for name in pick_occipito_parietal(raw.info)}
    agree = sum((name in by_place) == (name in by_name) for name in names)
    assert agree / len(names) > 0.9
    assert not any(re.match("M[LRZ]F", name) for name in by_place)
    assert all(name in by_place for name in names if re.match("M[LRZ]O", name))
    for channel in raw.info["chs"]:
        channel["loc"][:] = np.nan
    with pytest.raises(ValueError, match="neither the names nor the positions"):
        pick_occipito_parietal(raw.info)


@pytest.mark.parametrize("space", [" ", ""])
def test_neuromag(space):
    selection = mne.read_vectorview_selection(
        ["Left-parietal", "Right-parietal", "Left-occipital", "Right-occipital"]
    )
    everything = mne.read_vectorview_selection(
        ["Vertex", "temporal", "frontal", "parietal", "occipital"]
    )
    names = sorted({name.replace(" ", space) for name in everything})
    kinds = ["mag" if name.endswith("1") else "grad" for name in names]
    info = mne.create_info(names, 250.0, kinds)
    expected = {name.replace(" ", space) for name in selection}
    assert set(pick_occipito_parietal(info)) == expected
    assert len(expected) == 150
