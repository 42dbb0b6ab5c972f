"""Published objectives, transcribed as plain loops, to compare ours with."""

from __future__ import annotations

import numpy as np


def unit(x):
    """Bring rows to unit norm."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def cross_entropies(logits):
    """Symmetric InfoNCE, row by row and column by column, with a plain loop."""
    total = 0.0
    for k in range(len(logits)):
        total -= logits[k, k] - np.log(np.exp(logits[k]).sum())
        total -= logits[k, k] - np.log(np.exp(logits[:, k]).sum())
    return total / (2 * len(logits))
