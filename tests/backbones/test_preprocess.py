from __future__ import annotations

import numpy as np
import pytest
import timm.data
import torch
from open_clip.transform import image_transform
from PIL import Image

from mne_shallowalign.backbones import build_preprocess, load_backbone


@pytest.fixture(scope="module")
def image():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((400, 300), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    "name", ["resnet18", "vit_base_patch16_224", "vit_base_patch16_siglip_224"]
)
def test_equals_timm(name, image):
    backbone = load_backbone(f"timm/{name}", weights="random")
    with torch.device("meta"):
        config = timm.data.resolve_model_data_config(timm.create_model(name))
    expected = timm.data.create_transform(**config)(image)
    torch.testing.assert_close(backbone.preprocess(image), expected)


@pytest.mark.parametrize(
    ("name", "mode"), [("ViT-B-32", "shortest"), ("ViT-B-16-SigLIP.webli", "squash")]
)
def test_equals_open_clip(name, mode, image):
    backbone = load_backbone(f"open_clip/{name}", weights="random")
    mean = std = (0.5, 0.5, 0.5) if mode == "squash" else None
    theirs = image_transform(224, is_train=False, mean=mean, std=std, resize_mode=mode)
    torch.testing.assert_close(backbone.preprocess(image), theirs(image))


def test_normalisation():
    grey = Image.new("RGB", (10, 20), (51, 102, 204))
    out = build_preprocess(8, mean=(0.2, 0.4, 0.6), std=(1, 2, 4))(grey)
    assert out.shape == (3, 8, 8)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out[:, 0, 0], torch.tensor([0.0, 0.0, 0.05]))
