"""The objective of UBP: how blurred a target is depends on how sure it is."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..alignment import ContrastiveLoss, contrastive_loss

LOW, MEDIUM, HIGH = range(3)


class BlurPriorLoss(ContrastiveLoss):
    r"""Alignment with one of three blurred views, chosen trial by trial.

    Of every trial :math:`i`, a running mean of its scaled similarity :math:`s_i` with
    its own picture is kept, :math:`m_i \leftarrow \gamma s_i + (1 - \gamma) m_i`, from
    1 on, with :math:`\gamma = 0.3`. A trial whose :math:`s_i` lies above the interval
    :math:`\bar m \pm z_{1 - \alpha / 2} \, \mathrm{sd}(m)` of its batch,
    :math:`\alpha = 0.05`, is aligned with the view of low blur when it is next seen,
    below it with that of high blur, and else with that of medium blur, which is also
    the view of candidates.

    Parameters
    ----------
    *args
        As for :class:`~mne_shallowalign.alignment.ContrastiveLoss`; the target has the
        three views side by side (``fusion="separate"``), low to high.
    loss : str
        The reading of eq. 3. Default ``"lineage"``.
    **kwargs
        As for the same class.
    """

    similarity: Tensor
    level: Tensor
    numbers_trials = True
    gamma = 0.3
    alpha = 0.05

    def __init__(self, *args: Any, loss: str = "lineage", **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"loss": loss}))
        for name in ("similarity", "level"):
            self.register_buffer(name, None, persistent=False)

    def begin(self, n_trials: int) -> None:
        """Forget what was known of trials.

        Parameters
        ----------
        n_trials : int
            How many trials there are.
        """
        device = self.log_scale.device
        self.similarity = torch.ones(n_trials, device=device)
        self.level = torch.full((n_trials,), MEDIUM, device=device)

    def forward(self, signals: Tensor, target: tuple[Tensor, ...]) -> Tensor:
        """Compute the loss of one batch, and remember its trials.

        Parameters
        ----------
        signals : Tensor, shape (M, n_components)
            Encoded signals.
        target : tuple of Tensor
            Features of the three views, which image each is, whose signal, and which
            trial.

        Returns
        -------
        loss : Tensor, shape ()
            The loss, in nats.
        """
        features, identity, _, trial = target
        rows = torch.arange(len(trial), device=trial.device)
        seen = self._views(features)[rows, self.level[trial]]
        logits = self.compare(signals, F.normalize(self.projector(seen), dim=-1))
        if self.training:
            self._remember(logits.detach().diagonal(), trial)
        return contrastive_loss(logits, identity)

    def candidate_features(self, features: Tensor) -> Tensor:
        """Take the view of medium blur.

        Parameters
        ----------
        features : Tensor, shape (M, 3 * n_features)
            Features of the three views.

        Returns
        -------
        features : Tensor, shape (M, n_features)
            Those of the second.
        """
        return self._views(features)[:, MEDIUM]

    def _views(self, features: Tensor) -> Tensor:
        return features.unflatten(-1, (3, self.n_features))

    def _remember(self, similarity: Tensor, trial: Tensor) -> None:
        running = self.gamma * similarity + (1 - self.gamma) * self.similarity[trial]
        margin = NormalDist().inv_cdf(1 - self.alpha / 2) * running.std()
        level = torch.full_like(trial, MEDIUM)
        level[similarity > running.mean() + margin] = LOW
        level[similarity < running.mean() - margin] = HIGH
        self.similarity[trial] = running
        self.level[trial] = level
