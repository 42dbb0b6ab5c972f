"""Weights pinned by commit, against a hub on the loopback device."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from huggingface_hub import hf_hub_download
from safetensors.torch import save
from timm.layers import resample_abs_pos_embed

from mne_shallowalign import ShallowAlignDecoder, read_decoder
from mne_shallowalign.backbones import load_backbone
from mne_shallowalign.backbones._hub import HubWeights

NAME = "timm/mobilenetv2_050.lamb_in1k"
REPO = NAME
ARCHITECTURE = "timm/mobilenetv2_050"
IMAGES = torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)


def weights(seed):
    return load_backbone(ARCHITECTURE, weights=f"random-{seed}").load().model


def files(seed):
    return {"config.json": b"{}", "model.safetensors": save(weights(seed).state_dict())}


def first_layer(backbone):
    layer = backbone.layers[0]
    return backbone.load()(IMAGES, [layer])[layer].patches


def offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def write_cache(cache, repo, commit, files, branch="main"):
    """Lay out a repository as huggingface_hub's cache does."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    for kind in ("refs", "blobs", f"snapshots/{commit}"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / "refs" / branch).write_text(commit)
    for name, contents in files.items():
        (folder / "snapshots" / commit / name).write_bytes(contents)


def test_a_commit_is_part_of_the_fingerprint(hub):
    first = hub.commit(REPO, files(1))
    backbone = load_backbone(NAME)
    assert backbone.commit is None
    assert not hub.requests  # describing asks for nothing
    before = backbone.pinned()
    assert before.commit == first
    assert before.weights_revision == f"{REPO}@{first}"
    assert not any(name == "model.safetensors" for _, name in hub.requests)
    assert before.pinned() is before
    assert before == pickle.loads(pickle.dumps(backbone)).pinned()

    second = hub.commit(REPO, files(2))
    after = load_backbone(NAME, revision=second)
    assert after.commit == second
    assert len({x.fingerprint for x in (backbone, before, after)}) == 3
    # each loads its own weights, whatever the branch is by now
    expected = [
        first_layer(load_backbone(ARCHITECTURE, weights=f"random-{i}")) for i in (1, 2)
    ]
    assert torch.equal(first_layer(before), expected[0])
    assert torch.equal(first_layer(after), expected[1])


def test_what_was_downloaded_stays(hub, monkeypatch):
    """A branch that moved changes nothing here until a commit is asked for."""
    first = hub.commit(REPO, files(1))
    assert load_backbone(NAME).pinned().commit == first
    features = first_layer(load_backbone(NAME))
    hub.commit(REPO, files(2))
    seen = len(hub.requests)
    assert load_backbone(NAME).pinned().commit == first
    assert torch.equal(first_layer(load_backbone(NAME)), features)
    assert len(hub.requests) == seen
    offline(monkeypatch)
    assert load_backbone(NAME).pinned().commit == first
    assert torch.equal(first_layer(load_backbone(NAME).pinned()), features)


