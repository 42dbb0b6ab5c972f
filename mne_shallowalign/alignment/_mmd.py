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
    were not in the training set. SAMGA :footcite:p:`Jiang2026` wants the same, but its
    code compares signals with images, see
    :class:`~mne_shallowalign.recipes.RouterLoss`.

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
    members = F.one_hot(index)
    if members.shape[1] < 2:
        return embeddings.new_zeros(())
    dtype = torch.promote_types(embeddings.dtype, torch.float32)
    # a difference of means of nearly equal numbers: not one for half precision
    with torch.autocast(embeddings.device.type, enabled=False):
        weights = (members / members.sum(0)).to(dtype)
        means = weights.T @ _kernels(embeddings.to(dtype)) @ weights
    within = means.diagonal()
    discrepancy = within[:, None] + within - 2 * means
    n_subjects = len(means)
    return discrepancy.triu(1).sum() / (n_subjects * (n_subjects - 1) / 2)


def _kernels(x: Tensor) -> Tensor:
    """Sum Gaussian kernels of several widths: (n, d) -> (n, n)."""
    squares = x.square().sum(1)
    distance = (squares[:, None] + squares - 2 * x @ x.T).clamp(min=0)
    pairs = len(x) * (len(x) - 1)
    width = (distance.detach().sum() / pairs).clamp(min=torch.finfo(x.dtype).tiny)
    kernels = torch.zeros_like(distance)
    for power in range(-(N_KERNELS // 2), N_KERNELS // 2 + 1):
        kernels = kernels + torch.exp(-distance / (width * RATIO**power))
    return kernels
