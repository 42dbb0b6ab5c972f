"""ATM and Neural-MCRL: the output of CLIP, and a little of its text."""

from __future__ import annotations

from typing import Any

from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._captions import CaptionedDecoder, CaptionedLoss
from ._published import published
from ._setting import EEG, check_setting, protocol_of

SHARED = [
    "The final epoch counts.",
    "Presentations of one picture are never negatives; in the code they are.",
    "Captions are made of the name of the concept.",
]


def atm(*, setting: str = "intra", dataset: str = EEG, captions: bool = True) -> Recipe:
    """ATM: attention among channels, picture and text.

    After :footcite:t:`Li2024`.

    All 63 channels are encoded at the width of the output of CLIP ViT-H/14, without
    projectors; the loss is ``0.99 L(image) + 0.01 L(text)``, with a learnt scale that
    starts from 2.659 and is used as it is.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"``
        The dataset.
    captions : bool
        Whether the text has its part, for which the backbone must have a text tower.
        Default True.

    Returns
    -------
    recipe : Recipe
        The published numbers are those of Table 1 of :footcite:t:`Du2026`.

    Raises
    ------
    ValueError
        If it was not published for that.

    References
    ----------
    .. footbibliography::
    """
    check_setting("ATM", setting, dataset)
    return Recipe(
        name="ATM",
        decoder=_decoder(captions, batch_size=1024),
        protocol=protocol_of(setting),
        picks="data",
        citation="Li et al. (2024), Visual Decoding and Reconstruction via EEG "
        "Embeddings with Guided Diffusion, NeurIPS",
        published=published("atm"),
        selection="best epoch on the test set",
        departures=[
            *SHARED,
            "Trained on what the protocol gives, averages over repetitions; the code "
            "trains on single trials.",
            "Batches of 1,024 as in the text; the script has 64.",
        ],
    )


def neural_mcrl(
    *, setting: str = "intra", dataset: str = EEG, captions: bool = True
) -> Recipe:
    """Neural-MCRL: its alignment with picture and text.

    After :footcite:t:`Li2024mcrl`.

    The released training code has the objective of :func:`atm`: its cross-attention
    between modalities is given neither pictures nor text, and does nothing.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"``
        The dataset.
    captions : bool
        Whether the text has its part, for which the backbone must have a text tower.
        Default True.

    Returns
    -------
    recipe : Recipe
        The published numbers are those of Table 1 of :footcite:t:`Du2026`.

    Raises
    ------
    ValueError
        If it was not published for that.

    References
    ----------
    .. footbibliography::
    """
    check_setting("Neural-MCRL", setting, dataset)
    return Recipe(
        name="Neural-MCRL",
        decoder=_decoder(captions, batch_size=256),
        protocol=protocol_of(setting),
        picks="data",
        citation="Li et al. (2024), Neural-MCRL, arXiv:2412.17337",
        published=published("neural_mcrl"),
        selection="best epoch on the test set",
        departures=[
            *SHARED,
            "The encoder is that of ATM: the layer per subject, the attention to "
            "frequency bands and the added noise of NESTA are left out.",
            "Trained on what the protocol gives, averages over repetitions.",
        ],
    )


def _decoder(captions: bool, **params: Any) -> ShallowAlignDecoder:
    kind = CaptionedDecoder if captions else ShallowAlignDecoder
    return kind(
        "vit-h-14",
        "final",
        encoder="atm",
        projector=None,
        loss=CaptionedLoss if captions else "atm",
        image_scaling=False,
        lr=3e-4,
        weight_decay=0.01,
        max_epochs=40,
        **params,
    )
