"""Layer outputs against forward hooks on the same modules."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from mne_shallowalign.backbones import list_layers, load_backbone

TOKENS = [
    ("timm/vit_small_patch14_dinov2", {"input_size": 42}, 1),
    ("timm/vit_small_patch16_dinov3", {"input_size": 32}, 5),
    ("timm/deit_tiny_distilled_patch16_224", {"input_size": 32}, 2),
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


def test_channels_last_maps_equal_hooks():
    name = "timm/swin_tiny_patch4_window7_224"
    for granularity in ("stage", "block"):
        backbone = load_backbone(name, weights="random", granularity=granularity)
        stack, net, images = net_and_images(backbone)
        layers = backbone.layers[-2:]
        outputs = stack(images[:1], layers)
        caught, _ = by_hooks(net, layers, images[:1])
        for layer in layers:
            expected = caught[layer].flatten(1, 2)
            torch.testing.assert_close(outputs[layer].patches, expected)


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


def test_the_paper_counts_layers_like_this():
    """Table 4 of arXiv:2601.21948, without downloading anything."""
    counted = {
        "rn50": (4, 38e6),
        "rn101": (4, 56e6),
        "vit-b-16": (12, 86e6),
        "vit-h-14": (32, 0.63e9),
        "vit-bigg-14": (48, 1.84e9),
        "dinov2-giant": (40, 1.14e9),
        "eva02-e-14-plus": (64, 4.35e9),
    }
    for name, (n_layers, n_parameters) in counted.items():
        backbone = load_backbone(name)
        assert len(backbone.layers) == n_layers
        assert backbone.n_parameters == pytest.approx(n_parameters, rel=0.02)
        assert backbone.weights == "hub"


def test_granularity_is_checked():
    for provider in ("timm/resnet18", "open_clip/RN50"):
        with pytest.raises(ValueError, match="granularity must be 'stage' or 'block'"):
            list_layers(provider, weights="random", granularity="layer")
