from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.transforms import v2

from mne_shallowalign.backbones import load_backbone


@pytest.fixture(scope="module")
def vit():
    return load_backbone(
        "timm/vit_small_patch14_dinov2", weights="random", input_size=28
    )


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("blocks.5", "blocks.5"),
        (1, "blocks.0"),
        (12, "blocks.11"),
        (np.int64(6), "blocks.5"),
        (0.0, "blocks.0"),
        (1.0, "blocks.11"),
        (0.5, "blocks.6"),  # (l - 1) / 11 = 0.5 lies between layers 6 and 7
        (np.float32(0.45), "blocks.5"),
        ("final", "final"),
    ],
)
def test_resolve(vit, layer, name):
    assert vit.resolve(layer) == name


def test_relative_depth_of_every_layer_is_itself(vit):
    n = len(vit.layers)
    for i, name in enumerate(vit.layers):
        assert vit.resolve(i / (n - 1)) == name


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (
            "blocks.55",
            ValueError,
            r"layer='blocks.55' is not in .*Did you mean 'blocks.5'",
        ),
        ("block5", ValueError, "'blocks.5'"),
        ("6", ValueError, r"1\.\.12"),
        (0, ValueError, r"layers 1\.\.12"),
        (13, ValueError, r"layers 1\.\.12"),
        (-1, ValueError, r"layers 1\.\.12"),
        (1.5, ValueError, "relative depth"),
        (6.0, ValueError, "use an int"),
        (float("nan"), ValueError, "relative depth"),
        (True, TypeError, "counted from 1"),
        (None, TypeError, "counted from 1"),
        ([1], TypeError, "counted from 1"),
    ],
)
def test_resolve_refuses(vit, layer, error, message):
    with pytest.raises(error, match=message):
        vit.resolve(layer)


def test_width(vit):
    assert [vit.width(layer) for layer in (1, "blocks.3", 1.0, "final")] == [384] * 4


@pytest.mark.parametrize(
    "name", ["gabor/v1", "timm/mobilenetv2_035", "open_clip/tiny-resnet"]
)
def test_picklable_and_copyable(name):
    options = {} if name == "gabor/v1" else {"weights": "random"}
    backbone = load_backbone(name, **options)
    images = torch.rand(1, 3, 64, 64)
    layer = backbone.layers[0]
    expected = backbone.load()(images, [layer])[layer].patches
    for twin in (pickle.loads(pickle.dumps(backbone)), copy.deepcopy(backbone)):
        assert twin == backbone
        assert hash(twin) == hash(backbone)
        assert repr(twin) == repr(backbone)
        assert torch.equal(twin.load()(images, [layer])[layer].patches, expected)
    with pytest.raises(FrozenInstanceError):
        backbone.name = "other"


def test_fingerprint_is_model_weights_and_preprocessing():
    def fingerprint(name="timm/mobilenetv2_035", weights="random", **options):
        return load_backbone(name, weights=weights, **options).fingerprint

    assert fingerprint() == fingerprint()
    assert fingerprint() == fingerprint(weights="random-0")
    assert fingerprint() == fingerprint(granularity="block")
    others = [
        fingerprint(weights="random-1"),
        fingerprint("timm/mobilenetv2_050"),
        fingerprint(input_size=96),
        fingerprint(preprocess=v2.Compose([v2.ToImage()])),
    ]
    assert len({fingerprint(), *others}) == 5


def test_preprocess_must_say_what_it_does():
    with pytest.raises(ValueError, match="preprocess must have a repr"):
        load_backbone("gabor/v1", preprocess=lambda image: image)


def test_load_is_frozen_and_leaves_the_random_state_alone(vit):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    stack = vit.load()
    assert torch.equal(torch.get_rng_state(), before)
    assert not stack.training
    assert not any(p.requires_grad for p in stack.parameters())
    images = torch.rand(1, 3, 28, 28, requires_grad=True)
    assert not stack(images, ["final"])["final"].patches.requires_grad


def test_random_weights_depend_on_the_seed_only():
    def first_weight(weights):
        stack = load_backbone("timm/mobilenetv2_035", weights=weights).load()
        return next(stack.parameters())

    assert torch.equal(first_weight("random-4"), first_weight("random-4"))
    assert not torch.equal(first_weight("random-4"), first_weight("random-5"))


def test_dtype(vit):
    stack = vit.load(dtype=torch.bfloat16)
    output = stack(torch.rand(2, 3, 28, 28), ["final"])["final"].patches
    assert output.dtype == torch.bfloat16
    assert isinstance(stack, nn.Module)
