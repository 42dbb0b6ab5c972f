"""Concepts and pictures do not ask for the same depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._axes import finish, open_axes
from ._depth import check_layers, draw_chance, draw_curve, dress_depth
from ._style import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_CURVES = (
    ("concept5", "chance_concept5", "concept accuracy", ORANGE, "s"),
    ("top1", "chance1", "top-1", BLUE, "o"),
)


def plot_concept_curve(
    scores: DataFrame, *, axes: Axes | None = None, show: bool = True
) -> Figure:
    """Plot concept accuracy and top-1 accuracy against the depth of the layer.

    Parameters
    ----------
    scores : DataFrame
        One row a layer, with the columns ``layer``, ``depth`` (relative, from 0 to 1;
        the layer ``"final"`` has none), ``top1`` and ``concept5``, the share of the
        five best other pictures that are of the category of the picture seen (section
        4.5 of the paper). Where present, ``*_low`` and ``*_high`` make bands,
        ``chance1`` and ``chance_concept5`` dashed lines, and ``n_subjects``,
        ``n_queries`` and ``n_gallery`` a line of text.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 3 of the paper; the diamonds are the model's own output.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column or has no row, or a layer other than ``"final"``
        has no depth.
    """
    check_layers(scores, ("top1", "concept5"))
    axes = open_axes(axes)
    for name, chance, label, color, marker in _CURVES:
        draw_curve(axes, scores, name, label, color, marker)
        if chance in scores:
            draw_chance(axes, scores, chance, label, color)
    dress_depth(axes, scores, "share of pictures")
    return finish(axes, show)
