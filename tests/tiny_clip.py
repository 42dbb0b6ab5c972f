"""An OpenCLIP model with a tokenizer and both towers, as small as can be."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import open_clip

from mne_shallowalign import load_backbone

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 8, "heads": 1, "layers": 1}
VISION = {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8}
NAME = "tiny-captioned"


@cache
def tiny_clip():
    """Make its image tower known to open_clip, with random weights."""
    config = {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{NAME}.json").write_text(json.dumps(config))
        open_clip.add_model_config(folder)
    return load_backbone(f"open_clip/{NAME}", weights="random-0")
