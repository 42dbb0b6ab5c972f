"""InternViT against transformers' own class, from weights in the published format."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from mne_shallowalign import list_backbones, list_layers, load_backbone
from mne_shallowalign.backbones import _internvit

TINY = {
    "img_size": 56,
    "patch_size": 14,
    "embed_dim": 48,
    "depth": 4,
    "num_heads": 3,
    "mlp_ratio": 2,
}
WIDTH, HIDDEN = 48, 96


@pytest.fixture
def tiny(monkeypatch):
    """All versions at the smallest size."""
    monkeypatch.setattr(_internvit, "ARCHITECTURE", TINY)


def published_state(dtype=torch.float32):
    """Random weights under the names of the published files."""
    generator = torch.Generator().manual_seed(0)
    shapes = {
        "embeddings.class_embedding": (1, 1, WIDTH),
        "embeddings.position_embedding": (1, 17, WIDTH),
        "embeddings.patch_embedding.weight": (WIDTH, 3, 14, 14),
        "embeddings.patch_embedding.bias": (WIDTH,),
    }
    block = {
        "attn.k_norm.weight": (WIDTH,),
        "attn.proj.bias": (WIDTH,),
        "attn.proj.weight": (WIDTH, WIDTH),
        "attn.q_norm.weight": (WIDTH,),
        "attn.qkv.weight": (3 * WIDTH, WIDTH),
        "ls1": (WIDTH,),
        "ls2": (WIDTH,),
        "mlp.fc1.bias": (HIDDEN,),
        "mlp.fc1.weight": (HIDDEN, WIDTH),
        "mlp.fc2.bias": (WIDTH,),
        "mlp.fc2.weight": (WIDTH, HIDDEN),
        "norm1.weight": (WIDTH,),
        "norm2.weight": (WIDTH,),
    }
    for i in range(TINY["depth"]):
        shapes |= {f"encoder.layers.{i}.{key}": shape for key, shape in block.items()}
    return {
        key: (torch.randn(shape, generator=generator) / 4).to(dtype)
        for key, shape in shapes.items()
    }


def images(size=56, n=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 3, size, size, generator=generator)


def transformers_model(state):
    transformers = pytest.importorskip("transformers")
    config = transformers.InternVLVisionConfig(
        hidden_size=WIDTH,
        num_hidden_layers=TINY["depth"],
        num_attention_heads=TINY["num_heads"],
        intermediate_size=HIDDEN,
        image_size=TINY["img_size"],
        patch_size=TINY["patch_size"],
        attention_bias=False,
        use_qk_norm=True,
        norm_type="rms_norm",
        layer_norm_eps=1e-6,
        use_absolute_position_embeddings=True,
        use_mean_pooling=True,  # of their two kinds, the one without a final norm
    )
    model = transformers.InternVLVisionModel(config).eval()
    names = {
        "embeddings.class_embedding": "embeddings.cls_token",
        "embeddings.position_embedding": "embeddings.position_embeddings",
        "embeddings.patch_embedding": "embeddings.patch_embeddings.projection",
        "encoder.layers.": "encoder.layer.",
        ".attn.proj.": ".attention.projection_layer.",
        ".attn.": ".attention.",
        ".norm1.": ".layernorm_before.",
        ".norm2.": ".layernorm_after.",
        ".ls1": ".lambda_1",
        ".ls2": ".lambda_2",
    }
    theirs = {}
    for key, value in state.items():
        for old, new in names.items():
            key = key.replace(old, new)
        if ".qkv." in key:
            for name, part in zip("qkv", value.chunk(3), strict=True):
                theirs[key.replace("qkv", f"{name}_proj")] = part
        else:
            theirs[key] = value
    model.load_state_dict(theirs)
    return model


def test_hidden_states_equal_those_of_transformers(tiny, tmp_path, save_shards):
    state = published_state()
    theirs = transformers_model(state)
    backbone = load_backbone("internvit-6b", weights=save_shards(state, tmp_path))
    outputs = backbone.load()(images(), [*backbone.layers, "final"])
    with torch.no_grad():
        expected = theirs(images(), output_hidden_states=True)
    assert len(expected.hidden_states) == 1 + TINY["depth"]
    for number, layer in enumerate(backbone.layers, start=1):
        ours = torch.cat([outputs[layer].prefix, outputs[layer].patches], dim=1)
        hidden = expected.hidden_states[number]
        assert hidden.std() > 0.1
        torch.testing.assert_close(ours, hidden, rtol=0, atol=1e-5)
    final = outputs["final"].patches[:, 0]
    assert torch.equal(final, outputs[backbone.layers[-1]].prefix[:, 0])


def test_reduced_precision_is_near(tiny, tmp_path, save_shards):
    """Weights stored in bfloat16, as published, and computed so."""
    save_shards(published_state(torch.bfloat16), tmp_path)
    backbone = load_backbone("internvit/v1.5", weights=tmp_path)
    layer = backbone.layers[-1]
    exact = backbone.load()(images(), [layer])[layer].patches
    stack = backbone.load(dtype=torch.bfloat16)
    assert {p.dtype for p in stack.parameters()} == {torch.bfloat16}
    rough = stack(images(), [layer])[layer].patches
    assert rough.dtype == torch.bfloat16
    assert (rough - exact).norm() < 0.02 * exact.norm()


def test_norm_is_computed_in_float32():
    """The square of 300 overflows float16."""
    norm = _internvit.RMSNorm(8)
    x = torch.full((1, 8), 300.0, dtype=torch.float16)
    torch.testing.assert_close(norm(x), torch.ones(1, 8), check_dtype=False)


def test_queries_are_normalised_over_all_heads():
    norm = _internvit.AcrossHeads(6)
    x = torch.randn(2, 3, 5, 2, generator=torch.Generator().manual_seed(0))
    squares = x.double().pow(2).mean(dim=(1, 3), keepdim=True)
    expected = x.double() / (squares + 1e-6).sqrt()
    torch.testing.assert_close(norm(x), expected.float())


def test_another_size_resamples_positions_as_published(tiny, tmp_path):
    state = published_state()
    save_file(state, tmp_path / "model.safetensors")
    backbone = load_backbone("internvit/v2.5", weights=tmp_path, input_size=84)
    net = backbone.load().model
    position = state["embeddings.position_embedding"]
    grid = position[:, 1:].reshape(1, 4, 4, WIDTH).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, (6, 6), mode="bicubic", align_corners=False)
    expected = torch.cat([position[:, :1], grid.flatten(2).mT], dim=1)
    torch.testing.assert_close(net.pos_embed.data, expected)
    layer = backbone.layers[0]
    assert backbone.load()(images(84), [layer])[layer].patches.shape == (2, 36, WIDTH)


def test_the_published_size():
    """https://huggingface.co/OpenGVLab/InternViT-6B-448px-V2_5: 5540 M, 45 blocks."""
    backbone = load_backbone("internvit-6b")
    assert round(backbone.n_parameters / 1e6, -1) == 5540
    assert backbone.layers == tuple(f"blocks.{i}" for i in range(45))
    assert set(backbone.widths) == {3200}
    assert backbone.final_width == 3200
    assert backbone.input_size == 448
    assert list_layers("internvit/v1.2", granularity="block") == list(backbone.layers)


