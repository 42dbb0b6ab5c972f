"""The layer curves of several vision models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._axes import finish, legend_outside, open_frame, open_panels, percent_axis
from ._columns import check_columns, half_widths, sample_sizes
from ._depth import check_layers
from ._style import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


def plot_layer_curves(
    scores: DataFrame, *, axes: Sequence[Axes] | None = None, show: bool = True
) -> Figure:
    """Plot top-1 accuracy against relative depth, a panel for each vision model.

    Parameters
    ----------
    scores : DataFrame
        One row a layer of a vision model, with the columns ``backbone``, ``layer``,
        ``depth`` (relative, from 0 to 1; the layer ``"final"`` has none) and ``top1``,
        a share between 0 and 1; where present, ``top1_low`` and ``top1_high`` make a
        band, ``chance1`` a dotted line, and ``n_subjects``, ``n_queries`` and
        ``n_gallery`` a line of text above a new figure.
    axes : sequence of matplotlib.axes.Axes, one a vision model | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 2a of the paper: the dashed line is the model's own
        output, ``"final"``.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column or has no row, a layer other than ``"final"``
        has no depth, or there are not as many ``axes`` as vision models.
    """
    check_columns(scores, ["backbone"], "scores")
    check_layers(scores, ("top1",))
    backbones = list(scores["backbone"].unique())
    panels = open_panels(axes, len(backbones), (2.6, 2.6))
    top: Any = scores[["top1", *(["top1_high"] if "top1_high" in scores else [])]].max(
        axis=None
    )
    for ax, backbone in zip(panels, backbones, strict=True):
        _draw_backbone(ax, scores[scores["backbone"] == backbone])
        ax.set_ylim(0, 1.08 * top)
        ax.set_title(backbone, fontsize="medium")
    legend_outside(panels[-1])
    panels[0].set_ylabel("right picture retrieved (top-1)")
    if axes is None:
        panels[0].figure.suptitle(sample_sizes(scores), fontsize="medium")
    return finish(panels[0], show)


def _draw_backbone(axes: Axes, scores: DataFrame) -> None:
    final = scores["layer"] == "final"
    curve = scores[~final].sort_values("depth")
    if half_widths(curve, "top1") is not None:
        low, high = curve["top1_low"], curve["top1_high"]
        axes.fill_between(curve["depth"], low, high, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(
        curve["depth"], curve["top1"], color=BLUE, marker="o", ms=3, label="layers"
    )
    for level in scores["top1"][final]:
        axes.axhline(level, color=ORANGE, linestyle="--", label="final output")
    if "chance1" in scores:
        chance = scores["chance1"].mean()
        axes.axhline(chance, color=GREY, linestyle=":", linewidth=1, label="chance")
    axes.set_xlabel("relative depth")
    axes.set_xlim(-0.04, 1.04)
    percent_axis(axes.yaxis)
    open_frame(axes)
