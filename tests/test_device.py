"""Devices and seeds."""

import pytest
import torch

from mne_shallowalign._device import choose_device, isolated_randomness

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
