"""Weights in several files, whole and broken."""

from __future__ import annotations

import json
import os
import pickle

import pytest
import torch

from mne_shallowalign.backbones import load_backbone

NAME = "timm/mobilenetv2_035"
INDEX = "model.safetensors.index.json"
SECOND = "model-00002-of-00003.safetensors"


@pytest.fixture(scope="module")
def state():
    return load_backbone(NAME, weights="random-7").load().model.state_dict()


@pytest.fixture
def shards(state, tmp_path, save_shards):
    return save_shards(state, tmp_path)


def edit(index, change):
    content = json.loads(index.read_text())
    change(content)
    index.write_text(json.dumps(content))


@pytest.mark.parametrize("name", ["", INDEX])
def test_shards_are_one_model(state, shards, name):
    backbone = load_backbone(NAME, weights=shards / name)
    loaded = backbone.load().model.state_dict()
    assert list(loaded) == list(state)
    assert all(torch.equal(loaded[key], state[key]) for key in state)
    assert backbone.weights.endswith(INDEX)


def test_any_shard_changes_the_revision(shards):
    before = load_backbone(NAME, weights=shards)
    assert load_backbone(NAME, weights=shards) == before
    contents = bytearray((shards / SECOND).read_bytes())
    contents[-1] ^= 1
    (shards / SECOND).write_bytes(contents)
    assert load_backbone(NAME, weights=shards) != before


def test_a_missing_shard(shards):
    backbone = load_backbone(NAME, weights=shards)
    (shards / SECOND).unlink()
    message = rf"of the 3 shards .* 1 are missing \({SECOND}\)"
    with pytest.raises(FileNotFoundError, match=message):
        load_backbone(NAME, weights=shards)
    with pytest.raises(FileNotFoundError, match=message):
        backbone.load()


@pytest.mark.parametrize("n_bytes", [4, -1000])
def test_a_truncated_shard(shards, n_bytes):
    contents = (shards / SECOND).read_bytes()
    (shards / SECOND).write_bytes(contents[:n_bytes])
    with pytest.raises(ValueError, match=f"{SECOND} is truncated"):
        load_backbone(NAME, weights=shards).load()


@pytest.mark.parametrize(
    "name",
    ["../{}", "{}/../{}", "/etc/{}", "sub/{}", "..\\{}", "pytorch_model.bin", ".."],
)
def test_an_index_that_names_other_files(shards, name):
    name = name.replace("{}", SECOND)
    (shards.parent / SECOND).write_bytes((shards / SECOND).read_bytes())
    edit(shards / INDEX, lambda index: index["weight_map"].update(other=name))
    with pytest.raises(ValueError, match="not a .safetensors file in its own folder"):
        load_backbone(NAME, weights=shards)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}', "\x00\xff"],
)
def test_an_index_that_is_none(shards, content):
    (shards / INDEX).write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match="'weight_map'"):
        load_backbone(NAME, weights=shards)


def test_a_tensor_that_is_not_where_the_index_says(shards):
    edit(shards / INDEX, lambda index: index["weight_map"].update(absent=SECOND))
    with pytest.raises(ValueError, match=r"lacks 1 of the tensors .* \(absent\)"):
        load_backbone(NAME, weights=shards).load()


def test_keys_that_do_not_fit_are_found_over_all_shards(state, tmp_path, save_shards):
    spoilt = dict(state)
    spoilt["classifier.weight"] = torch.zeros(10, 1280)
    spoilt["extra"] = spoilt.pop("conv_stem.weight")
    shards = save_shards(spoilt, tmp_path)
    message = (
        r"1 missing key \(conv_stem.weight\); 1 extra key \(extra\); 1 wrongly shaped "
        r"key \(classifier.weight \(10, 1280\) instead of \(1000, 1280\)\)"
    )
    with pytest.raises(ValueError, match=message):
        load_backbone(NAME, weights=shards).load()


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_among_the_shards_runs_nothing(shards):
    mark = shards / "code-was-run"
    (shards / SECOND).write_bytes(pickle.dumps(Malicious(str(mark))))
    with pytest.raises(ValueError, match=f"{SECOND} is truncated or not a safetensors"):
        load_backbone(NAME, weights=shards).load()
    assert not mark.exists()
