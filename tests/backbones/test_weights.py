from __future__ import annotations

import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from mne_shallowalign.backbones import load_backbone

NAME = "timm/mobilenetv2_035"


@pytest.fixture(scope="module")
def state():
    return load_backbone(NAME, weights="random-7").load().model.state_dict()


def first_layer(backbone):
    images = torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    return backbone.load()(images, ["blocks.0"])["blocks.0"].patches


@pytest.mark.parametrize("form", ["safetensors", "pt", "wrapped.pth", "folder"])
def test_local_weights(state, tmp_path, form):
    path = tmp_path / f"weights.{form}"
    if form == "safetensors":
        save_file(state, path)
    elif form == "folder":
        path.mkdir()
        torch.save(state, path / "model.pt")
        (path / "readme.txt").write_text("not weights")
    else:
        torch.save({"state_dict": state} if "wrapped" in form else state, path)
    backbone = load_backbone(NAME, weights=path)
    expected = first_layer(load_backbone(NAME, weights="random-7"))
    assert torch.equal(first_layer(backbone), expected)
    assert len(backbone.weights_revision) == 64
    assert os.path.isabs(backbone.weights)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: s.pop("conv_stem.weight"), r"1 missing key \(conv_stem.weight\)"),
        (lambda s: s.update(extra=torch.zeros(1)), r"1 extra key \(extra\)"),
        (
            lambda s: s.update({"classifier.bias": torch.zeros(10)}),
            r"classifier.bias \(10,\) instead of \(1000,\)",
        ),
    ],
)
def test_weights_that_do_not_fit(state, tmp_path, spoil, message):
    state = dict(state)
    spoil(state)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=message):
        load_backbone(NAME, weights=tmp_path).load()


def test_weights_of_another_model(tmp_path, state):
    save_file(state, tmp_path / "weights.safetensors")
    for name in ("timm/vit_tiny_patch16_224", "open_clip/ViT-S-32", "timm/resnet18"):
        with pytest.raises(ValueError, match=r"missing keys \(.*, …\); .* extra keys"):
            load_backbone(name, weights=tmp_path).load()


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("by_torch", [True, False])
def test_a_pickle_is_refused(tmp_path, by_torch):
    mark = tmp_path / "code-was-run"
    path = tmp_path / "weights.pt"
    if by_torch:
        torch.save({"conv": Malicious(str(mark))}, path)
    else:
        path.write_bytes(pickle.dumps(Malicious(str(mark))))
    with pytest.raises(ValueError, match="refused because it is a pickle"):
        load_backbone(NAME, weights=path).load()
    assert not mark.exists()


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_truncated_weights(tmp_path, state, suffix):
    path = tmp_path / f"weights.{suffix}"
    save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match="truncated|damaged"):
        load_backbone(NAME, weights=path).load()


def test_not_tensors(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="must hold named tensors only"):
        load_backbone(NAME, weights=tmp_path).load()


def test_paths_that_are_not_weights(tmp_path):
    message = "'hub', 'random', 'random-<seed>', or an existing"
    with pytest.raises(FileNotFoundError, match=message):
        load_backbone(NAME, weights=tmp_path / "nothing.pt")
    with pytest.raises(FileNotFoundError, match="no .safetensors"):
        load_backbone(NAME, weights=tmp_path)
    (tmp_path / "weights.txt").write_text("text")
    with pytest.raises(ValueError, match="not a weights file"):
        load_backbone(NAME, weights=tmp_path / "weights.txt")
    for name in ("a.pt", "b.safetensors"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=r"2 weights files \(a.pt, b.safetensors\)"):
        load_backbone(NAME, weights=tmp_path)


def test_without_a_network():
    """The error of a download says what else can be done."""
    backbone = load_backbone("timm/resnet18.a1_in1k")
    with pytest.raises(ConnectionError, match="weights='/path/to"):
        backbone.load()
    with pytest.raises(ConnectionError, match="downloaded .* name it: weights='"):
        load_backbone("vit-b-16").load()


def test_no_hub_weights():
    with pytest.raises(ValueError, match="no hub weights"):
        load_backbone("open_clip/ViT-B-16")
    with pytest.raises(ValueError, match="no hub weights"):
        load_backbone("timm/vit_base_resnet26d_224")
