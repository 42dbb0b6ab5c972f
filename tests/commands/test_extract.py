from __future__ import annotations

import csv
import hashlib
import json

import mne
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from mne_shallowalign import load_backbone
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features


@pytest.fixture(autouse=True)
def _keep_log_level():
    yield
    mne.set_log_level("WARNING")


@pytest.fixture
def pictures(tmp_path):
    """Six pictures in folders, two of them the same, and what is no picture."""
    folder = tmp_path / "pictures"
    paths = draw_pictures(folder, 2, 3, size=40, random_state=0)
    paths[4].write_bytes(paths[1].read_bytes())
    (folder / "README.txt").touch()
    (folder / ".hidden.png").touch()
    return folder


@pytest.fixture
def extract(pictures, tmp_path):
    def run(*options, images=pictures, out="out"):
        argv = ["extract", images, "--backbone", "gabor/v1", "--out", tmp_path / out]
        argv += ["--cache-dir", tmp_path / "cache", *options]
        return main([str(word) for word in argv])

    return run


def _ids(folder):
    with (folder / "ids.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))


def test_features_come_back_as_they_were_computed(extract, pictures, tmp_path, capsys):
    assert extract("--layer", "2,final", "--layer", "0.8") == 0
    assert "6 pictures, 3 arrays" in capsys.readouterr().out
    ids = _ids(tmp_path / "out")
    paths = [pictures / row["path"] for row in ids]
    assert paths == sorted(pictures.glob("*/*.png"))
    assert [int(row["row"]) for row in ids] == list(range(6))
    for path, row in zip(paths, ids, strict=True):
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    expected = extract_features(paths, "gabor/v1", [2, 5, "final"], cache_dir=False)
    joined = load_file(tmp_path / "out" / "features.safetensors")
    assert set(joined) == {"energy2_mean", "energy5_mean", "final"}
    for layer, values in expected.items():
        name = layer if layer == "final" else f"{layer}_mean"
        stored = np.load(tmp_path / "out" / f"{name}.npy")
        np.testing.assert_array_equal(stored, values)
        np.testing.assert_array_equal(joined[name], values)
        assert stored.dtype == joined[name].dtype == np.float32


def test_the_record_says_how(extract, tmp_path):
    assert extract("--layer", "2") == 0
    out = tmp_path / "out"
    record = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    backbone = load_backbone("gabor/v1")
    assert record["backbone"] == "gabor/v1"
    assert record["fingerprint"] == backbone.fingerprint
    assert record["weights_revision"] == backbone.weights_revision
    assert record["preprocessing"] == repr(backbone.preprocess)
    assert record["pooling"] == ["mean"]
    assert record["precision"] in ("float32", "bfloat16")
    assert record["arrays"] == {"energy2_mean": [6, 96]}
    assert record["command"].startswith("mne-shallowalign extract ")
    assert record["command"].endswith("--layer 2")
    assert record["versions"]["torch"] != "not installed"
    there = {path.name for path in out.iterdir()}
    assert there == {*record["files"], "provenance.json"}
    with safe_open(out / "features.safetensors", "numpy") as file:
        inside = json.loads(file.metadata()["provenance"])
    assert inside == {k: v for k, v in record.items() if k != "files"}


def test_every_layer_by_default(extract, tmp_path):
    assert extract() == 0
    joined = load_file(tmp_path / "out" / "features.safetensors")
    assert set(joined) == {f"{k}_mean" for k in load_backbone("gabor/v1").layers}


def test_several_poolings_and_views_in_one_pass(extract, pictures, tmp_path, capsys):
    names = ["--layer", "2,final", "--pooling", "mean,max", "--views", "original,blur"]
    assert extract(*names) == 0
    assert "6 pictures, 3 arrays" in capsys.readouterr().out
    joined = load_file(tmp_path / "out" / "features.safetensors")
    assert set(joined) == {"energy2_mean", "energy2_max", "final"}
    expected = extract_features(
        sorted(pictures.glob("*/*.png")),
        "gabor/v1",
        [2, "final"],
        pooling="max",
        views=["original", "blur"],
        cache_dir=False,
    )
    np.testing.assert_array_equal(joined["energy2_max"], expected["energy2"])
    np.testing.assert_array_equal(joined["final"], expected["final"])


def test_a_list_gives_a_row_a_line(extract, pictures, tmp_path):
    names = [path.relative_to(pictures) for path in sorted(pictures.glob("*/*.png"))]
    listed = [str(names[i]) for i in (3, 0, 3)]
    path = tmp_path / "events.tsv"
    path.write_text("stim_file\tonset\n" + "".join(f"{n}\t0\n" for n in listed))
    assert extract("--image-root", pictures, "--layer", "1", images=path) == 0
    assert [row["path"] for row in _ids(tmp_path / "out")] == listed
    values = np.load(tmp_path / "out" / "energy1_mean.npy")
    expected = extract_features(
        listed, "gabor/v1", 1, image_root=pictures, cache_dir=False
    )
    np.testing.assert_array_equal(values, expected["energy1"])
    again = tmp_path / "out" / "ids.tsv"
    assert extract(
        "--image-root", pictures, "--layer", "1", images=again, out="again"
    ) == 0  # fmt: skip
    np.testing.assert_array_equal(
        np.load(tmp_path / "again" / "energy1_mean.npy"), values
    )


def test_a_stopped_run_leaves_nothing_and_goes_on(
    extract, tmp_path, monkeypatch, capsys
):
    run, seen = GaborStack.run, []

    def stopped(self, images, *args):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(len(images))
        return run(self, images, *args)

    monkeypatch.setattr("mne_shallowalign.features._fill.SHARD_SIZE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(GaborStack, "run", stopped)
        assert extract("--layer", "2", "--batch-size", "1") == 130
    assert "interrupted" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"pictures", "cache"}

    def counted(self, images, *args):
        seen.append(len(images))
        return run(self, images, *args)

    monkeypatch.setattr(GaborStack, "run", counted)
    assert extract("--layer", "2", "--batch-size", "1") == 0
    assert sum(seen) == 5  # as many as differ, none of them twice


def test_overwrite(extract, tmp_path, capsys):
    assert extract("--layer", "1") == 0
    assert extract("--layer", "2") == 1
    assert "or --overwrite" in capsys.readouterr().err
    assert extract("--layer", "2", "--overwrite") == 0
    names = {path.name for path in (tmp_path / "out").glob("*.npy")}
    assert names == {"energy2_mean.npy"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "nothing"], "--layer nothing is not in gabor/v1"),
        (["--pooling", "median"], "--pooling must be one of"),
        (["--pooling", "cls"], "--pooling cls needs a class token"),
        (["--views", "nothing"], "--views nothing is unknown"),
        (["--weights", "random"], "--weights random: gabor/v1 has no weights"),
        (["--backbone", "nothing"], "--backbone nothing is unknown"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(
    options, message, extract, tmp_path, capsys
):
    assert extract(*options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_picture_is_named(extract, pictures, tmp_path, capsys):
    (pictures / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    assert extract() == 1
    assert "torn.jpg" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
