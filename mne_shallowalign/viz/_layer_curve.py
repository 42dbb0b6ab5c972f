"""How well pictures are retrieved, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._axes import finish, open_axes
from ._depth import check_layers, draw_chance, draw_curve, dress_depth, write_marks
from ._style import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_COLUMNS = ("top1", "top1_low", "top1_high", "chance1")


def plot_layer_curve(
    scores: DataFrame,
    *,
    marks: Mapping[str, str] | None = None,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot top-1 and top-5 accuracy against the depth of the layer.

    Parameters
    ----------
    scores : DataFrame
        One row a layer, with the columns ``layer``, ``depth`` (relative, from 0 to
        1; the layer ``"final"`` has none), ``top1``, ``top1_low``, ``top1_high`` and
        ``chance1``; where present, ``top5``, ``top5_low``, ``top5_high`` and
        ``chance5`` make a second curve, ``n_queries`` and ``n_gallery`` a line of
        text. All accuracies are shares between 0 and 1.
    marks : mapping of str to str | None
        Words to write at layers, such as ``{"blocks.5": "simulated"}``.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure: bands are the intervals ``*_low`` to ``*_high``, dashed lines
        are chance, and the diamond is the model's own output, ``"final"``.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column or has no row, a layer other than ``"final"``
        has no depth, or ``marks`` names a layer that ``scores`` has not.
    """
    check_layers(scores, _COLUMNS)
    _check_marks(scores, marks or {})
    axes = open_axes(axes)
    if _has_top5(scores):
        draw_curve(axes, scores, "top5", "top-5", ORANGE, "s")
        draw_chance(axes, scores, "chance5", "top-5", ORANGE)
    draw_curve(axes, scores, "top1", "top-1", BLUE, "o")
    draw_chance(axes, scores, "chance1", "top-1", BLUE)
    write_marks(axes, scores, marks or {})
    dress_depth(axes, scores, "right picture retrieved")
    return finish(axes, show)


def _check_marks(scores: DataFrame, marks: Mapping[str, str]) -> None:
    strangers = [layer for layer in marks if layer not in set(scores["layer"])]
    if strangers:
        known = ", ".join(scores["layer"])
        raise ValueError(f"marks names {strangers}; scores has only {known}.")


def _has_top5(scores: DataFrame) -> bool:
    """Tell whether top-5 is known, and not 100 % because there are only five."""
    known = {"top5", "top5_low", "top5_high", "chance5"} <= set(scores)
    return known and bool((scores["chance5"] < 1).all())
