"""Layer outputs against forward hooks on the same modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from mne_shallowalign.backbones import list_layers, load_backbone

TOKENS = [
    ("timm/vit_small_patch14_dinov2", {"input_size": 42}, 1),
    ("timm/vit_small_patch16_dinov3", {"input_size": 32}, 5),
    ("timm/deit_tiny_distilled_patch16_224", {"input_size": 32}, 2),
    ("timm/eva02_tiny_patch14_224", {"input_size": 28}, 1),
    ("timm/vit_pe_core_tiny_patch16_384", {"input_size": 48}, 1),
    ("timm/vit_base_patch16_siglip_224.v2_webli", {"input_size": 32}, 0),
    ("open_clip/tiny-vit", {}, 1),
]
MAPS = [
    ("open_clip/tiny-resnet", {}, 4),
    ("open_clip/tiny-resnet", {"granularity": "block"}, 5),
    ("open_clip/tiny-timm", {"input_size": 64}, 4),
    ("timm/resnet18", {"input_size": 64}, 4),
    ("timm/resnet18", {"input_size": 64, "granularity": "block"}, 8),
    ("timm/regnety_002", {"input_size": 64}, 4),
    ("timm/convnext_atto", {"input_size": 64, "granularity": "block"}, 12),
    ("timm/convnext_tiny.dinov3_lvd1689m", {"input_size": 64}, 4),
    ("timm/efficientnet_b0", {"input_size": 64}, 5),
    ("timm/efficientnet_b0", {"input_size": 64, "granularity": "block"}, 17),
    ("timm/mobilenetv4_conv_small_035", {"input_size": 64}, 4),
    ("timm/mobilenetv2_100", {"input_size": 64}, 5),
    ("timm/mobilenetv2_100", {"input_size": 64, "granularity": "block"}, 18),
]


def by_hooks(net, layers, images):
    """What the named modules return while the model runs, and what it returns."""
    caught = {}
    for layer in layers:
        net.get_submodule(layer).register_forward_hook(
            lambda module, args, output, layer=layer: caught.update({layer: output})
        )
    with torch.no_grad():
        final = net(images)
    return caught, final


def net_and_images(backbone):
    stack = backbone.load()
    generator = torch.Generator().manual_seed(0)
    size = backbone.input_size
    images = torch.randn(2, 3, size, size, generator=generator)
    return stack, getattr(stack, "model", None) or stack.visual, images


@pytest.mark.parametrize(("name", "options", "n_prefix"), TOKENS)
def test_tokens_equal_hooks(name, options, n_prefix):
    backbone = load_backbone(name, weights="random", **options)
    stack, net, images = net_and_images(backbone)
    outputs = stack(images, [*backbone.layers, "final"])
    caught, final = by_hooks(net, backbone.layers, images)
    for layer, output in outputs.items():
        if layer == "final":
            break
        assert output.prefix.shape[1] == n_prefix
        tokens = torch.cat([output.prefix, output.patches], dim=1)
        torch.testing.assert_close(tokens, caught[layer], rtol=0, atol=1e-5)
        assert tokens.shape[-1] == backbone.width(layer)
    torch.testing.assert_close(outputs["final"].patches[:, 0], final)
    assert outputs["final"].patches.shape == (2, 1, backbone.final_width)
    assert outputs["final"].prefix.shape[1] == 0


@pytest.mark.parametrize(("name", "options", "n_layers"), MAPS)
def test_maps_equal_hooks(name, options, n_layers):
    backbone = load_backbone(name, weights="random", **options)
    assert len(backbone.layers) == n_layers
    stack, net, images = net_and_images(backbone)
    outputs = stack(images, [*backbone.layers, "final"])
    caught, final = by_hooks(net, backbone.layers, images)
    for layer in backbone.layers:
        tokens = outputs[layer].patches
        expected = caught[layer].flatten(2).mT
        torch.testing.assert_close(tokens, expected, rtol=0, atol=1e-5)
        assert tokens.shape[-1] == backbone.width(layer)
        assert outputs[layer].prefix.shape == (2, 0, tokens.shape[-1])
    torch.testing.assert_close(outputs["final"].patches[:, 0], final)


@pytest.mark.parametrize(
    ("granularity", "widths"),
    [("stage", (96, 192, 384, 768)), ("block", (96,) * 2 + (192,) * 2 + (384,) * 6)],
)
def test_channels_last_maps_equal_hooks(granularity, widths):
    name = "timm/swin_tiny_patch4_window7_224"
    backbone = load_backbone(
        name, weights="random", granularity=granularity, input_size=112
    )
    assert backbone.widths[: len(widths)] == widths
    stack, net, images = net_and_images(backbone)
    layers = [*backbone.layers[-2:], "final"]
    outputs = stack(images[:1], layers)
    caught, final = by_hooks(net, layers[:-1], images[:1])
    for layer in layers[:-1]:
        expected = caught[layer].flatten(1, 2)
        torch.testing.assert_close(outputs[layer].patches, expected)
    torch.testing.assert_close(outputs["final"].patches[:, 0], final)


def test_resnet_of_clip_step_by_step():
    backbone = load_backbone("open_clip/tiny-resnet", weights="random")
    stack, net, images = net_and_images(backbone)
    outputs = stack(images, [*backbone.layers, "final"])
    with torch.no_grad():
        x = net.stem(images)
        for layer in backbone.layers:
            x = getattr(net, layer)(x)
            torch.testing.assert_close(outputs[layer].patches, x.flatten(2).mT)
        torch.testing.assert_close(outputs["final"].patches[:, 0], net.attnpool(x))


@pytest.mark.parametrize(
    ("name", "stop", "beyond"),
    [
        ("timm/vit_small_patch14_dinov2", 2, "blocks.2"),
        ("timm/resnet18", 2, "layer3"),
        ("timm/mobilenetv2_100", 3, "blocks.3"),
        ("open_clip/tiny-vit", 2, "transformer.resblocks.2"),
        ("open_clip/tiny-resnet", 3, "layer4"),
    ],
)
def test_stops_after_the_deepest_layer(name, stop, beyond):
    options = {} if "tiny" in name else {"input_size": 56}
    backbone = load_backbone(name, weights="random", **options)
    stack, net, images = net_and_images(backbone)
    ran = []
    net.get_submodule(beyond).register_forward_hook(lambda *_: ran.append(beyond))
    stack(images, [backbone.layers[stop - 1], backbone.layers[0]])
    assert not ran
    stack(images, ["final"])
    assert ran


def test_order_and_subset_do_not_matter():
    backbone = load_backbone("open_clip/tiny-vit", weights="random")
    stack, _, images = net_and_images(backbone)
    a, b = backbone.layers[0], backbone.layers[2]
    outputs = stack(images, ["final", b, a])
    assert list(outputs) == ["final", b, a]
    for layer in outputs:
        alone = stack(images, [layer])[layer]
        torch.testing.assert_close(outputs[layer].patches, alone.patches)


def test_timm_and_open_clip_agree_on_the_same_weights(tmp_path):
    ours = load_backbone("open_clip/ViT-M-32", weights="random", input_size=64)
    stack, tower, images = net_and_images(ours)
    path = tmp_path / "clip.safetensors"
    state = {f"visual.{k}": v.contiguous() for k, v in tower.state_dict().items()}
    save_file(state, path)
    name = "timm/vit_medium_patch32_clip_224"
    theirs = load_backbone(name, weights=path, input_size=64)
    left = stack(images, [*ours.layers, "final"])
    right = theirs.load()(images, [*theirs.layers, "final"])
    for a, b in zip(left.values(), right.values(), strict=True):
        torch.testing.assert_close(a.patches, b.patches, rtol=0, atol=1e-4)
        torch.testing.assert_close(a.prefix, b.prefix, rtol=0, atol=1e-4)
    # and a whole CLIP checkpoint loads as the image tower that it holds
    again = load_backbone("open_clip/ViT-M-32", weights=path, input_size=64)
    final = again.load()(images, ["final"])["final"]
    assert torch.equal(final.patches, left["final"].patches)


def test_position_embeddings_are_resampled(tmp_path):
    tower = load_backbone("open_clip/tiny-vit", weights="random").load().visual
    path = tmp_path / "tower.safetensors"
    save_file(tower.state_dict(), path)
    small = load_backbone("open_clip/tiny-vit", weights=path, input_size=16)
    visual = small.load().visual
    assert visual.positional_embedding.shape == (1 + 4, 64)
    grid = tower.positional_embedding[1:].T.reshape(1, 64, 4, 4)
    expected = functional.interpolate(grid, size=(2, 2), mode="bicubic", antialias=True)
    torch.testing.assert_close(
        visual.positional_embedding[1:], expected.flatten(2)[0].T
    )


def resize_by_pillow(grid, size):
    """Bicubic with antialiasing, channel by channel: (n, n, width) to size x size."""
    planes = [Image.fromarray(plane) for plane in grid.permute(2, 0, 1).numpy()]
    resized = [plane.resize((size, size), Image.Resampling.BICUBIC) for plane in planes]
    return torch.from_numpy(np.stack(resized, axis=-1))


def test_dinov2_at_224_pixels(tmp_path):
    """Published at 518 pixels, 37 x 37 patches; here 16 x 16."""
    name = "timm/vit_small_patch14_dinov2"
    published = load_backbone(name, weights="random")
    assert published.input_size == 518
    net = published.load().model
    assert net.pos_embed.shape == (1, 1 + 37**2, 384)
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    backbone = load_backbone(name, weights=tmp_path, input_size=224)
    position = backbone.load().model.pos_embed[0]
    assert torch.equal(position[0], net.pos_embed[0, 0])
    grid = net.pos_embed[0, 1:].unflatten(0, (37, 37))
    expected = resize_by_pillow(grid, 16).flatten(0, 1)
    torch.testing.assert_close(position[1:], expected, rtol=0, atol=1e-5)
    assert backbone.preprocess(Image.new("RGB", (640, 480))).shape == (3, 224, 224)


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        (
            "timm/convnext_atto",
            {"stages.0": 2, "stages.1": 2, "stages.2": 6, "stages.3": 2},
        ),
        ("timm/resnet50", {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}),
        ("open_clip/RN50.openai", {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}),
    ],
)
def test_stages_and_their_blocks(name, blocks):
    """The published depths: He et al. (2016), Table 1; Liu et al. (2022)."""
    assert list_layers(name) == list(blocks)
    assert list_layers(name, granularity="stage") == list(blocks)
    inner = list_layers(name, granularity="block")
    assert len(inner) == sum(blocks.values())
    for stage, n_blocks in blocks.items():
        assert sum(layer.startswith(f"{stage}.") for layer in inner) == n_blocks
    # a stage is its last block
    ends = [max(i for i, x in enumerate(inner) if x.startswith(s)) for s in blocks]
    by_stage = load_backbone(name, weights="random", input_size=64)
    by_block = load_backbone(name, weights="random", input_size=64, granularity="block")
    images = torch.rand(1, 3, 64, 64)
    deep = by_stage.load()(images, by_stage.layers)
    fine = by_block.load()(images, by_block.layers)
    for stage, end in zip(by_stage.layers, ends, strict=True):
        torch.testing.assert_close(deep[stage].patches, fine[inner[end]].patches)


def test_blocks_of_mobilenet():
    """17 inverted residuals in seven stages, and the head convolution."""
    inner = list_layers("timm/mobilenetv2_100", granularity="block")
    stages = [layer.rpartition(".")[0] for layer in inner[:-1]]
    assert [stages.count(f"blocks.{i}") for i in range(7)] == [1, 2, 3, 4, 3, 3, 1]
    assert inner[-1] == "bn2"


@pytest.mark.parametrize(
    "name", ["vit-b-16", "timm/vit_small_patch14_dinov2", "internvit-6b", "gabor/v1"]
)
def test_layers_of_a_transformer_are_its_blocks(name):
    options = {"weights": "random"} if name.startswith("timm") else {}
    assert list_layers(name, **options) == list_layers(
        name, granularity="block", **options
    )


def test_granularity_is_checked():
    for provider in ("timm/resnet18", "open_clip/RN50"):
        with pytest.raises(ValueError, match="granularity must be 'stage' or 'block'"):
            list_layers(provider, weights="random", granularity="layer")
    described = load_backbone("timm/resnet18", weights="random")
    for backbone in (described, described.load().model):
        with pytest.raises(ValueError, match="chosen when a backbone is described"):
            list_layers(backbone, granularity="block")
