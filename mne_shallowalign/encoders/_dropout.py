"""Dropout whose mask is cheap, and can be drawn from any generator."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LEVELS = 2**16


class Dropout(nn.Dropout):
    """Dropout that draws 16 random bits per element.

    PyTorch's CPU generator is serial and draws 64 bits for each element, which costs
    as much as a matrix product of the same size; its CUDA kernel takes no generator,
    so that a net trained among others could not have the masks that it has alone. The
    probability is rounded to a multiple of 2**-16 (0.3 to 0.300003) and the scale is
    its exact complement. In evaluation mode, and on devices other than CPU and CUDA,
    this is :class:`torch.nn.Dropout`.

    Parameters
    ----------
    p : float
        Probability of an element to be zeroed. Default 0.5.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Zero elements at random.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        x : Tensor
            Of the same shape, with the same expectation.
        """
        if not self.training or x.device.type not in ("cpu", "cuda"):
            return super().forward(x)
        return x * draw_mask(x.shape, self.p, x.device, x.dtype)


def draw_mask(
    shape: tuple[int, ...],
    p: float,
    device: torch.device,
    dtype: torch.dtype,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw what dropout multiplies by.

    Parameters
    ----------
    shape : tuple of int
        Shape of the mask.
    p : float
        Probability of a zero, rounded to a multiple of 2**-16.
    device : torch.device
        CPU or CUDA.
    dtype : torch.dtype
        Of the mask.
    generator : torch.Generator | None
        Where random bits come from. None: torch's own of the device.

    Returns
    -------
    mask : Tensor, shape (*shape)
        Zero, or the inverse of the probability to be kept.
    """
    level = round(p * LEVELS)
    if level in (0, LEVELS):
        return torch.full(shape, 1 - level // LEVELS, dtype=dtype, device=device)
    n = math.prod(shape)
    words = torch.empty(-(-n // 4), dtype=torch.int64, device=device)
    words.random_(-(2**63), None, generator=generator)
    kept = words.view(torch.int16)[:n].view(shape) >= level - LEVELS // 2
    return kept.to(dtype) * (LEVELS / (LEVELS - level))
