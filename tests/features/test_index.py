from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.features import _index
from mne_shallowalign.features._index import NAME, find_shards, read_contents
from mne_shallowalign.features._store import FeatureStore


def ids(*numbers):
    return [f"{number:064x}"[::-1] for number in numbers]


@pytest.fixture
def store(tmp_path):
    """Twenty shards of three images each; every other one has two layers."""
    store = FeatureStore(tmp_path, {})
    for i in range(20):
        layers = ["a", "b"][: 1 + i % 2]
        values = {layer: np.zeros((3, 2), np.float32) for layer in layers}
        store.write(ids(3 * i, 3 * i + 1, 3 * i + 2), values)
    return store


@pytest.fixture
def opened(monkeypatch):
    """Shards whose header was read."""
    paths = []
    real = _index.shard_header
    monkeypatch.setattr(
        _index, "shard_header", lambda path: (paths.append(path), real(path))[1]
    )
    return paths


def shard(store, i):
    layers = ["a", "b"][: 1 + i % 2]
    return store.path_of(ids(3 * i, 3 * i + 1, 3 * i + 2), layers)


def test_only_shards_worth_opening(store):
    found = find_shards(store.folder, ids(4, 5, 30, 999), ["b"])
    assert found == [shard(store, 1)]  # the tenth has layer "a" alone
    found = find_shards(store.folder, ids(4, 5, 30, 999), ["a", "z"])
    assert set(found) == {shard(store, 1), shard(store, 10)}
    assert find_shards(store.folder / "none", ids(1), ["a"]) == []


def test_headers_are_read_once(store, opened):
    for _ in range(3):
        find_shards(store.folder, ids(1), ["a"])
    assert len(opened) == 20
    store.write(ids(1), {"c": np.zeros((1, 2), np.float32)})
    assert len(find_shards(store.folder, ids(1), ["a", "c"])) == 2
    assert len(opened) == 21


def test_the_index_is_no_more_than_a_hint(store, opened):
    before = read_contents(store.folder)
    assert (store.folder / NAME).exists()
    shard(store, 3).unlink()  # gone, whatever the index says
    assert find_shards(store.folder, ids(9), ["a"]) == []
    for damage in (b"", b"nonsense", (store.folder / NAME).read_bytes()[:-9]):
        (store.folder / NAME).write_bytes(damage)
        opened.clear()
        after = read_contents(store.folder)
        assert len(opened) == 19
        assert after.keys() == before.keys() - {shard(store, 3).name}


def test_a_damaged_shard_is_left_to_who_reads_it(store):
    shard(store, 3).write_bytes(b"nonsense")
    for _ in range(2):  # without and with the index
        assert shard(store, 3) in find_shards(store.folder, ids(1), ["a"])


def test_a_folder_that_cannot_be_written(store, monkeypatch):
    def refused(*args):
        raise PermissionError

    monkeypatch.setattr(_index, "write_whole", refused)
    assert len(read_contents(store.folder)) == 20
    assert not (store.folder / NAME).exists()


def test_many_single_images_rarely_rewrite_the_index(tmp_path, monkeypatch):
    written = []
    real = _index.write_whole
    monkeypatch.setattr(
        _index, "write_whole", lambda *args: (written.append(1), real(*args))
    )
    store = FeatureStore(tmp_path, {})
    for i in range(100):
        find_shards(store.folder, ids(i), ["a"])
        store.write(ids(i), {"a": np.zeros((1, 2), np.float32)})
    assert 0 < len(written) <= 10
