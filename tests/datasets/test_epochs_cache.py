from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.datasets import _epochs_cache as module
from mne_shallowalign.datasets._epochs_cache import (
    epochs_folder,
    keep_epochs,
    read_kept,
)


def make_epochs(seed):
    info = mne.create_info(["Pz", "Oz"], 100.0, "eeg")
    data = np.random.RandomState(seed).normal(size=(3, 2, 20))
    metadata = pd.DataFrame(dict(image=list("abc")))
    return mne.EpochsArray(data, info, tmin=-0.1, metadata=metadata)


def test_there_and_back(tmp_path):
    folder = epochs_folder(tmp_path, "x/sub-01", dict(a=1))
    keep_epochs(folder, ((s, make_epochs(i)) for i, s in enumerate(["b", "a", "b"])))
    for split, seeds in dict(a=[1], b=[0, 2]).items():
        for seed, epochs in zip(seeds, read_kept(folder, split, True), strict=True):
            expected = make_epochs(seed).get_data().astype(np.float32)
            np.testing.assert_array_equal(epochs.get_data(), expected)
            assert epochs.metadata["image"].tolist() == list("abc")
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_the_folder_depends_on_all_parameters(tmp_path):
    first = epochs_folder(tmp_path, "x", dict(a=1, b=[1, None]))
    assert first == epochs_folder(tmp_path, "x", dict(b=[1, None], a=1))
    assert first != epochs_folder(tmp_path, "x", dict(a=1, b=[1, 2]))
    assert epochs_folder(False, "x", {}) is None
    assert Path(mne.get_config("MNE_DATA")) in epochs_folder(None, "x", {}).parents


def test_a_failure_leaves_nothing(tmp_path):
    def broken():
        yield "a", make_epochs(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_epochs(tmp_path / "kept", broken())
    assert not list(tmp_path.iterdir())


def test_another_process_was_faster(tmp_path, monkeypatch):
    folder = tmp_path / "kept"

    def meanwhile():
        keep_epochs(folder, [("a", make_epochs(0))])
        yield "a", make_epochs(1)

    keep_epochs(folder, meanwhile())
    (epochs,) = read_kept(folder, "a", True)
    expected = make_epochs(0).get_data().astype(np.float32)
    np.testing.assert_array_equal(epochs.get_data(), expected)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        keep_epochs(tmp_path / "other", [("a", make_epochs(0))])
