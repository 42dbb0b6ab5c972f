"""Precisions of the training step."""

import pytest
import torch

from mne_shallowalign.alignment import choose_precision
from mne_shallowalign.alignment._precision import matmul_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("native", "expected"), [(True, "bfloat16"), (False, "float32")]
)
def test_auto_precision_follows_the_instructions_of_the_cpu(
    monkeypatch, native, expected
):
    found = {"avx512_bf16": native, "avx2": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert choose_precision("auto", CPU) == expected


@pytest.mark.parametrize("precision", ["half", "tf32"])
def test_bad_precision(precision):
    with pytest.raises(ValueError, match="precision"):
        choose_precision(precision, CPU)


def test_tf32_is_switched_back():
    before = torch.get_float32_matmul_precision()
    with matmul_precision("tf32"):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before
