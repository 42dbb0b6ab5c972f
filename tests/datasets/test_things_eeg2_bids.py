from __future__ import annotations

import json

import mne
import numpy as np
import pandas as pd
import pytest
from mne_bids import BIDSPath, read_raw_bids
from numpy.testing import assert_array_equal

from mne_shallowalign.datasets import _things_eeg2_bids as module
from mne_shallowalign.datasets import convert_things_eeg2, read_raw_things_eeg2


@pytest.fixture(scope="module")
def bids(things_eeg2, tmp_path_factory):
    root = tmp_path_factory.mktemp("eeg2") / "bids"
    return convert_things_eeg2(things_eeg2 / "sub-08", root, "08", sessions=[2, 3])


@pytest.mark.parametrize(("task", "part"), [("train", "training"), ("test", "test")])
def test_there_and_back(things_eeg2, bids, task, part):
    fname = things_eeg2 / "sub-08" / "ses-02" / f"raw_eeg_{part}.npy"
    original = read_raw_things_eeg2(fname)
    path = BIDSPath(
        subject="08", session="02", task=task, datatype="eeg", root=bids, suffix="eeg"
    )
    raw = read_raw_bids(path, verbose="error")
    expected = original.get_data("eeg")
    assert raw.get_data().shape == expected.shape
    # as float32 in microvolts: half a unit in the last place
    assert (
        np.abs(raw.get_data() - expected).max() <= 2**-24 * 2 * np.abs(expected).max()
    )
    np.testing.assert_allclose(raw.get_data(), expected, rtol=1.0001 * 2**-24)
    assert raw.ch_names == original.ch_names[:63]
    assert raw.info["sfreq"] == 1000
    assert raw.info["line_freq"] == 50
    for ours, theirs in zip(raw.info["chs"], original.info["chs"][:63], strict=True):
        np.testing.assert_allclose(ours["loc"][:3], theirs["loc"][:3], atol=1e-5)

    events = mne.find_events(original)
    table = pd.DataFrame(list(raw.annotations.extras))
    assert_array_equal(np.round(raw.annotations.onset * 1000), events[:, 0])
    assert_array_equal(table["condition"].astype(int), events[:, 2])
    targets = events[:, 2] == 99999
    assert_array_equal(raw.annotations.description == "target", targets)
    assert_array_equal(
        table["stim_file"].isna() | (table["stim_file"] == "n/a"), targets
    )
    assert set(raw.annotations.duration) == {0.1}
    assert table["surplus"].astype(int).sum() == {"train": 1, "test": 2}[task]


def test_the_dataset_describes_itself(bids):
    description = json.loads((bids / "dataset_description.json").read_text())
    assert description["License"] == "CC BY 4.0"
    sidecar = bids / "sub-08/ses-03/eeg/sub-08_ses-03_task-train_eeg.json"
    assert json.loads(sidecar.read_text())["PowerLineFrequency"] == 50
    assert json.loads(sidecar.read_text())["EEGReference"] == "Fz"
    columns = json.loads(
        sidecar.with_name(sidecar.name.replace("_eeg.", "_events.")).read_text()
    )
    assert {"stim_file", "concept", "condition", "surplus", "sequence"} <= set(columns)
    assert sorted(p.name for p in (bids / "sub-08").iterdir()) == ["ses-02", "ses-03"]


def test_it_goes_on_where_it_was(things_eeg2, tmp_path, monkeypatch):
    root = tmp_path / "bids"
    find = module.find_presentations

    def broken_in_the_third(raw, *args):
        if "ses-02" in str(raw.filenames[0]):
            raise KeyboardInterrupt
        return find(raw, *args)

    monkeypatch.setattr(module, "find_presentations", broken_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        convert_things_eeg2(things_eeg2, root, 8, sessions=[1, 2])
    assert [p.name for p in tmp_path.iterdir()] == ["bids"]
    assert [p.name for p in (root / "sub-08").iterdir()] == ["ses-01"]
    first = root / "sub-08/ses-01/eeg/sub-08_ses-01_task-train_eeg.eeg"
    written = first.stat().st_mtime_ns

    monkeypatch.setattr(module, "find_presentations", find)
    convert_things_eeg2(things_eeg2, root, 8, sessions=[1, 2])
    assert first.stat().st_mtime_ns == written
    assert (root / "sub-08/ses-02/eeg").is_dir()
    convert_things_eeg2(things_eeg2, root, 8, sessions=[1], overwrite=True)
    assert first.stat().st_mtime_ns > written


def test_another_subject_is_added(things_eeg2, bids, tmp_path):
    (tmp_path / "sub-02").symlink_to(things_eeg2 / "sub-08")
    metadata = things_eeg2 / "image_metadata.npy"
    convert_things_eeg2(tmp_path, bids, 2, sessions=[1], image_metadata=metadata)
    people = pd.read_csv(bids / "participants.tsv", sep="\t")
    assert people["participant_id"].tolist() == ["sub-08", "sub-02"]


def test_missing_files(things_eeg2, tmp_path):
    with pytest.raises(FileNotFoundError, match="2 recordings are missing.*ses-09"):
        convert_things_eeg2(things_eeg2, tmp_path / "bids", 8, sessions=[1, 9])
    assert not (tmp_path / "bids").exists()
