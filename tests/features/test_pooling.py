from __future__ import annotations

import pytest
import torch

from mne_shallowalign.backbones import LayerOutput
from mne_shallowalign.features import POOLINGS, pool

TOKENS = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0))
OUTPUT = LayerOutput(TOKENS[:, 2:], TOKENS[:, :2])
EXPECTED = {
    "mean": TOKENS[:, 2:].mean(1),
    "cls": TOKENS[:, 0],
    "all": TOKENS.mean(1),
    "max": TOKENS[:, 2:].max(1).values,
}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pool(pooling):
    torch.testing.assert_close(pool(OUTPUT, pooling), EXPECTED[pooling])


def test_feature_maps_have_no_class_token():
    output = LayerOutput.from_map(TOKENS[:, None])
    assert output.patches.shape == (3, 35, 1)
    torch.testing.assert_close(pool(output, "all"), pool(output, "mean"))
    with pytest.raises(ValueError, match="needs a class token"):
        pool(output, "cls")


def test_unknown_pooling():
    with pytest.raises(ValueError, match="'mean', 'cls', 'all', 'max'; got 'median'"):
        pool(OUTPUT, "median")
