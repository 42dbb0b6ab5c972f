from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import pdist

from mne_shallowalign.datasets import draw_pictures


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_pictures(tmp_path_factory.mktemp("pictures"), 120, 2, size=64)


def test_a_folder_per_concept(drawn):
    assert len(drawn) == 240
    assert len({path.parent for path in drawn}) == 120
    assert all(path.name.startswith(path.parent.name) for path in drawn)


def test_pictures_differ(drawn):
    pixels = np.stack([np.asarray(Image.open(path), float) for path in drawn])
    assert pixels.shape == (240, 64, 64, 3)
    flat = pixels.reshape(240, -1)
    distances = pdist(flat) / np.sqrt(flat.shape[1])
    assert distances.min() > 10  # of 255 levels
    assert np.median(flat.std(axis=1)) > 30


def test_the_seed_decides(drawn, tmp_path):
    again = draw_pictures(tmp_path / "again", 120, 2, size=64)
    other = draw_pictures(tmp_path / "other", 120, 2, size=64, random_state=1)
    assert all(
        a.read_bytes() == b.read_bytes() for a, b in zip(drawn, again, strict=True)
    )
    assert not any(
        a.read_bytes() == b.read_bytes() for a, b in zip(drawn, other, strict=True)
    )
