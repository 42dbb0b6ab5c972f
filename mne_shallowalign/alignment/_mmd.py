"""How far apart the embeddings of different subjects are."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

N_KERNELS = 5
RATIO = 2.0


def subject_mmd(embeddings: Tensor, subjects: Tensor) -> Tensor:
    r"""Maximum mean discrepancy between subjects, averaged over pairs of them.

    .. math::

        \mathrm{MMD}^2(A, B) = \overline{k(a, a')} + \overline{k(b, b')}
        - 2\, \overline{k(a, b)}, \qquad
        k(x, y) = \sum_{i=-2}^{2} \exp\!\left(-\frac{\lVert x - y \rVert^2}{2^i h}
        \right)

    with the mean squared distance between two different trials for :math:`h`, to
    which no gradient flows :footcite:p:`Long2015`. Added to the loss, it makes the
    trials of all subjects look alike, so that pictures are retrieved for people who
    were not in the training set; SAMGA :footcite:p:`Jiang2026` trains with it first.

    Parameters
    ----------
    embeddings : Tensor, shape (n, n_components)
        Signals in the shared space.
    subjects : Tensor of int, shape (n,)
        Whose each is.

    Returns
    -------
    mmd : Tensor, shape ()
        Zero if the subjects have the same embeddings, or there is only one.

    References
    ----------
    .. footbibliography::
    """
    _, index = subjects.unique(return_inverse=True)
    members = F.one_hot(index).to(embeddings.dtype)
    if members.shape[1] < 2:
        return embeddings.new_zeros(())
    weights = members / members.sum(0)
    means = weights.T @ _kernels(embeddings) @ weights  # of every pair of subjects
    within = means.diagonal()
    discrepancy = within[:, None] + within - 2 * means
    upper = torch.triu_indices(*means.shape, 1, device=means.device)
    return discrepancy[upper[0], upper[1]].mean()


def _kernels(x: Tensor) -> Tensor:
    """Sum Gaussian kernels of several widths: (n, d) -> (n, n)."""
    squares = x.square().sum(1)
    distance = (squares[:, None] + squares - 2 * x @ x.T).clamp(min=0)
    pairs = len(x) * (len(x) - 1)
    width = (distance.detach().sum() / pairs).clamp(min=torch.finfo(x.dtype).tiny)
    powers = range(-(N_KERNELS // 2), N_KERNELS // 2 + 1)
    return sum(torch.exp(-distance / (width * RATIO**power)) for power in powers)
