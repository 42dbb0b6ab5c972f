"""NICE: convolutions aligned with the output of CLIP."""

from __future__ import annotations

import torch

from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._published import published
from ._setting import EEG, check_setting, protocol_of

ADAM = {"optimizer": torch.optim.Adam, "optimizer__betas": (0.5, 0.999)}


def nice(*, setting: str = "intra", dataset: str = EEG) -> Recipe:
    """NICE: TSConv, aligned with the output of CLIP ViT-L/14.

    After :footcite:t:`Song2024`.

    The signal is encoded at the width of the image features, without projectors; both
    sides are normalised and multiplied by 14.3, which is not trained.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"``
        The dataset.

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
    check_setting("NICE", setting, dataset)
    return Recipe(
        name="NICE",
        decoder=ShallowAlignDecoder(
            "open_clip/ViT-L-14.openai",
            "final",
            encoder="tsconv",
            projector=None,
            loss="cosine",
            learn_temperature=False,
            image_scaling=False,
            lr=2e-4,
            weight_decay=0,
            batch_size=1000,
            max_epochs=200,
            net_params=ADAM,
        ),
        protocol=protocol_of(setting),
        picks="data",
        citation="Song et al. (2024), Decoding Natural Images from EEG, ICLR",
        published=published("nice"),
        selection="epoch by loss on 740 random training rows, concepts overlapping",
        departures=[
            "The final epoch counts; no training rows are held out.",
            "Presentations of one picture are never negatives.",
            "Candidates are the pictures that were seen, as in the paper's Table 1; "
            "NICE's own task compares with means of other pictures of a concept.",
        ],
    )
