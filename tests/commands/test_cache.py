from __future__ import annotations

import mne
import numpy as np
import pytest

from mne_shallowalign import load_backbone
from mne_shallowalign.commands.main import main
from mne_shallowalign.features import cache_info, extract_features


@pytest.fixture(autouse=True)
def _keep_log_level():
    yield
    mne.set_log_level("WARNING")


@pytest.fixture
def cache(tmp_path):
    """Features of two backbones, of which gabor's were used last."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)
    folder = tmp_path / "cache"
    other = load_backbone("timm/test_vit", weights="random")
    extract_features(pictures, other, [1, 2], cache_dir=folder)
    extract_features(pictures, "gabor/v1", 3, pooling="max", cache_dir=folder)
    return folder


def _run(folder, *options):
    return main(["cache", "--cache-dir", str(folder), *options])


def _names(folder):
    return sorted(cache_info(folder)["backbone"])


def _answer(monkeypatch, text):
    asked = []

    def answer(question):
        asked.append(question)
        return text

    monkeypatch.setattr("builtins.input", answer)
    return asked


def test_shows_what_there_is(cache, capsys):
    assert _run(cache) == 0
    *rows, blank, total = capsys.readouterr().out.splitlines()
    info = cache_info(cache)
    assert len(rows) == 1 + len(info) == 3
    assert not blank
    assert total.endswith(f" in {cache}")
    (gabor,) = (row.split() for row in rows if "gabor/v1" in row)
    assert gabor[2] == "max"
    assert gabor[5:7] == ["1", "3"]  # layers, images
    header = ["backbone", "weights", "pooling", "view", "precision", "layers", "images"]
    assert rows[0].split() == [*header, "size", "last", "used"]


def test_an_empty_cache(tmp_path, capsys):
    for options in ([], ["--clear"]):
        assert _run(tmp_path, *options) == 0
        assert str(tmp_path) in capsys.readouterr().out


def test_asks_before_it_removes(cache, monkeypatch, capsys):
    asked = _answer(monkeypatch, "n")
    assert _run(cache, "--clear") == 0
    assert f"of features from {cache}? [y/N]" in asked[0]
    assert "Removed" not in capsys.readouterr().out
    assert len(_names(cache)) == 2
    _answer(monkeypatch, "y")
    assert _run(cache, "--clear") == 0
    assert "Removed" in capsys.readouterr().out
    assert _names(cache) == []


def test_nobody_to_ask(cache, monkeypatch, capsys):
    def closed(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    assert _run(cache, "--clear") == 1
    assert "--yes removes without asking" in capsys.readouterr().err
    assert len(_names(cache)) == 2
    assert _run(cache, "--clear", "--yes") == 0
    assert _names(cache) == []


def test_of_one_backbone_only(cache, capsys):
    assert _run(cache, "--clear", "--backbone", "tim*", "--yes") == 0
    assert _names(cache) == ["gabor/v1"]
    assert _run(cache, "--clear", "--backbone", "tim*", "--yes") == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_down_to_a_size(cache, monkeypatch, capsys):
    asked = _answer(monkeypatch, "yes")
    assert _run(cache, "--clear", "--max-size", "1GB") == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert not asked
    info = cache_info(cache).set_index("backbone")
    keep = info.loc["gabor/v1", "n_bytes"]
    assert _run(cache, "--clear", "--max-size", str(keep)) == 0
    assert "not used for longest" in asked[0]
    assert _names(cache) == ["gabor/v1"]
