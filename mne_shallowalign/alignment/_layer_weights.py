"""How much each layer should count, by what held-out trials say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor


def weigh_layers(similarities: Sequence[Tensor], seen: Sequence[Tensor]) -> np.ndarray:
    r"""Weigh layers so that held-out images are told apart best.

    With the similarity :math:`s_{lqj}` of held-out trial :math:`q` and candidate
    :math:`j` in layer :math:`l`, what is minimised over :math:`u_l \ge 0` is

    .. math::

        -\sum_q \log \frac{\exp \sum_l u_l s_{lq j(q)}}
                          {\sum_j \exp \sum_l u_l s_{lqj}}

    which is convex. The weights are :math:`u / \sum_l u_l`. Judging by trials that the
    layers were not fitted on is stacked generalisation (Wolpert, 1992): it does not
    favour wide layers, which fit training trials better than others do.

    Parameters
    ----------
    similarities : sequence of Tensor, shape (n_layers, n_trials, n_images)
        Cosines, one tensor for each fold.
    seen : sequence of Tensor of int, shape (n_trials,)
        Which candidate was seen, fold by fold.

    Returns
    -------
    weights : array, shape (n_layers,)
        They sum to one.
    """
    n_layers = len(similarities[0])
    n_trials = sum(len(truth) for truth in seen)

    def objective(u: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = 0.0, np.zeros(n_layers)
        for cosines, truth in zip(similarities, seen, strict=True):
            scales = torch.as_tensor(u, dtype=cosines.dtype, device=cosines.device)
            logits = torch.einsum("l,lqj->qj", scales, cosines)
            loss += float(torch.nn.functional.cross_entropy(logits, truth) * len(truth))
            excess = logits.softmax(1)
            excess[torch.arange(len(truth)), truth] -= 1
            gradient += torch.einsum("lqj,qj->l", cosines, excess).cpu().numpy()
        return loss / n_trials, gradient / n_trials

    start = np.full(n_layers, 10 / n_layers)
    bounds = [(0, None)] * n_layers
    found = minimize(objective, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    # nothing tells them apart if all scales are zero
    return found / found.sum() if found.sum() > 0 else np.full(n_layers, 1 / n_layers)
