"""On which device torch computes, and with which seed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ONE_AT_A_TIME = threading.RLock()


def choose_device(device: str = "auto") -> torch.device:
    """Turn a device name into a device that exists.

    Parameters
    ----------
    device : str
        ``"auto"`` takes CUDA, then MPS, then the CPU; any other name
        (``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``) must be there.

    Returns
    -------
    device : torch.device
        The device.

    Raises
    ------
    ValueError
        If the named device does not exist here.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"device must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps', got {device!r}."
        ) from error
    there = available.get(chosen.type, False)
    if chosen.type == "cuda":
        there = there and (chosen.index or 0) < torch.cuda.device_count()
    if not there:
        raise ValueError(
            f"device={device!r} was asked for, but torch {torch.__version__} sees no "
            f"such device on this machine. Use device='auto' or 'cpu', or install a "
            "torch build for your accelerator."
        )
    return chosen


@contextmanager
def isolated_randomness(
    seed: int, device: str | torch.device = "cpu"
) -> Iterator[None]:
    """Seed torch inside the block and leave its global random state as it was.

    Parameters
    ----------
    seed : int
        The seed inside the block.
    device : str | torch.device
        The device whose generator is seeded beside the CPU's.
    """
    device = torch.device(device)
    # torch has one generator for all threads: fits in threads take turns
    forked = [device] if device.type == "cuda" else []
    with _ONE_AT_A_TIME, torch.random.fork_rng(forked):
        torch.manual_seed(seed)
        yield