def test_a_cache_that_others_filled(tmp_path, monkeypatch):
    """Offline, from refs/ and snapshots/ alone, without the small file."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    state = save(weights(5).state_dict())
    write_cache(tmp_path, REPO, commit, {"model.safetensors": state})
    pinned = load_backbone(NAME).pinned()
    assert pinned.commit == commit
    expected = first_layer(load_backbone(ARCHITECTURE, weights="random-5"))
    assert torch.equal(first_layer(pinned), expected)
    write_cache(tmp_path, REPO, "f" * 40, {}, branch="v2")
    with pytest.raises(ConnectionError, match="could not be downloaded"):
        load_backbone(NAME, revision="v2").load()


def test_options_survive_pinning(hub):
    hub.commit(REPO, files(1))
    backbone = load_backbone(NAME, input_size=96, granularity="block")
    pinned = backbone.pinned()
    assert pinned.layers == backbone.layers
    assert pinned.input_size == 96
    assert repr(pinned.preprocess) == repr(backbone.preprocess)


def test_torch_files_where_there_is_no_safetensors(hub, tmp_path):
    torch.save(weights(3).state_dict(), tmp_path / "saved.bin")
    contents = (tmp_path / "saved.bin").read_bytes()
    hub.commit(REPO, {"config.json": b"{}", "pytorch_model.bin": contents})
    expected = first_layer(load_backbone(ARCHITECTURE, weights="random-3"))
    assert torch.equal(first_layer(load_backbone(NAME)), expected)


def test_weights_that_timm_adapts(hub):
    """Position embeddings of another size: the result is that of a local file."""
    name = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"
    net = load_backbone("timm/vit_tiny_patch16_224", weights="random").load().model
    hub.commit(
        name, {"config.json": b"{}", "model.safetensors": save(net.state_dict())}
    )
    small = load_backbone(name, input_size=64).load().model
    assert small.pos_embed.shape == (1, 1 + 16, 192)
    assert torch.equal(small.blocks[3].mlp.fc1.weight, net.blocks[3].mlp.fc1.weight)
    expected = resample_abs_pos_embed(net.pos_embed, [4, 4])
    torch.testing.assert_close(small.pos_embed.data, expected)


def test_open_clip(hub):
    name = "open_clip/RN50.openai"
    backbone = load_backbone(name)
    tower = load_backbone(name, weights="random").load().model
    state = {f"visual.{key}": value for key, value in tower.state_dict().items()}
    contents = {
        "open_clip_config.json": b"{}",
        "open_clip_model.safetensors": save(state),
    }
    commit = hub.commit("timm/resnet50_clip.openai", contents)
    pinned = backbone.pinned()
    assert pinned.weights_revision == f"timm/resnet50_clip.openai@{commit}"
    loaded = pinned.load().model
    assert torch.equal(
        loaded.attnpool.positional_embedding, tower.attnpool.positional_embedding
    )


def test_shards_are_downloaded_with_their_index(hub, tmp_path, save_shards):
    folder = save_shards({f"w{i}": torch.zeros(i) for i in range(1, 7)}, tmp_path)
    commit = hub.commit(
        "lab/net", {path.name: path.read_bytes() for path in folder.iterdir()}
    )
    name = "model.safetensors.index.json"
    index = HubWeights("lab/net", (name,)).fetch()
    assert index.parent.name == commit
    assert sorted(p.name for p in index.parent.iterdir()) == sorted(
        p.name for p in folder.iterdir()
    )
    assert {revision for revision, file in hub.requests if "of-" in file} == {commit}


def test_a_decoder_keeps_its_commit_and_options(hub, tmp_path):
    """Though the branch moves between saving and reading."""
    first = hub.commit(REPO, files(1))
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((8, 4, 5))
    pictures = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    decoder = ShallowAlignDecoder(
        load_backbone(NAME, input_size=64, granularity="block"),
        layer="blocks.1.1",
        max_epochs=1,
        encoder_params={"n_outputs": 8},
        n_components=4,
        cache_dir=False,
        device="cpu",
    ).fit(signals, pictures)
    assert decoder.backbone_.commit == first
    decoder.save(tmp_path / "decoder.safetensors")
    hub.commit(REPO, files(2))
    twin = read_decoder(tmp_path / "decoder.safetensors", device="cpu")
    assert twin.backbone_ == decoder.backbone_
    assert twin.backbone_.layers == decoder.backbone_.layers
    np.testing.assert_array_equal(
        twin.transform_images(pictures),
        decoder.transform_images(pictures),
    )


def test_nothing_cached_and_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConnectionError, match=f"weights of {NAME} could not be"):
        load_backbone(NAME).pinned()


def test_what_needs_no_pin():
    for backbone in (
        load_backbone("gabor/v1"),
        load_backbone(ARCHITECTURE, weights="random"),
        load_backbone(NAME, revision="a" * 40),
        load_backbone("timm/gcvit_xxtiny.in1k"),  # its address has a digest
    ):
        assert backbone.pinned() is backbone


def test_revisions_are_of_the_hub(tmp_path):
    with pytest.raises(ValueError, match="weights of 'gabor' have no revisions"):
        load_backbone("gabor/v1", revision="main")
    with pytest.raises(ValueError, match="these weights come from 'random'"):
        load_backbone(ARCHITECTURE, weights="random", revision="main")
    with pytest.raises(ValueError, match="these weights come from 'https://"):
        load_backbone("timm/gcvit_xxtiny.in1k", revision="main")


def test_a_hub_that_cannot_be_reached_is_asked_once(tmp_path, monkeypatch):
    """Its own client tries again, file by file, for a minute."""
    closed = "http://127.0.0.1:9"
    for name, value in {
        "HF_HUB_CACHE": str(tmp_path),
        "HF_HUB_OFFLINE": False,
        "ENDPOINT": closed,
    }.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    asked = []

    def download(*args, local_files_only, **kwargs):
        asked.append(local_files_only)
        return hf_hub_download(*args, local_files_only=local_files_only, **kwargs)

    monkeypatch.setattr("mne_shallowalign.backbones._hub.hf_hub_download", download)
    with pytest.raises(ConnectionError, match=f"{closed} cannot be reached"):
        load_backbone(NAME).pinned()
    assert asked
    assert all(asked)  # of the cache alone
