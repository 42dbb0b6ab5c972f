from __future__ import annotations

import os
import time

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.backbones import load_backbone
from mne_shallowalign.features import cache_info, clear_cache, default_cache_dir
from mne_shallowalign.features import extract_features as extract
from mne_shallowalign.features._cache import LIMIT, cache_limit, enforce_limit

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 40, 40, 3), dtype=np.uint8)
NET = "timm/mobilenetv2_035"


@pytest.fixture(scope="module")
def net():
    return load_backbone(NET, weights="random", input_size=32)


@pytest.fixture
def cache(tmp_path, net):
    """Two backbones, two poolings, two views; ages of one to four days."""
    kwargs = {"cache_dir": tmp_path}
    extract(PICTURES[:4], "gabor/v1", [1, 6], **kwargs)
    extract(PICTURES[2:], "gabor/v1", [2], **kwargs)
    extract(PICTURES[:3], "gabor/v1", [2], views="blur", **kwargs)
    extract(PICTURES[:2], net, [1, "final"], pooling="max", **kwargs)
    for age, (pattern, view) in enumerate(
        [("gabor", "original"), ("gabor", "GaussianBlur"), ("timm", "")], start=1
    ):
        for row in cache_info(tmp_path).itertuples():
            if row.backbone.startswith(pattern) and row.view.startswith(view):
                for path in shards(tmp_path, row):
                    os.utime(path, (0, time.time() - 86_400 * age))
    return tmp_path


def shards(root, row):
    folders = [f for f in root.glob("*/*") if (f / "about.json").exists()]
    said = {f: (f / "about.json").read_text() for f in folders}
    wanted = (row.backbone, row.view, f'"pooling": "{row.pooling}"')
    return [
        path
        for folder in folders
        if all(part in said[folder] for part in wanted)
        for path in folder.glob("shard-*")
    ]


def total(root):
    return sum(path.stat().st_size for path in root.rglob("shard-*"))


def test_info(cache, net):
    info = cache_info(cache)
    assert info.attrs["path"] == str(cache)
    assert info.groupby("backbone")["n_bytes"].sum().sum() == total(cache)
    gabor = info[info["backbone"] == "gabor/v1"].set_index("view")
    assert gabor.loc["original", "layers"] == ["energy1", "energy2", "energy6"]
    assert gabor.loc["original", "n_images"] == 6
    assert gabor.loc["GaussianBlur(size=224, kernel_size=15)", "n_images"] == 3
    timm = info[info["backbone"] == net.name].set_index("pooling")
    assert timm["n_images"].to_dict() == {"max": 2, "final": 2}
    assert set(timm["weights_revision"]) == {"random-0"}
    assert set(info["precision"]) == {"float32"}
    age = pd.Timestamp.now("UTC").tz_localize(None) - info["last_used"]
    assert age.dt.days.tolist() == [1, 2, 3, 3]


def test_info_of_nothing(tmp_path, monkeypatch):
    for path in (tmp_path, tmp_path / "none"):
        info = cache_info(path)
        assert len(info) == 0
        assert info["n_bytes"].sum() == 0
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    assert default_cache_dir() == tmp_path / "mne-shallowalign" / "features"
    assert cache_info().attrs["path"] == str(default_cache_dir())


def test_use_makes_young(cache):
    extract(PICTURES[:3], "gabor/v1", [2], views="blur", cache_dir=cache)
    assert cache_info(cache)["view"].iloc[0].startswith("GaussianBlur")


def test_clear_all(cache):
    before = total(cache)
    (cache / "note.txt").write_text("not ours")
    assert clear_cache(cache) == before
    assert [path.name for path in cache.iterdir()] == ["note.txt"]
    assert clear_cache(cache) == 0


def test_clear_leaves_what_is_not_ours(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for name in ("about.json", "shard-0.safetensors"):
        (folder / name).write_text('{"title": "something else"}')
    assert clear_cache(tmp_path) == 0
    assert len(list(folder.iterdir())) == 2


def test_clear_by_backbone(cache):
    gone = cache_info(cache).query("backbone == 'gabor/v1'")["n_bytes"].sum()
    assert clear_cache(cache, backbone="gabor/*") == gone
    assert set(cache_info(cache)["backbone"]) == {NET}


def test_clear_the_oldest(cache):
    info = cache_info(cache)
    young = info["n_bytes"].iloc[0]
    freed = clear_cache(cache, max_bytes=young + 1)
    assert freed == info["n_bytes"].iloc[1:].sum()
    assert cache_info(cache)["view"].tolist() == ["original"]
    assert clear_cache(cache, max_bytes="20GB") == 0
    with pytest.raises(ValueError, match="max_bytes must be a size"):
        clear_cache(cache, max_bytes="much")
    with pytest.raises(ValueError, match="max_bytes must be 0 or more"):
        clear_cache(cache, max_bytes=-1)


@pytest.mark.parametrize(
    ("said", "limit"),
    [("20GB", 20e9), ("1.5 tb", 1.5e12), ("7k", 7000), ("0", 0), ("123", 123)],
)
def test_limit_in_the_configuration(said, limit, monkeypatch):
    assert cache_limit() is None
    monkeypatch.setenv(LIMIT, said)
    assert cache_limit() == limit


@pytest.mark.parametrize("said", ["much", "GB", "-1", "20 elephants"])
def test_bad_limit(said, monkeypatch, tmp_path):
    monkeypatch.setenv(LIMIT, said)
    with pytest.raises(ValueError, match="must be a size such as '20GB'"):
        extract(PICTURES, "gabor/v1", 1, cache_dir=tmp_path)


def test_the_limit_spares_what_is_needed(cache):
    needed = set(cache.rglob("shard-*"))
    enforce_limit(cache, 0, needed)
    enforce_limit(cache, None, ())
    assert set(cache.rglob("shard-*")) == needed
    enforce_limit(cache, 0, ())
    assert not list(cache.rglob("shard-*"))


def test_the_limit_is_kept_while_features_are_written(cache, monkeypatch):
    info = cache_info(cache)
    monkeypatch.setenv(LIMIT, "1")
    extract(PICTURES[:2], "gabor/v1", [1], cache_dir=cache)  # nothing is written
    assert total(cache) == info["n_bytes"].sum()
    extract(PICTURES[:1], "gabor/v1", [1, 3], cache_dir=cache)
    left = cache_info(cache)
    assert left["layers"].tolist() == [["energy1", "energy3", "energy6"]]
    monkeypatch.setenv(LIMIT, "1GB")
    extract(PICTURES, "gabor/v1", cache_dir=cache)
    assert cache_info(cache)["n_images"].tolist() == [6]
