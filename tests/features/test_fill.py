from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mne_shallowalign.backbones import list_layers
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.features import (
    _fill,
    cache_info,
    clear_cache,
    extract_features,
)

SHARD, N = 4, 10

# Counts every image that passes through the model in a file of its own.
EXTRACT = f"""
import os, sys, time
from pathlib import Path
import numpy as np
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.features import _fill, extract_features
pictures, cache, log, go, out = sys.argv[1:]
_fill.SHARD_SIZE = {SHARD}
run = GaborStack.run
log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def counted(self, images, layers, final):
    os.write(log, b"x" * len(images))
    return run(self, images, layers, final)
paths = sorted(Path(pictures).glob("*.png"))
extract_features(paths[:1], "gabor/v1", cache_dir=False)  # everything is loaded
GaborStack.run = counted
Path(go + ".ready" + str(os.getpid())).touch()
while not os.path.exists(go):
    time.sleep(0.001)
features = extract_features(paths, "gabor/v1", cache_dir=cache, batch_size=1)
np.savez(out, **features)
"""


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setattr(_fill, "SHARD_SIZE", SHARD)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Fifty pictures of noise."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(0)
    for i in range(50):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((64, 64)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def start(many, tmp_path):
    """Start an extraction in a process of its own; it waits for the file "go"."""
    processes = []

    def begin(name):
        go = tmp_path / "go"
        arguments = [
            many,
            tmp_path / "cache",
            tmp_path / name,
            go,
            tmp_path / f"{name}.npz",
        ]
        processes.append(
            subprocess.Popen([sys.executable, "-c", EXTRACT, *map(str, arguments)])
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, "the process ended too early"
        time.sleep(0.001)


def let_go(folder, *processes):
    """Let processes extract as soon as all of them are ready."""
    for process in processes:
        ready = folder / f"go.ready{process.pid}"
        wait_for(ready.exists, process)
    (folder / "go").touch()


def n_images(calls):
    return sum(n for n, _ in calls)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_kill_9_at_any_moment(start, many, tmp_path, forwarded):
    process = start("log")
    log = tmp_path / "log"
    paths = sorted(many.glob("*.png"))
    expected = extract_features(paths, "gabor/v1", cache_dir=False, batch_size=1)
    forwarded.clear()
    let_go(tmp_path, process)
    n = random.randint(1, 40)
    wait_for(lambda: log.exists() and log.stat().st_size >= n, process)
    time.sleep(random.random() / 100)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = log.stat().st_size
    resumed = extract_features(
        paths, "gabor/v1", cache_dir=tmp_path / "cache", batch_size=1
    )
    assert 0 <= before + n_images(forwarded) - len(paths) <= SHARD
    for layer in expected:
        np.testing.assert_array_equal(resumed[layer], expected[layer])


def test_two_processes_at_once(start, many, tmp_path):
    paths = sorted(many.glob("*.png"))
    one, two = start("one"), start("two")
    let_go(tmp_path, one, two)
    assert one.wait(120) == two.wait(120) == 0
    expected = extract_features(paths, "gabor/v1", cache_dir=False, batch_size=1)
    for name in ("one", "two"):
        with np.load(tmp_path / f"{name}.npz") as found:
            for layer in expected:
                np.testing.assert_array_equal(found[layer], expected[layer])
    shards = list((tmp_path / "cache").rglob("shard-*"))
    assert len(shards) == -(-50 // SHARD)  # one copy
    assert not list((tmp_path / "cache").rglob(".*"))
    computed = sum((tmp_path / name).stat().st_size for name in ("one", "two"))
    assert 50 <= computed < 90  # most of the work is done once


def test_another_process_may_be_ahead(paths, tmp_path, forwarded, monkeypatch):
    """Chunks that somebody else stores in the meantime are read, not computed."""
    kwargs = {"cache_dir": tmp_path, "batch_size": 1}
    expected = extract_features(paths, "gabor/v1", cache_dir=False, batch_size=1)
    forwarded.clear()
    run = GaborStack.run
    racing = []

    def overtaken(self, images, layers, final):
        if not racing:
            racing.append(True)
            extract_features(paths, "gabor/v1", **kwargs)
        return run(self, images, layers, final)

    monkeypatch.setattr(GaborStack, "run", overtaken)
    features = extract_features(paths, "gabor/v1", **kwargs)
    assert N < n_images(forwarded) <= N + SHARD
    for layer in expected:
        np.testing.assert_array_equal(features[layer], expected[layer])


def test_one_share_of_the_images_per_process(paths, tmp_path, forwarded):
    """The documented way to several devices: shares, then one call that gathers."""
    rows = [*paths, *paths[:3]]
    for rank in range(3):
        extract_features(rows[rank::3], "gabor/v1", cache_dir=tmp_path)
    forwarded.clear()
    features = extract_features(rows, "gabor/v1", cache_dir=tmp_path, out=tmp_path)
    assert not forwarded
    expected = extract_features(rows, "gabor/v1", cache_dir=False)
    for layer in expected:
        np.testing.assert_allclose(features[layer], expected[layer], rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 64, "auto"])
def test_shards_do_not_depend_on_the_batch_size(batch_size, paths, tmp_path):
    extract_features(paths, "gabor/v1", 1, cache_dir=tmp_path / "a", batch_size=2)
    extract_features(
        paths, "gabor/v1", 1, cache_dir=tmp_path / "b", batch_size=batch_size
    )
    a, b = ({p.name for p in (tmp_path / k).rglob("shard-*")} for k in "ab")
    assert a == b
    assert len(a) == 3


def test_a_full_disk_keeps_what_was_written(paths, tmp_path, forwarded, monkeypatch):
    write_bytes = Path.write_bytes
    written = []

    def filling(self, content):
        if "shard-" in self.name:
            written.append(self)
            if len(written) == 3:
                write_bytes(self, content[:100])
                raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", filling)
        with pytest.raises(
            OSError, match=r"No space left.*not computed again"
        ) as error:
            extract_features(paths, "gabor/v1", cache_dir=tmp_path, batch_size=2)
    assert error.value.errno == errno.ENOSPC
    assert not list(tmp_path.rglob(".*"))
    stored = cache_info(tmp_path)["n_images"].sum()
    assert stored in (SHARD + SHARD, SHARD + N % SHARD)
    forwarded.clear()
    extract_features(paths, "gabor/v1", cache_dir=tmp_path)
    assert n_images(forwarded) == N - stored


def test_store_all_keeps_poolings_apart(paths, forwarded, tmp_path):
    kwargs = {"cache_dir": tmp_path, "store_all": True}
    layers = [*list_layers("gabor/v1"), "final"]
    extract_features(paths, "gabor/v1", 2, pooling=["max", "gem"], **kwargs)
    assert Counter(map(str, forwarded)) == {str((4, layers)): 2, str((2, layers)): 1}
    for pooling in ("max", "gem"):
        extract_features(paths, "gabor/v1", layers, pooling=pooling, **kwargs)
    assert n_images(forwarded) == N
    extract_features(paths, "gabor/v1", 2, pooling="mean", **kwargs)
    assert n_images(forwarded) == 2 * N


def test_pictures_that_are_cached_are_not_decoded(paths, tmp_path, monkeypatch):
    copies = [tmp_path / path.name for path in paths]
    for path, copy in zip(paths, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    expected = extract_features(paths, "gabor/v1", 1, cache_dir=tmp_path)
    monkeypatch.setattr(Image, "open", None)
    found = extract_features(copies, "gabor/v1", 1, cache_dir=tmp_path)
    np.testing.assert_array_equal(found["energy1"], expected["energy1"])


def test_bad_pictures_are_found_before_the_model_is_loaded(
    paths, tmp_path, monkeypatch
):
    content = paths[0].read_bytes()
    (tmp_path / "truncated.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.jpg").write_text("no picture")
    extract_features(paths, "gabor/v1", 1, cache_dir=tmp_path / "cache")
    monkeypatch.setattr(GaborStack, "__init__", None)
    bad = [*paths, tmp_path / "truncated.png", tmp_path / "text.jpg"]
    with pytest.raises(
        ValueError, match=r"2 of 2 images cannot .*truncated.*text\.jpg"
    ):
        extract_features(bad, "gabor/v1", 1, cache_dir=tmp_path / "cache")


def test_the_cache_may_be_cleared_meanwhile(paths, tmp_path, forwarded):
    first = extract_features(paths, "gabor/v1", 1, cache_dir=tmp_path)
    clear_cache(tmp_path)
    again = extract_features(paths, "gabor/v1", 1, cache_dir=tmp_path)
    assert n_images(forwarded) == 2 * N
    np.testing.assert_array_equal(first["energy1"], again["energy1"])
