"""The objective of SAMGA: several layers by a router, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.nn import functional as F

from ..alignment import ContrastiveLoss, GatedProjector, contrastive_loss

HIDDEN = 1024
WIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0)


class Router(GatedProjector):
    r"""Layers through one map, one more each, weighed, and into what signals share.

    .. math::

        \mathbf{w} = S \Big( \sum_l g_l \, (A_l \, (B z_l)) \Big), \qquad
        g = \mathrm{softmax}(a + c_s)

    with affine maps S, A and B; B leads to 1,024 features. The bias of the subject is
    dropped at test. Unlike in
    :class:`~mne_shallowalign.alignment.GatedProjector`, projections are not normalised.

    Parameters
    ----------
    widths : sequence of int
        How many features each layer has, all equally many.
    n_components : int
        Width of the shared space.
    **gate
        As for :class:`~mne_shallowalign.alignment.GatedProjector`.
    """

    def __init__(self, widths: Sequence[int], n_components: int, **gate: Any) -> None:
        if len(set(widths)) > 1:
            raise ValueError(
                f"Router needs layers of one width, got {list(widths)} features."
            )
        super().__init__([HIDDEN] * len(widths), n_components, **gate)
        self.enter = nn.Linear(widths[0], HIDDEN)
        self.share = nn.Linear(n_components, n_components)

    def forward(self, features: Tensor, subject: Tensor | None = None) -> Tensor:
        """Project the features of all layers.

        Parameters
        ----------
        features : Tensor, shape (n, sum(widths))
            Standardised features, layer by layer.
        subject : Tensor of int, shape (n,) | None
            Whose trials these are; only matters in training.

        Returns
        -------
        projected : Tensor, shape (n, n_components)
            Not normalised.
        """
        hidden = self.enter(features.unflatten(1, (len(self.maps), -1)))
        pairs = zip(self.maps, hidden.unbind(1), strict=True)
        parts = torch.stack([project(part) for project, part in pairs], dim=1)
        return self.share((self.gate(subject)[..., None] * parts).sum(1))


class RouterLoss(ContrastiveLoss):
    """Alignment through a router, and of the two distributions.

    ``u * MMD(signals, images) + (1 - u) * L(signals, images)``, with what
    :class:`CoarseToFine` says for u.

    Parameters
    ----------
    *args
        As for :class:`~mne_shallowalign.alignment.ContrastiveLoss`; the target has
        several layers (``fusion="learned"``).
    loss : str
        The reading of eq. 3. Default ``"lineage"``.
    **kwargs
        As for the same class.
    """

    projector: Router

    def __init__(self, *args: Any, loss: str = "lineage", **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"loss": loss}))
        if not self.is_gated:
            raise ValueError(
                "RouterLoss needs several layers and fusion='learned', got one target."
            )
        n_components = kwargs["n_components"]
        self.projector = Router(n_components=n_components, **kwargs["gate"])
        self.mmd_weight = 0.0

    def project_signals(self, signals: Tensor) -> Tensor:
        """Take signals through the map that they share with images.

        Parameters
        ----------
        signals : Tensor, shape (M, n_components)
            Projected neural features v.

        Returns
        -------
        signals : Tensor, shape (M, n_components)
            Not normalised.
        """
        return self.projector.share(signals)

    def forward(self, signals: Tensor, target: tuple[Tensor, ...]) -> Tensor:
        """Compute the loss of one batch.

        Parameters
        ----------
        signals : Tensor, shape (M, n_components)
            Projected neural features v.
        target : tuple of Tensor
            Features of the layers, and then as far as they matter: which image each
            is, and whose signal.

        Returns
        -------
        loss : Tensor, shape ()
            The loss, in nats.
        """
        features, identity, subject = (*target, None, None)[:3]
        signals = self.project_signals(signals)
        images = self.projector(features, subject)
        logits = self.compare(signals, F.normalize(images, dim=-1))
        loss = contrastive_loss(logits, identity) + self.projector.penalty(subject)
        if not self.mmd_weight:
            return loss
        discrepancy = modality_mmd(signals, images)
        return self.mmd_weight * discrepancy + (1 - self.mmd_weight) * loss


def modality_mmd(signals: Tensor, images: Tensor) -> Tensor:
    r"""Compute the unbiased maximum mean discrepancy of two samples.

    Parameters
    ----------
    signals, images : Tensor, shape (M, n_components)
        Both sides. The kernel is the mean of five Gaussians with standard deviations
        of 0.1, 0.2, 0.5, 1 and 2.

    Returns
    -------
    mmd : Tensor, shape ()
        At least 0.
    """
    n = len(signals)
    with torch.autocast(signals.device.type, enabled=False):
        both = torch.cat([signals.float(), images.float()])
        squares = both.square().sum(1)
        distance = (squares[:, None] + squares - 2 * both @ both.T).clamp(min=0)
        kernels = [torch.exp(-distance / (2 * w**2)) for w in WIDTHS]
        kernel = torch.stack(kernels).mean(0)
    within = kernel - torch.diag(kernel.diagonal())
    own = (within[:n, :n].sum() + within[n:, n:].sum()) / (n * (n - 1))
    return (own - 2 * kernel[:n, n:].mean()).clamp(min=0)


@dataclass(eq=False)
class CoarseToFine(Callback):
    """The two stages of SAMGA.

    In the first, the discrepancy between the two sides counts, less from epoch to
    epoch; in the second it does not, the shared map is frozen, and the optimiser starts
    anew with a lower learning rate.

    Parameters
    ----------
    prior : sequence of float | None
        What the gate starts from, before the softmax. None: as the decoder has it,
        from what held-out training images say.
    n_coarse : int
        Number of epochs of the first stage. Default 20.
    start, end : float
        Weight of the discrepancy in the first and the last of them. Default 0.9 and
        0.5.
    fine_lr : float
        Learning rate of the second stage. Default 5e-5.
    """

    prior: Sequence[float] | None = None
    n_coarse: int = 20
    start: float = 0.9
    end: float = 0.5
    fine_lr: float = 5e-5

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Set the gate, at the first beginning.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        if self.prior is not None and not net.history:
            logits = net.criterion_.projector.logits
            logits.data.copy_(torch.tensor(self.prior))

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Set the weight of the discrepancy, or begin the second stage.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        epoch = len(net.history) - 1
        if epoch < self.n_coarse:
            progress = epoch / max(1, self.n_coarse - 1)
            net.criterion_.mmd_weight = self.start + progress * (self.end - self.start)
        elif epoch == self.n_coarse:
            net.criterion_.mmd_weight = 0.0
            net.criterion_.projector.share.requires_grad_(False)
            net.set_params(lr=self.fine_lr)
            net.initialize_optimizer()


def layer_prior(layers: Sequence[int], centre: int = 28) -> list[float]:
    """Say what the published gate starts from, which the test set had a part in.

    Parameters
    ----------
    layers : sequence of int
        The layers, evenly spaced.
    centre : int
        The layer that counts most: the best of :footcite:t:`Du2026` on the test set.

    Returns
    -------
    logits : list of float
        Minus the distance from the centre, in steps from one layer to the next.

    References
    ----------
    .. footbibliography::
    """
    ordered = sorted(layers)
    step = min((b - a for a, b in zip(ordered, ordered[1:], strict=False)), default=1)
    return [-math.fabs(layer - centre) / step for layer in ordered]
