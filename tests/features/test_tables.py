from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from mne_shallowalign.features._tables import (
    FileTable,
    bring_together,
    keep,
    new_table,
    workspace,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(12, 5), (12, 3, 5)])
def test_a_file_is_written_and_read_by_rows(shape, tmp_path):
    table = FileTable(tmp_path / "a.npy", shape)
    values = RNG.standard_normal(shape).astype(np.float32)
    order = RNG.permutation(12)
    for rows in np.split(order, [1, 6, 9]):
        table[rows] = values[rows]
    np.testing.assert_array_equal(table[order[:7]], values[order[:7]])
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)
    table[np.arange(2, 5)] = values[2:5].astype(np.float16)
    assert table[np.array([2])].dtype == np.float32


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("fusion", ["mean", "separate", "single"])
@pytest.mark.parametrize("sets", [False, True])
def test_rows_sets_and_views(on_disk, fusion, sets, tmp_path, monkeypatch):
    monkeypatch.setattr("mne_shallowalign.features._tables.BLOCK", 4)
    folder = tmp_path if on_disk else None
    views = RNG.standard_normal((1 if fusion == "single" else 3, 8, 5))
    views = views.astype(np.float32)
    tables = []
    for i, view in enumerate(views):
        tables.append(new_table(folder, f"{i}.npy", view.shape))
        tables[-1][np.arange(8)] = view
    members = [[3], [1, 2, 7], [3], [0], [4, 5]] if sets else [[3], [1], [3], [0], [6]]
    expected = np.stack([views[:, m].mean(1) for m in members], axis=1)
    expected = expected.swapaxes(0, 1) if fusion == "separate" else expected.mean(0)
    members = [np.array(m) for m in members] if sets else np.concatenate(members)
    found = bring_together(tables, members, fusion, folder, "together.npy")
    found = keep(found, tmp_path, "result.npy")
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert isinstance(found, np.memmap) == on_disk


def test_results_are_read_only_and_replace_others(tmp_path):
    np.save(tmp_path / "a_b.npy", np.zeros(3))
    before = np.load(tmp_path / "a_b.npy", mmap_mode="r")
    with workspace(tmp_path) as folder:
        table = new_table(folder, "0.npy", (2, 2))
        table[np.arange(2)] = np.ones((2, 2))
        features = keep(table, tmp_path, "a/b.npy")
    assert os.listdir(tmp_path) == ["a_b.npy"]
    np.testing.assert_array_equal(features, np.ones((2, 2)))
    np.testing.assert_array_equal(before, np.zeros(3))  # whoever reads it, goes on
    with pytest.raises(ValueError, match="read-only"):
        features[0] = 3


def test_nothing_half_written_stays(tmp_path):
    with pytest.raises(KeyError), workspace(tmp_path) as folder:  # noqa: PT012
        new_table(folder, "0.npy", (2, 2))
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_a_full_disk(tmp_path, monkeypatch):
    table = FileTable(tmp_path / "a.npy", (2, 2))

    class Full:
        def __enter__(self):
            raise OSError(errno.ENOSPC, "No space left on device")

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(type(tmp_path), "open", lambda *args: Full())
    with pytest.raises(OSError, match=r"No space left.* enough space as out") as error:
        table[np.arange(2)] = np.ones((2, 2))
    assert error.value.errno == errno.ENOSPC


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    message = r"out=.*file.* cannot be written"
    with pytest.raises(OSError, match=message), workspace(tmp_path / "file" / "out"):
        pass
