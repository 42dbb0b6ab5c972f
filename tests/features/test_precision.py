from __future__ import annotations

import numpy as np
import pytest
import torch

from mne_shallowalign.features._precision import as_stored, choose_precision

VALUES = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)


@pytest.mark.parametrize(("native", "found"), [(True, "bfloat16"), (False, "float32")])
def test_auto_asks_the_hardware(native, found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **kwargs: native)
    assert choose_precision("auto", torch.device("cuda")) == found
    assert choose_precision("auto", torch.device("cpu")) == "float32"
    assert choose_precision("float16", torch.device("cpu")) == "float16"


def test_unknown_precision():
    with pytest.raises(ValueError, match="'auto' or one of 'float32'.* got 'half'"):
        choose_precision("half", torch.device("cpu"))


def test_half_precision_is_kept_in_half():
    assert as_stored(VALUES, "float32") is VALUES
    half = as_stored(VALUES, "bfloat16")
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, VALUES, rtol=2**-10, atol=1e-7)
    np.testing.assert_array_equal(as_stored(0 * VALUES, "bfloat16"), 0 * VALUES)


@pytest.mark.parametrize("scale", [1e6, 1e-6, 1e30])
def test_what_does_not_fit_half_is_kept_in_full(scale):
    values = VALUES * np.float32(scale)
    kept = as_stored(values, "bfloat16")
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, values)
