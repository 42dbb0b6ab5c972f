"""In which precision the training step computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

PRECISIONS = ("float32", "tf32", "bfloat16")


def choose_precision(precision: str, device: torch.device) -> str:
    """Turn ``"auto"`` into the fastest precision that the device computes natively.

    Parameters
    ----------
    precision : ``"auto"`` | ``"float32"`` | ``"tf32"`` | ``"bfloat16"``
        ``"auto"`` is bfloat16 autocast where the hardware has instructions for it
        (CUDA from Ampere on, CPUs with AMX or AVX-512 BF16), float32 otherwise.
    device : torch.device
        The device to train on.

    Returns
    -------
    precision : str
        One of ``"float32"``, ``"tf32"``, ``"bfloat16"``.

    Raises
    ------
    ValueError
        If the precision is unknown, or tf32 is asked for without CUDA.
    """
    if precision == "auto":
        return "bfloat16" if _computes_bfloat16(device) else "float32"
    if precision not in PRECISIONS:
        raise ValueError(
            f"precision must be 'auto' or one of {PRECISIONS}, got {precision!r}."
        )
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(
            f"precision='tf32' needs a CUDA device, but the device is {device.type!r}. "
            "Use precision='auto'."
        )
    return precision


def _computes_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return any(value for name, value in found.items() if "bf16" in name)
    return False


@contextmanager
def matmul_precision(precision: str) -> Iterator[None]:
    """Let float32 matrix products use TF32 inside the block, if so asked.

    Parameters
    ----------
    precision : str
        The training precision; only ``"tf32"`` changes anything.
    """
    before = torch.get_float32_matmul_precision()
    if precision == "tf32":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
