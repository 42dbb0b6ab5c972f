from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from safetensors.numpy import save_file

from mne_shallowalign.features._store import FeatureStore

RNG = np.random.default_rng(0)
WIDTHS = {"shallow": 3, "deep": 5}


def features(n):
    return {k: RNG.normal(size=(n, w)).astype(np.float32) for k, w in WIDTHS.items()}


def tables(n, layers=WIDTHS):
    return {k: np.full((n, WIDTHS[k]), np.nan, np.float32) for k in layers}


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "fingerprint" / "mean-float32", {"pooling": "mean"})


def test_round_trip_in_any_order(store):
    written = features(4)
    store.write(list("abcd"), written)
    filled = tables(3)
    found = store.read(list("dxb"), filled)
    assert found.tolist() == [[True, True], [False, False], [True, True]]
    for layer, values in filled.items():
        np.testing.assert_array_equal(values[[0, 2]], written[layer][[3, 1]])
        assert np.isnan(values[1]).all()


def test_nothing_stored(store):
    assert not store.read(["a"], tables(1)).any()
    assert not store.folder.exists()


def test_layers_may_lie_in_different_shards(store):
    both = features(2)
    store.write(["a", "b"], {"deep": both["deep"]})
    store.write(["b"], {"shallow": both["shallow"][1:]})
    found = store.read(["a", "b"], tables(2))
    assert found.tolist() == [[False, True], [True, True]]


def test_the_same_work_leaves_one_copy(store):
    written = features(2)
    first = store.write(["a", "b"], written)
    assert store.write(["a", "b"], written) == first
    assert list(store.folder.iterdir()) == [first]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other"])
def test_damaged_shards_are_removed_with_a_warning(store, damage):
    store.write(["z"], features(1))
    path = store.write(["a", "b"], features(2))
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-3] ^= 255
    path.write_bytes(
        {
            "truncated": content[:-8],
            "flipped": content,
            "empty": b"",
            "other": b"something else altogether",
        }[damage]
    )
    with pytest.warns(RuntimeWarning, match="are damaged .* computed again"):
        found = store.read(["a", "b", "z"], tables(3))
    assert not found[:2].all()
    assert found[2].all()
    assert not path.exists()


def test_a_shard_without_header_heals(store):
    path = store.write(["a"], features(1))
    save_file(features(1), path)
    with pytest.warns(RuntimeWarning, match="are damaged"):
        assert not store.read(["a"], tables(1)).any()
    assert not path.exists()


def test_threads_may_write_the_same_shard(store):
    written = features(3)
    with ThreadPoolExecutor(4) as threads:
        paths = set(threads.map(lambda _: store.write(list("abc"), written), range(40)))
    assert list(store.folder.iterdir()) == list(paths)


def test_colleagues_may_read_shards(store):
    path = store.write(["a"], features(1))
    plain = path.with_name("plain")
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_place_that_cannot_be_written_is_said_at_once(store):
    store.folder.parent.parent.mkdir(exist_ok=True)
    store.folder.parent.write_text("a file in the way")
    with pytest.raises(OSError, match="set cache_dir to a folder"):
        store.prepare()


def test_one_layer_is_read_without_the_others(store):
    path = store.write(["a", "b"], features(2))
    content = bytearray(path.read_bytes())
    content[-1] ^= 255  # the last tensor of the file
    path.write_bytes(content)
    kept = [k for k in WIDTHS if not _warns(store, k)]
    assert len(kept) == 1
    assert store.read(["a"], tables(1, kept)).all()


def _warns(store, layer):
    path = next(store.folder.glob("shard-*"))
    content = path.read_bytes()
    try:
        store.read(["a"], tables(1, [layer]))
    except RuntimeWarning:
        return True
    finally:
        path.write_bytes(content)
    return False


def test_a_failed_write_leaves_nothing(store, monkeypatch):
    store.write(["a"], features(1))
    before = sorted(store.folder.iterdir())

    def full(temporary, path):
        raise OSError("No space left on device")

    monkeypatch.setattr("mne_shallowalign.features._disk.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(["b"], features(1))
    assert sorted(store.folder.iterdir()) == before
