from __future__ import annotations

import numpy as np
import pytest
import torch

from mne_shallowalign.backbones import LayerOutput
from mne_shallowalign.features import POOLINGS, pool
from mne_shallowalign.features._pooling import check_pooling, flatten_width

TOKENS = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0))
OUTPUT = LayerOutput(TOKENS[:, 2:], TOKENS[:, :2])


def expected(pooling):
    """The same in NumPy, in double precision."""
    tokens = TOKENS.double().numpy()
    return {
        "mean": tokens[:, 2:].mean(1),
        "cls": tokens[:, 0],
        "all": tokens.mean(1),
        "max": tokens[:, 2:].max(1),
        "gem": np.cbrt((np.maximum(tokens[:, 2:], 1e-6) ** 3).mean(1)),
    }[pooling]


@pytest.mark.parametrize("pooling", [p for p in POOLINGS if p != "flatten"])
def test_pool(pooling):
    pooled = pool(OUTPUT, pooling)
    np.testing.assert_allclose(pooled, expected(pooling), rtol=1e-5, atol=1e-6)


def test_gem_lies_between_mean_and_maximum():
    positive = LayerOutput.from_tokens(TOKENS.abs())
    gem = pool(positive, "gem")
    assert (gem >= pool(positive, "mean")).all()
    assert (gem <= pool(positive, "max")).all()


def test_flatten_keeps_distances_and_places():
    tokens = torch.randn(40, 60, 8, generator=torch.Generator().manual_seed(1))
    flat = pool(LayerOutput.from_tokens(tokens), "flatten-2000")
    assert flat.shape == (40, 2000)
    ratio = torch.pdist(flat) / torch.pdist(tokens.flatten(1))
    assert abs(ratio.mean() - 1) < 0.01
    assert ratio.std() < 0.05
    moved = pool(LayerOutput.from_tokens(tokens.roll(1, dims=1)), "flatten-2000")
    assert (moved - flat).norm() > 0.5 * flat.norm()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_half_precision_is_summed_in_full(dtype, pooling):
    """Sums and cubes of half precision tokens would be rounded, or overflow."""
    tokens = (50 * TOKENS.repeat(1, 99, 1)).to(dtype)
    half, full = (
        pool(LayerOutput.from_tokens(x[:, 2:], x[:, :2]), pooling)
        for x in (tokens, tokens.double())
    )
    assert half.dtype == torch.float32
    torch.testing.assert_close(half.double(), full, rtol=1e-5, atol=1e-3)


def test_feature_maps_have_no_class_token():
    output = LayerOutput.from_map(TOKENS[:, None])
    assert output.patches.shape == (3, 35, 1)
    torch.testing.assert_close(pool(output, "all"), pool(output, "mean"))
    with pytest.raises(ValueError, match="needs a class token"):
        pool(output, "cls")


@pytest.mark.parametrize(
    "pooling", ["median", "flatten-", "flatten-0", "flatten-1.5", "Mean", None, 3]
)
def test_unknown_pooling(pooling):
    with pytest.raises(ValueError, match="'gem', 'flatten', or 'flatten-<width>'"):
        pool(OUTPUT, pooling)


def test_flatten_has_a_width():
    assert check_pooling("flatten") == "flatten-1024"
    assert flatten_width(check_pooling("flatten")) == 1024
    assert flatten_width(check_pooling("flatten-7")) == 7
    assert flatten_width("mean") is None
