"""The text tower, with the weights of the image tower."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from tiny_clip import NAME, tiny_clip

from mne_shallowalign.backbones import encode_text, load_backbone

CAPTIONS = [
    "This picture is cat",
    "This picture is air mattress",
    "This picture is cat",
]


@pytest.fixture
def clip():
    """A whole model that open_clip makes, of other weights than the tiny one."""
    tiny_clip()  # makes the name known
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return open_clip.create_model(NAME).eval()


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_text_is_encoded_with_the_weights_of_the_file(clip, tmp_path, suffix):
    path = tmp_path / f"clip.{suffix}"
    save = save_file if suffix == "safetensors" else torch.save
    save(clip.state_dict(), path)
    backbone = load_backbone(f"open_clip/{NAME}", weights=path)
    tokens = open_clip.get_tokenizer(NAME)(CAPTIONS)
    with torch.no_grad():
        expected = clip.encode_text(tokens).numpy()
    before = torch.get_rng_state()
    found = encode_text(backbone, CAPTIONS)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.shape == (3, backbone.final_width)
    assert torch.equal(torch.get_rng_state(), before)


def test_random_weights_are_those_of_the_seed():
    one, again = (encode_text(tiny_clip(), CAPTIONS) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(one[0], one[2])
    assert not np.allclose(one[0], one[1])


def test_weights_of_the_hub_are_those_of_the_commit(clip, hub, tmp_path, monkeypatch):
    save_file(clip.state_dict(), tmp_path / "clip.safetensors")
    contents = (tmp_path / "clip.safetensors").read_bytes()
    files = {"open_clip_model.safetensors": contents, "open_clip_config.json": b"{}"}
    first = hub.commit("tiny/clip", files)
    cfg = {"hf_hub": "tiny/clip/"}
    monkeypatch.setattr(
        "mne_shallowalign.backbones._open_clip._tag_config", lambda *_: cfg
    )
    monkeypatch.setattr(
        "mne_shallowalign.backbones._open_clip_text._tag_config", lambda *_: cfg
    )
    backbone = load_backbone(f"open_clip/{NAME}.published").pinned()
    hub.commit("tiny/clip", {"open_clip_config.json": b"{}"})  # the branch moves on
    tokens = open_clip.get_tokenizer(NAME)(CAPTIONS)
    with torch.no_grad():
        expected = clip.encode_text(tokens).numpy()
    assert backbone.commit == first
    np.testing.assert_allclose(encode_text(backbone, CAPTIONS), expected, atol=1e-6)


def test_other_models_have_no_text_tower():
    with pytest.raises(ValueError, match="gabor/v1 has no text tower"):
        encode_text(load_backbone("gabor/v1"), CAPTIONS)