def test_versions_are_other_weights():
    names = list_backbones("internvit/*")
    assert names == ["internvit/v1.2", "internvit/v1.5", "internvit/v2.5"]
    backbones = [load_backbone(name) for name in names]
    assert len({backbone.fingerprint for backbone in backbones}) == 3
    for backbone in backbones:
        assert backbone.commit is not None
        assert backbone.pinned() is backbone
    with pytest.raises(ValueError, match=r"'internvit/v2'. Did you mean 'v2.5'"):
        load_backbone("internvit/v2")


def test_revision():
    moved = load_backbone("internvit-6b", revision="main")
    assert moved.commit is None
    assert moved.weights_revision.endswith("V2_5@main")
    with pytest.raises(ValueError, match="revision='main' names a state"):
        load_backbone("internvit-6b", weights="random", revision="main")


def test_weights_that_do_not_fit(tiny, tmp_path, save_shards):
    state = published_state()
    del state["encoder.layers.3.ls2"]
    state["embeddings.extra"] = torch.zeros(1)
    save_shards(state, tmp_path)
    message = r"1 missing key \(blocks.3.ls2.gamma\); 1 extra key \(embeddings.extra\)"
    with pytest.raises(ValueError, match=message):
        load_backbone("internvit-6b", weights=tmp_path).load()


def test_random_weights(tiny):
    backbone = load_backbone("internvit-6b", weights="random-3")
    layer = backbone.layers[1]
    once, again = (backbone.load()(images(), [layer])[layer] for _ in range(2))
    assert torch.equal(once.patches, again.patches)
    assert once.prefix.shape == (2, 1, WIDTH)
