"""Captions beside pictures: the text side of ATM and Neural-MCRL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .._decoder_input import TrialLabels
from ..alignment import ContrastiveLoss, contrastive_loss
from ..decoder import ShallowAlignDecoder
from ..features._gallery import Gallery

if TYPE_CHECKING:
    from typing import Self


class CaptionedLoss(ContrastiveLoss):
    """Alignment with a picture and, by a little, with what is said of it.

    ``0.99 * L(signals, images) + 0.01 * L(signals, texts)``, both as ``loss="atm"`` has
    them and with one scale. Texts are only there in training.

    Parameters
    ----------
    *args
        As for :class:`~mne_shallowalign.alignment.ContrastiveLoss`.
    loss : str
        The reading of both parts. Default ``"atm"``.
    **kwargs
        As for the same class.
    """

    texts: Tensor
    numbers_trials = True
    text_weight = 0.01

    def __init__(self, *args: Any, loss: str = "atm", **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"loss": loss}))
        self.register_buffer("texts", None, persistent=False)

    def forward(self, signals: Tensor, target: tuple[Tensor, ...]) -> Tensor:
        """Compute the loss of one batch.

        Parameters
        ----------
        signals : Tensor, shape (M, n_components)
            Encoded signals.
        target : tuple of Tensor
            Image features, which image each is, whose signal, and which trial.

        Returns
        -------
        loss : Tensor, shape ()
            The loss, in nats.
        """
        identity = target[1]
        texts = F.normalize(self.texts[identity], dim=-1)
        text_loss = contrastive_loss(self.compare(signals, texts), identity)
        image_loss = super().forward(signals, target)
        return (1 - self.text_weight) * image_loss + self.text_weight * text_loss


class CaptionedDecoder(ShallowAlignDecoder):
    """A decoder whose training pictures have captions, made of their concepts.

    The captions pass through the text tower of the backbone, which must be of the
    provider ``open_clip``; concepts are ``groups`` or ``metadata["concept"]``. To be
    used with ``loss=CaptionedLoss``. Candidates need no caption. All else is as for
    :class:`~mne_shallowalign.ShallowAlignDecoder`.
    """

    def _train(self, signal: np.ndarray, gallery: Gallery, labels: TrialLabels) -> Self:
        texts = self._encode_captions(gallery, labels)
        self.net_.criterion_.texts = torch.from_numpy(texts).to(self.net_.device)
        return super()._train(signal, gallery, labels)

    def _encode_captions(self, gallery: Gallery, labels: TrialLabels) -> np.ndarray:
        from ..backbones import encode_text

        if self.backbone_ is None or labels.concepts is None:
            raise ValueError(
                "Captions need pictures and their concepts: pass paths as y and the "
                "concepts as groups, or Epochs whose metadata has a column 'concept'. "
                "For image features alone, use ShallowAlignDecoder(loss='atm')."
            )
        _, first = np.unique(gallery.index, return_index=True)
        captions = [caption(concept) for concept in labels.concepts[first]]
        known = list(dict.fromkeys(captions))
        texts = encode_text(self.backbone_, known, self.device_)
        return texts[[known.index(one) for one in captions]]


def caption(concept: Any) -> str:
    """Say what is in a picture.

    Parameters
    ----------
    concept : str
        The concept, such as ``"00003_air_mattress"``.

    Returns
    -------
    caption : str
        ``"This picture is air mattress"``.
    """
    words = re.sub(r"^\d+_", "", str(concept)).replace("_", " ")
    return f"This picture is {words}"
