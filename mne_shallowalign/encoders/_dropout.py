"""Dropout whose mask is cheap on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEVELS = 2**16


class Dropout(nn.Dropout):
    """Dropout that draws 16 random bits per element on the CPU.

    PyTorch's CPU generator is serial and draws 64 bits for each element, which costs
    as much as a matrix product of the same size. The probability is rounded to a
    multiple of 2**-16 (0.3 to 0.300003) and the scale is its exact complement. On
    other devices, and in evaluation mode, this is :class:`torch.nn.Dropout`.

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
        level = round(self.p * LEVELS)
        if not self.training or x.device.type != "cpu" or level in (0, LEVELS):
            return super().forward(x)
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64)
        bits = words.random_(-(2**63), None).view(torch.int16)[: x.numel()]
        kept = bits.view(x.shape) >= level - LEVELS // 2
        return x * (kept.to(x.dtype) * (LEVELS / (LEVELS - level)))
