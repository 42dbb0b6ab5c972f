"""What a search compares: layers, and their poolings."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ._search_jobs import Candidate
from .features._given_features import positions

if TYPE_CHECKING:
    from .decoder import ShallowAlignDecoder
    from .features._gallery import Layer

N_LAYERS = 10


def layers_to_compare(
    layers: Sequence[Layer] | None, decoder: ShallowAlignDecoder, y: Any
) -> tuple[list[Layer], dict[Layer, float]]:
    """List the layers to compare, and how deep they are.

    Parameters
    ----------
    layers : sequence of str | int | float | None
        Those that were asked for. None: ten, evenly spaced, or all if there are fewer.
    decoder : ShallowAlignDecoder
        A decoder that has its backbone; None where ``y`` are features.
    y : sequence
        The images.

    Returns
    -------
    layers : list of str | list of int
        Full names, or positions from 1, shallow to deep and ``"final"`` last.
    depths : dict
        The relative depth of each; NaN for ``"final"``.

    Raises
    ------
    ValueError
        If there is no such layer, or features have none to choose from.
    """
    backbone = decoder.backbone_
    if backbone is None and np.ndim(y) < 3:
        if layers is not None:
            raise ValueError(
                f"layers={layers!r} needs pictures, or features of shape (n, "
                f"n_layers, n_features), but y has the shape {np.shape(y)}."
            )
        layer = decoder.layer
        # whatever list it is, what is given is one layer
        only = layer if isinstance(layer, str | int | float | Real) else 1
        return [only], {only: 0.0}
    names: list[Layer]
    if backbone is None:
        names = list(range(1, np.shape(y)[1] + 1))
        asked = list(_evenly_spaced(names) if layers is None else layers)
        found = [names[i] for i in positions(asked, len(names))]
    else:
        names = list(backbone.layers)
        asked = list(_evenly_spaced(names) if layers is None else layers)
        wanted = {backbone.resolve(layer) for layer in asked}
        found = [name for name in (*names, "final") if name in wanted]
    depth = dict(zip(names, np.linspace(0, 1, len(names)).tolist(), strict=True))
    return found, {layer: depth.get(layer, np.nan) for layer in found}


def read_candidates(
    decoder: ShallowAlignDecoder,
    y: Any,
    layers: list[Layer],
    poolings: Sequence[str] | None,
) -> list[Candidate]:
    """Read all layers in one pass for each pooling.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A decoder that has its backbone.
    y : sequence
        The images.
    layers : list of str | list of int
        The layers.
    poolings : sequence of str | None
        The poolings. None: that of the decoder.

    Returns
    -------
    candidates : list of Candidate
        Every layer with every pooling.

    Raises
    ------
    ValueError
        If there are poolings for what is pooled already.
    """
    if decoder.backbone_ is None and poolings is not None:
        raise ValueError(
            f"poolings={poolings!r} needs pictures, but y holds features, "
            "which are pooled already. Use poolings=None."
        )
    candidates = []
    for pooling in [decoder.pooling] if poolings is None else poolings:
        params = {"layer": layers, "pooling": pooling}
        decoder.set_params(**params)
        joint = decoder._read_training_images(y, layers, decoder.device)
        for i, layer in enumerate(layers):
            candidates.append(Candidate(params | {"layer": layer}, joint.only(i)))
    return candidates


def _evenly_spaced(layers: Sequence[Layer]) -> list[Layer]:
    n = min(N_LAYERS, len(layers))
    return [layers[round(i)] for i in np.linspace(0, len(layers) - 1, n)]
