"""Several layers of one vision model as one target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional as F

from .._scalars import check_counts, check_number
from ._projectors import build_projector

FUSIONS = ("mean", "concat", "learned", "separate")
LEAST_WEIGHT = 1e-3  # a gate that is shut cannot open again


def check_fusion(fusion: str, widths: Sequence[int], projector: str | None) -> None:
    """Refuse layers that cannot be fused in the way that was asked for.

    Parameters
    ----------
    fusion : ``"mean"`` | ``"concat"`` | ``"learned"`` | ``"separate"``
        The way.
    widths : sequence of int
        How many features each layer has.
    projector : str | None
        The projector of the decoder.

    Raises
    ------
    ValueError
        If the way is unknown, layers that differ in width are to be averaged or kept
        apart, or ``"learned"`` is to do without a projector.
    """
    if fusion not in FUSIONS:
        raise ValueError(f"fusion must be one of {FUSIONS}, got {fusion!r}.")
    if fusion == "mean" and len(set(widths)) > 1:
        raise ValueError(
            f"fusion='mean' needs layers of one width, but they have {list(widths)} "
            "features. Use fusion='concat' or 'learned', or layers of one width."
        )
    if fusion == "separate" and len(set(widths)) > 1:
        raise ValueError(
            f"fusion='separate' needs parts of one width, but they have {list(widths)} "
            "features. Use layers of one width."
        )
    if fusion == "learned" and projector is None and len(widths) > 1:
        raise ValueError(
            "fusion='learned' weighs projections of the layers, and there are none "
            "with projector=None or solver='ridge'. Use fusion='mean' or 'concat'."
        )


def fused_width(fusion: str, widths: Sequence[int]) -> int:
    """Return how many features an image projector takes of what :func:`fuse` gives.

    Parameters
    ----------
    fusion : ``"mean"`` | ``"concat"`` | ``"learned"`` | ``"separate"``
        The way.
    widths : sequence of int
        How many features each layer has.

    Returns
    -------
    width : int
        The number of features.
    """
    return widths[0] if fusion in ("mean", "separate") else sum(widths)


def fuse(features: Tensor, fusion: str, widths: Sequence[int]) -> Tensor:
    """Make one vector per image of the standardised features of several layers.

    Parameters
    ----------
    features : Tensor, shape (n, sum(widths))
        Standardised features, layer by layer.
    fusion : ``"mean"`` | ``"concat"`` | ``"learned"`` | ``"separate"``
        ``"mean"`` averages the layers feature by feature; otherwise they stay side by
        side.
    widths : sequence of int
        How many features each layer has.

    Returns
    -------
    fused : Tensor, shape (n, widths[0]) or (n, sum(widths))
        The target.
    """
    if fusion == "mean" and len(widths) > 1:
        return features.unflatten(1, (len(widths), -1)).mean(1)
    return features


class GatedProjector(nn.Module):
    r"""A projector per layer, weighed by a learned gate: the router of SAMGA.

    .. math::

        \mathbf{w} = \sum_l g_l \,
            \frac{W_l z_l + b_l}{\lVert W_l z_l + b_l \rVert},
        \qquad g = \mathrm{softmax}(a + c_s)

    Projections are normalised, so that the gate alone says how much each layer counts.
    In training, the subject :math:`s` may add a bias :math:`c_s` of its own, which is
    dropped at test: what suits one person alone does not enter :math:`a`. The entropy
    of the gate is rewarded, lest it collapses.

    Where the gate starts from matters, for at a learning rate of 1e-4 it moves little,
    and the training loss draws it to the widest layers, with which training trials are
    fitted best: see :meth:`start_from`.

    Parameters
    ----------
    widths : sequence of int
        How many features each layer has.
    n_components : int
        Width of the shared space.
    projector : ``"linear"`` | ``"mlp"``
        The maps.
    entropy_weight : float
        Weight of the reward, in nats of loss per nat of entropy.
    n_subjects : int
        How many subjects have a bias; 0 for none.
    """

    def __init__(
        self,
        widths: Sequence[int],
        n_components: int,
        projector: str | None = "linear",
        entropy_weight: float = 0.01,
        n_subjects: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(widths, Sequence) or not widths:
            raise TypeError(
                f"widths must be a list of the widths of the layers, got {widths!r}."
            )
        for width in widths:
            check_counts(widths=width)
        check_counts(n_components=n_components)
        check_number(entropy_weight, "entropy_weight", min_val=0)
        check_number(n_subjects, "n_subjects", Integral, min_val=0)
        self.widths = list(widths)
        self.entropy_weight = entropy_weight
        self.maps = nn.ModuleList(
            build_projector(projector, width, n_components) for width in widths
        )
        self.logits = nn.Parameter(torch.zeros(len(widths)))
        # the last row stays zero: a subject that was not there when the net was made
        self.bias = nn.Embedding(n_subjects + 1, len(widths), padding_idx=n_subjects)
        nn.init.zeros_(self.bias.weight)

    @torch.no_grad()
    def start_from(self, weights: ArrayLike) -> None:
        """Set the gate.

        Parameters
        ----------
        weights : array-like, shape (n_layers,)
            Weights that sum to one; none is taken to be less than 0.001.
        """
        weights = torch.as_tensor(weights, dtype=self.logits.dtype)
        self.logits.copy_(weights.clamp(min=LEAST_WEIGHT).log())

    def gate(self, subject: Tensor | None = None) -> Tensor:
        """Compute the weights of the layers.

        Parameters
        ----------
        subject : Tensor of int, shape (n,) | None
            Whose trials these are; only matters in training.

        Returns
        -------
        gate : Tensor, shape (n, n_layers) or (1, n_layers)
            Rows that sum to one.
        """
        logits = self.logits[None]
        has_bias = self.bias.num_embeddings > 1
        if self.training and has_bias and subject is not None:
            logits = logits + self.bias(subject)
        return logits.softmax(-1)

    def forward(self, features: Tensor, subject: Tensor | None = None) -> Tensor:
        """Project the features of all layers.

        Parameters
        ----------
        features : Tensor, shape (n, sum(widths))
            Standardised features, layer by layer.
        subject : Tensor of int, shape (n,) | None
            As for :meth:`gate`.

        Returns
        -------
        projected : Tensor, shape (n, n_components)
            Not normalised.
        """
        parts = zip(self.maps, features.split(self.widths, dim=1), strict=True)
        projections = torch.stack(
            [F.normalize(project(part), dim=1) for project, part in parts], dim=1
        )
        return (self.gate(subject)[..., None] * projections).sum(1)

    def penalty(self, subject: Tensor | None = None) -> Tensor:
        """Compute what is added to the loss.

        Parameters
        ----------
        subject : Tensor of int, shape (n,) | None
            As for :meth:`gate`.

        Returns
        -------
        penalty : Tensor, shape ()
            Zero for equal weights, and larger the lower their entropy.
        """
        gate = self.gate(subject)
        entropy = -torch.special.xlogy(gate, gate).sum(-1).mean()
        return self.entropy_weight * (math.log(len(self.widths)) - entropy)
