"""Devices, precisions and seeds."""

import pytest
import torch

from mne_shallowalign.alignment import choose_device, choose_precision
from mne_shallowalign.alignment._device import isolated_randomness, matmul_precision

CPU = torch.device("cpu")


def test_auto_device_exists():
    device = choose_device("auto")
    assert torch.ones(1, device=device).item() == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_where_there_is_none(device):
    with pytest.raises(ValueError, match="sees no such device"):
        choose_device(device)


def test_nonsense_device():
    with pytest.raises(ValueError, match="device must be 'auto'"):
        choose_device("gpu please")


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


def test_global_random_state_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    draws = []
    for _ in range(2):
        with isolated_randomness(7, CPU):
            draws.append(torch.rand(4))
    torch.testing.assert_close(torch.rand(4), expected, rtol=0, atol=0)
    torch.testing.assert_close(*draws, rtol=0, atol=0)


def test_tf32_is_switched_back():
    before = torch.get_float32_matmul_precision()
    with matmul_precision("tf32"):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before
