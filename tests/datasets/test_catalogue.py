"""Which datasets there are."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from mne_shallowalign import _registry, list_datasets
from mne_shallowalign.datasets import Dataset
from mne_shallowalign.datasets._dataset import DATASETS, as_labels
from mne_shallowalign.datasets._record import Record

NAMES = [
    "nod-eeg",
    "nod-meg",
    "things-eeg1",
    "things-eeg2",
    "things-images",
    "things-meg",
]
PLUGIN = Dataset(
    "Theirs", "theirs", "EEG", ("a1",), 1.0, 10, "CC0", "10.1/x", "They", list, list
)


def test_table(tmp_path):
    table = list_datasets(path=tmp_path)
    assert table.index.tolist() == NAMES
    assert table["subjects"].tolist() == [19, 30, 50, 10, 0, 4]
    assert (table["on_disk"] == 0).all()
    assert table.loc["nod-eeg", "folder"] == str(tmp_path / "ds005811")
    assert (table[["title", "licence", "doi"]] != "").all(axis=None)
    assert list_datasets("things*").index.tolist() == NAMES[2:]


def test_what_is_on_disk(tmp_path):
    root = tmp_path / "ds005811"
    (root / "sub-01").mkdir(parents=True)
    for name, n_bytes in (("a", 10), ("sub-01/b", 100)):
        (root / name).write_bytes(bytes(n_bytes))
        Record(root).add((name, "https://somewhere", "sha256:0"))
    assert list_datasets(path=tmp_path).loc["nod-eeg", "on_disk"] == 110
    (root / "a").unlink()
    assert list_datasets(path=tmp_path).loc["nod-eeg", "on_disk"] == 100


def test_plugins(monkeypatch, tmp_path):
    plugin = EntryPoint("theirs", f"{__name__}:PLUGIN", DATASETS.group)
    monkeypatch.setattr(_registry, "entry_points", lambda group: [plugin])
    monkeypatch.setattr(DATASETS, "_plugins_read", False)
    monkeypatch.setattr(DATASETS, "_targets", dict(DATASETS._targets))
    assert list_datasets(path=tmp_path).loc["theirs", "title"] == "Theirs"


def test_labels_of_subjects():
    dataset = DATASETS.get("things-meg")
    for given in ("BIGMEG2", "sub-BIGMEG2", "2", 2):
        assert dataset.label(given) == "BIGMEG2"
    assert DATASETS.get("nod-eeg").label("1") == "01"
    with pytest.raises(ValueError, match=r"subject='x' is not in NOD-EEG; it has: 01"):
        DATASETS.get("nod-eeg").label("x")
    assert PLUGIN.label("a1") == PLUGIN.label(1) == "a1"
    with pytest.raises(ValueError, match="subject=11 is not in Theirs"):
        PLUGIN.label(11)


def test_labels_of_runs():
    assert as_labels(None) is None
    assert as_labels(3) == ["03"]
    assert as_labels("ImageNet01") == ["ImageNet01"]
    assert as_labels([1, "02", 12]) == ["01", "02", "12"]


def test_terms_are_kept_and_never_overwritten(tmp_path):
    PLUGIN.show_terms(tmp_path)
    assert "CC0" in (tmp_path / "LICENSE").read_text()
    (tmp_path / "CITATION").write_text("of the dataset itself")
    PLUGIN.show_terms(tmp_path)
    assert (tmp_path / "CITATION").read_text() == "of the dataset itself"
