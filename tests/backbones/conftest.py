from __future__ import annotations

import json

import open_clip
import pytest

TEXT = {"context_length": 8, "vocab_size": 16, "width": 8, "heads": 1, "layers": 1}
VISION = {
    "tiny-vit": {"image_size": 32, "layers": 4, "width": 64, "patch_size": 8},
    "tiny-resnet": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 16},
    "tiny-timm": {
        "image_size": 224,
        "timm_model_name": "convnext_atto",
        "timm_pool": "",
        "timm_proj": "linear",
    },
}


@pytest.fixture(scope="session", autouse=True)
def _tiny_clips(tmp_path_factory):
    """CLIP models of the smallest kind, beside those that open_clip knows."""
    folder = tmp_path_factory.mktemp("clips")
    for name, vision in VISION.items():
        config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)
