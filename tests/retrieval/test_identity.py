"""The same image, in every way in which images are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mne_shallowalign.retrieval._identity import find_repeats

_PIXELS = np.random.default_rng(0).integers(256, size=(3, 4, 5, 3), dtype=np.uint8)
_ORDER = [2, 0, 2, 1, 0]


@pytest.mark.parametrize(
    "images",
    [
        ["c", "a", "c", "b", "a"],
        [Path(name) for name in "cacba"],
        pd.Series(list("cacba"), index=range(5, 10)),
        np.array(list("cacba")),
        np.array(_ORDER, float),
        _PIXELS[_ORDER],
        _PIXELS[_ORDER].mean(axis=(1, 2)),
        [Image.fromarray(_PIXELS[i]) for i in _ORDER],
    ],
    ids=lambda images: type(images).__name__,
)
def test_numbers_go_by_first_appearance(images):
    """Images 2, 0 and 1 are numbered 0, 1 and 2."""
    first, index = find_repeats(images)
    assert first.tolist() == [0, 1, 3]
    assert index.tolist() == [0, 1, 0, 2, 1]
