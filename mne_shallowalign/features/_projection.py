"""Long vectors to short ones by a random projection that is never written down."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SEED = 20260127
N_FOLDINGS = 4  # how many outputs every input enters


def project(vectors: Tensor, width: int) -> Tensor:
    r"""Project vectors by a sparse Johnson-Lindenstrauss transform.

    Parameters
    ----------
    vectors : Tensor, shape (n_vectors, n_inputs)
        What to project.
    width : int
        Number of outputs.

    Returns
    -------
    projected : Tensor, shape (n_vectors, width)
        Inner products of its rows are those of ``vectors`` on average.

    Notes
    -----
    The matrix has four entries of :math:`\pm 1/2` for each input. It is applied as
    four *foldings*: the inputs are put in a random order, given random signs, cut into
    pieces of ``width`` and added up. So instead of a matrix there are 36 bytes for each
    input.
    """
    n, n_inputs = vectors.shape
    short = -n_inputs % width
    total = vectors.new_zeros(n, width)
    for order, signs in _foldings(n_inputs + short, width, vectors.device):
        padded = _pad(vectors, short)[:, order]
        total += (padded * signs).view(n, -1, width).sum(1)
    return total / N_FOLDINGS**0.5


def _pad(vectors: Tensor, n: int) -> Tensor:
    from torch.nn.functional import pad

    return pad(vectors, (0, n)) if n else vectors


@lru_cache(maxsize=4)
def _foldings(
    n_inputs: int, width: int, device: torch.device
) -> list[tuple[Tensor, Tensor]]:
    """Draw orders and signs, on the CPU, from a stream that NumPy has frozen."""
    import torch

    rng = np.random.RandomState([SEED, n_inputs, width])
    drawn = [
        (rng.permutation(n_inputs), rng.randint(0, 2, n_inputs, np.int8) * 2 - 1)
        for _ in range(N_FOLDINGS)
    ]
    with torch.inference_mode(False):  # the cache outlives the mode of the caller
        return [
            (torch.from_numpy(order).to(device), torch.from_numpy(signs).to(device))
            for order, signs in drawn
        ]
