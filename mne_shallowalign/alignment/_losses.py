"""The contrastive objective (paper section 3.5), in its published readings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .._scalars import check_counts, check_flags, check_number
from ._fusion import GatedProjector
from ._mmd import subject_mmd
from ._projectors import build_projector

LOSSES = ("cosine", "lineage", "atm")
# CLIP's upper bound; the lower one keeps a learnt scale from collapsing to zero.
SCALE_BOUNDS = (1.0, 100.0)
TEMPERATURE_BOUNDS = (1 / SCALE_BOUNDS[1], 1 / SCALE_BOUNDS[0])


def contrastive_loss(logits: Tensor, identity: Tensor | None = None) -> Tensor:
    r"""Symmetric InfoNCE over a matrix of scaled similarities (paper eq. 3).

    .. math::

        L = -\frac{1}{2M} \sum_k \Big[
            \log \frac{e^{s_{kk}}}{\sum_{j \in N_k} e^{s_{kj}}}
          + \log \frac{e^{s_{kk}}}{\sum_{j \in N_k} e^{s_{jk}}} \Big],
        \qquad N_k = \{k\} \cup \{j : \mathrm{image}(j) \ne \mathrm{image}(k)\}

    Without repeated images :math:`N_k` is the whole batch, and this is eq. 3. Two
    presentations of one image never are each other's negatives. They are each
    other's positives: their image features are the same vector, so the sum over
    k already pairs the picture with every one of its presentations.

    Parameters
    ----------
    logits : Tensor, shape (..., M, M)
        Similarity of signal k (row) and image j (column), divided by the temperature.
    identity : Tensor of int, shape (..., M) | None
        Which image each pair shows. None: all differ.

    Returns
    -------
    loss : Tensor, shape (...)
        The loss, in nats.
    """
    matched = logits.diagonal(dim1=-2, dim2=-1)
    if identity is not None:
        repeated = identity[..., :, None] == identity[..., None, :]
        repeated.diagonal(dim1=-2, dim2=-1).fill_(False)
        logits = logits.masked_fill(repeated, -torch.inf)
    return (logits.logsumexp(-1) + logits.logsumexp(-2) - 2 * matched).mean(-1) / 2


class ContrastiveLoss(nn.Module):
    r"""Image projector, temperature and symmetric InfoNCE: the criterion of the net.

    ``loss="cosine"`` is the paper's text: both sides are normalised and the scale
    is :math:`1/\tau`, learnable by default and kept within 1 and 100.
    ``loss="lineage"`` is what the code that the paper follows computes (UBP,
    NeuroBridge): only the image side is normalised, and the scale is
    :math:`\mathrm{softplus}(\ln(1/\tau))`, which is 2.727 at :math:`\tau = 0.07`
    and fixed by default. ``loss="atm"`` is what the code of ATM and Neural-MCRL
    computes: as ``"lineage"``, but the scale is :math:`\ln(1/\tau)` itself, which is
    2.659 there and learnable by default.

    For another objective, derive a class and give it to the decoder as ``loss``. What
    is there to override: :meth:`forward`; :meth:`begin`, before each training;
    :meth:`project_signals`, for what both sides share; :meth:`candidate_features`,
    where only a part of the target is known of a candidate; and ``numbers_trials``,
    which adds to the target which trial each pair is.

    Parameters
    ----------
    n_features : int
        Width of the image features z_I.
    n_components : int
        Width of the shared space.
    projector : ``"linear"`` | ``"mlp"`` | None
        The image projector W_I.
    loss : ``"cosine"`` | ``"lineage"`` | ``"atm"``
        The reading of eq. 3.
    temperature : float
        The temperature :math:`\tau` to start from: positive and, for ``"cosine"``,
        within 0.01 and 1.
    learn_temperature : bool | None
        Whether it is trained; None: as published for the loss.
    gate : mapping | None
        Further arguments of :class:`~mne_shallowalign.alignment.GatedProjector`, which
        then is the image projector. None: one layer, or several that are fused
        already.
    subject_mmd : float
        Weight of :func:`~mne_shallowalign.alignment.subject_mmd` in the loss.
        Default 0.

    Raises
    ------
    ValueError
        If a parameter is outside its range.
    """

    stackable = True
    numbers_trials = False

    def __init__(
        self,
        n_features: int,
        n_components: int,
        projector: str | None = "linear",
        loss: str = "cosine",
        temperature: float = 0.07,
        learn_temperature: bool | None = None,
        gate: Mapping[str, Any] | None = None,
        subject_mmd: float = 0.0,
    ) -> None:
        super().__init__()
        if loss not in LOSSES:
            raise ValueError(f"loss must be one of {LOSSES}, got {loss!r}.")
        check_counts(n_features=n_features, n_components=n_components)
        check_number(temperature, "temperature")
        check_number(subject_mmd, "subject_mmd", min_val=0)
        low, high = TEMPERATURE_BOUNDS if loss == "cosine" else (0, math.inf)
        if not 0 < temperature < math.inf or not low <= temperature <= high:
            raise ValueError(
                f"temperature must be positive and, for loss='cosine', within "
                f"{TEMPERATURE_BOUNDS}; got {temperature!r}."
            )
        if learn_temperature is None:
            learn_temperature = loss != "lineage"
        check_flags(learn_temperature=learn_temperature)
        if not isinstance(gate, Mapping | None):
            raise TypeError(f"gate must be a dict or None, got {gate!r}.")
        self.n_features = n_features
        self.loss = loss
        self.subject_mmd = subject_mmd
        self.is_gated = gate is not None
        self.projector = (
            build_projector(projector, n_features, n_components)
            if gate is None
            else GatedProjector(n_components=n_components, projector=projector, **gate)
        )
        self.log_scale = nn.Parameter(
            torch.tensor(-math.log(temperature)), requires_grad=learn_temperature
        )

    def scale(self) -> Tensor:
        """Return what the similarities are multiplied by.

        Returns
        -------
        scale : Tensor, shape ()
            The inverse of the effective temperature.
        """
        if self.loss == "lineage":
            return F.softplus(self.log_scale)
        if self.loss == "atm":
            return self.log_scale
        return self.log_scale.exp().clamp(*SCALE_BOUNDS)

    def begin(self, n_trials: int) -> None:
        """Prepare for a training; there is nothing to prepare here.

        Parameters
        ----------
        n_trials : int
            How many trials there are.
        """

    def forward(self, signals: Tensor, target: tuple[Tensor, ...]) -> Tensor:
        """Compute the loss of one batch.

        Parameters
        ----------
        signals : Tensor, shape (M, n_components)
            Projected neural features v.
        target : tuple of Tensor
            Image features, shape (M, n_features), and then as far as they matter:
            which image each is, whose signal, and which trial, all of shape (M,).

        Returns
        -------
        loss : Tensor, shape ()
            The loss, in nats.
        """
        features, *known = target
        identity, subject = (*known, None, None)[:2]
        signals = self.project_signals(signals)
        if self.loss == "cosine":
            signals = F.normalize(signals, dim=-1)
        images = self.project_images(features, subject)
        loss = contrastive_loss(self.compare(signals, images), identity)
        if self.is_gated:
            loss = loss + cast("GatedProjector", self.projector).penalty(subject)
        if self.subject_mmd and subject is not None:
            loss = loss + self.subject_mmd * subject_mmd(signals, subject)
        return loss

    def compare(self, signals: Tensor, images: Tensor) -> Tensor:
        """Compute scaled similarities.

        Parameters
        ----------
        signals, images : Tensor, shape (..., M, n_components)
            Both sides, normalised as the reading has it.

        Returns
        -------
        logits : Tensor of float32, shape (..., M, M)
            Signals by images.
        """
        return ((self.scale()[..., None, None] * signals) @ images.mT).float()

    def project_signals(self, signals: Tensor) -> Tensor:
        """Take signals through what is shared with the images; here, nothing.

        Parameters
        ----------
        signals : Tensor, shape (..., M, n_components)
            Projected neural features v.

        Returns
        -------
        signals : Tensor, shape (..., M, n_components)
            Not normalised.
        """
        return signals

    def candidate_features(self, features: Tensor) -> Tensor:
        """Take what candidate images are known by; here, all.

        Parameters
        ----------
        features : Tensor, shape (M, n)
            Image features.

        Returns
        -------
        features : Tensor, shape (M, n_features)
            What the image projector takes.
        """
        return features

    def project_images(self, features: Tensor, subject: Tensor | None = None) -> Tensor:
        """Take image features to the shared space.

        Parameters
        ----------
        features : Tensor, shape (M, n_features)
            Image features.
        subject : Tensor of int, shape (M,) | None
            Who saw them; only matters to a gate in training.

        Returns
        -------
        images : Tensor, shape (M, n_components)
            Rows of unit norm.
        """
        more = (subject,) if self.is_gated else ()
        return F.normalize(self.projector(features, *more), dim=-1)
