"""Scales learnt in chunks."""

import numpy as np
import pytest
import torch

from mne_shallowalign.alignment import Standardizer, _scaling


@pytest.mark.parametrize("chunk_bytes", [1, 4000, 10**9])
@pytest.mark.parametrize("shape", [(50, 4, 9), (50, 4)])
def test_scaling_equals_numpy_for_any_chunk(monkeypatch, chunk_bytes, shape):
    monkeypatch.setattr(_scaling, "CHUNK_BYTES", chunk_bytes)
    units = np.array([1e-5, 1e-13, 1e-12, 3.0])
    data = np.random.default_rng(0).standard_normal(shape) + 2
    data = data * (units if data.ndim == 2 else units[:, None])
    axes = (0, 2)[: data.ndim - 1]
    scaler = Standardizer.fit(data)
    got = scaler.to_device(data, "cpu", torch.float32).numpy()
    expected = (data - data.mean(axes, keepdims=True)) / data.std(axes, keepdims=True)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_flat_channels_are_found():
    data = np.random.default_rng(0).standard_normal((6, 3, 4)) * 1e-6
    data[:, 1] = 7.0
    assert Standardizer.fit(data).flat(data).tolist() == [1]
