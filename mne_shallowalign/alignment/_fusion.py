"""Several layers of one vision model as one target."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

FUSIONS = ("mean", "concat")


def check_fusion(fusion: str, widths: Sequence[int]) -> None:
    """Refuse layers that cannot be fused in the way that was asked for.

    Parameters
    ----------
    fusion : ``"mean"`` | ``"concat"``
        The way.
    widths : sequence of int
        How many features each layer has.

    Raises
    ------
    ValueError
        If the way is unknown, or ``"mean"`` and the layers differ in width.
    """
    if fusion not in FUSIONS:
        raise ValueError(f"fusion must be one of {FUSIONS}, got {fusion!r}.")
    if fusion == "mean" and len(set(widths)) > 1:
        raise ValueError(
            f"fusion='mean' needs layers of one width, but they have {list(widths)} "
            "features. Use fusion='concat' or layers of one stage of the model."
        )


def fused_width(fusion: str, widths: Sequence[int]) -> int:
    """Return how many features come out of :func:`fuse`.

    Parameters
    ----------
    fusion : ``"mean"`` | ``"concat"``
        The way.
    widths : sequence of int
        How many features each layer has.

    Returns
    -------
    width : int
        The number of features.
    """
    return widths[0] if fusion == "mean" else sum(widths)


def fuse(features: Tensor, fusion: str, widths: Sequence[int]) -> Tensor:
    """Make one vector per image of the standardised features of several layers.

    Parameters
    ----------
    features : Tensor, shape (n, sum(widths))
        Standardised features, layer by layer.
    fusion : ``"mean"`` | ``"concat"``
        ``"mean"`` averages the layers feature by feature; otherwise they stay side by
        side.
    widths : sequence of int
        How many features each layer has.

    Returns
    -------
    fused : Tensor, shape (n, fused_width(fusion, widths))
        The target.
    """
    if fusion == "mean" and len(widths) > 1:
        return features.unflatten(1, (len(widths), -1)).mean(1)
    return features
