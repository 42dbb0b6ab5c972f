"""In which precision a backbone computes, and how its features are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "bfloat16", "float16")


def choose_precision(precision: str, device: torch.device) -> str:
    """Turn ``"auto"`` into the precision that suits the device.

    Parameters
    ----------
    precision : "auto" | "float32" | "bfloat16" | "float16"
        ``"auto"`` is bfloat16 where an accelerator computes it natively (CUDA from
        Ampere on), float32 elsewhere.
    device : torch.device
        The device that computes.

    Returns
    -------
    precision : str
        One of ``"float32"``, ``"bfloat16"``, ``"float16"``.

    Raises
    ------
    ValueError
        If there is no such precision.
    """
    import torch

    if precision in PRECISIONS:
        return precision
    if precision != "auto":
        raise ValueError(
            f"precision must be 'auto' or one of {', '.join(map(repr, PRECISIONS))}; "
            f"got {precision!r}."
        )
    native = device.type == "cuda" and torch.cuda.is_bf16_supported(
        including_emulation=False
    )
    return "bfloat16" if native else "float32"


def as_stored(values: np.ndarray, precision: str) -> np.ndarray:
    """Round features to what is kept of them.

    Parameters
    ----------
    values : ndarray of float32
        The features.
    precision : str
        The precision that they were computed in.

    Returns
    -------
    values : ndarray of float16 | ndarray of float32
        float16 after a computation in half precision, unless the values are too large
        or too small for it; float32 otherwise.
    """
    if precision == "float32":
        return values
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    error = np.abs(values - half.astype(np.float32)).max(initial=0)
    fits = error <= 2.0**-11 * np.abs(values).max(initial=0)
    return half if fits else values
