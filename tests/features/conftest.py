from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mne_shallowalign.backbones import load_backbone
from mne_shallowalign.backbones._gabor import GaborStack


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten smooth pictures, as PNG files."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(10):
        pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((80, 60), Image.Resampling.BICUBIC)
        image.save(folder / f"{i}.png")
    return folder


@pytest.fixture
def paths(folder):
    return sorted(folder.glob("*.png"))


@pytest.fixture
def forwarded(monkeypatch):
    """The number of images in every forward pass, and the layers asked for."""
    load_backbone("gabor/v1")  # measures its widths, once
    calls = []
    run = GaborStack.run

    def counted(self, images, layers, final):
        calls.append((len(images), [*layers, *(["final"] if final else [])]))
        return run(self, images, layers, final)

    monkeypatch.setattr(GaborStack, "run", counted)
    return calls
