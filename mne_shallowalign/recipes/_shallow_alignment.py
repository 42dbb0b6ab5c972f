"""Shallow Alignment, the paper."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from ..backbones._paper import PAPER
from ..decoder import ShallowAlignDecoder
from ..features._gallery import Layer
from ..protocols import Recipe
from ..search import LayerSearchCV
from ._published import published
from ._setting import EEG, MEG, check_setting, protocol_of

CITATION = (
    "Du et al. (2026), Deep Models, Shallow Alignment: Uncovering the Granularity "
    "Mismatch in Neural Decoding, arXiv:2601.21948v1"
)
# the panels of figure 8; of the others, the paper says "approximately ten"
PROBED = {"internvit-6b": [*range(4, 41, 4), 45]}
ROWS = {row.alias: row for row in PAPER}


def shallow_alignment(
    backbone: str = "internvit-6b",
    layer: Layer = "search",
    *,
    setting: str = "intra",
    dataset: str = EEG,
) -> Recipe:
    """Shallow Alignment, with one of the eight backbones.

    After :footcite:t:`Du2026`.

    EEGProject on occipital and parietal channels, linear projectors into 512
    dimensions, eq. 3 with a learnt temperature, AdamW at 1e-4 for 50 epochs of
    batches of 1,024 (section 4.2).

    Parameters
    ----------
    backbone : str
        An alias of ``list_backbones(paper=True)``. Default ``"internvit-6b"``.
    layer : ``"search"`` | ``"published"`` | ``"final"`` | str | int | float
        ``"search"`` (default) chooses among about ten evenly spaced layers by
        :class:`~mne_shallowalign.LayerSearchCV`, on held-out training concepts.
        ``"published"`` is the paper's best layer, which **was chosen on the test set**.
        ``"final"`` is the model's own output (Table 6). Anything else is the decoder's
        ``layer``.
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"`` | ``"things-meg"``
        The dataset.

    Returns
    -------
    recipe : Recipe
        The published numbers are those of Tables 2, 5 and 6.

    Raises
    ------
    ValueError
        If the paper does not have it.

    References
    ----------
    .. footbibliography::

    Examples
    --------
    >>> from mne_shallowalign.recipes import shallow_alignment
    >>> recipe = shallow_alignment("vit-b-16", "published")
    >>> recipe.decoder.layer
    6
    """
    check_setting("Shallow Alignment", setting, dataset, (EEG, MEG))
    if backbone not in ROWS:
        raise ValueError(
            f"backbone must be one of the paper's, {', '.join(ROWS)}; got {backbone!r}."
        )
    target = "final" if layer == "final" else "best"
    return Recipe(
        name=f"Shallow Alignment ({backbone}, {layer})",
        decoder=_decoder(backbone, layer),
        protocol=protocol_of(setting),
        picks="occipito-parietal",
        citation=CITATION,
        published=published(f"shallow_alignment/{backbone}/{target}"),
        selection="layer by top-1 on the test set; final epoch",
        departures=_departures(layer),
    )


def _decoder(backbone: str, layer: Layer) -> BaseEstimator:
    if layer == "search":
        decoder = ShallowAlignDecoder(backbone)
        return LayerSearchCV(decoder, PROBED.get(backbone))
    found: Any = ROWS[backbone].best_layer if layer == "published" else layer
    return ShallowAlignDecoder(backbone, found)


def _departures(layer: Layer) -> list[str]:
    said = [
        "Pooling is the mean over patches; the paper does not say which it is.",
        "The temperature starts from 0.07 and is learnt; the paper does not give it.",
        "Image features are standardised over the training images before W_I.",
    ]
    if layer == "published":
        return [*said, "The layer is the paper's, which was chosen on the test set."]
    if layer == "final":
        return said
    if layer in ("search", "auto"):
        return [
            *said,
            "The layer is chosen on training data; the paper's on the test set.",
        ]
    return [*said, "The layer is yours; the published numbers are of the paper's best."]
