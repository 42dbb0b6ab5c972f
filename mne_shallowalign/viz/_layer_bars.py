"""What a layer gains over the vision model's own output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._axes import finish, open_axes
from ._bars import draw_bars
from ._columns import check_columns
from ._depth import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


def plot_layer_bars(
    scores: DataFrame, *, axes: Axes | None = None, show: bool = True
) -> Figure:
    """Plot top-1 accuracy with a chosen layer beside that with the final output.

    Parameters
    ----------
    scores : DataFrame
        Two rows a vision model, that of the layer ``"final"`` and that of the layer
        that was chosen, with the columns ``backbone``, ``layer`` and ``top1``, a share
        between 0 and 1; where present, ``top1_low`` and ``top1_high`` make error bars,
        ``chance1`` a dotted line, and ``n_subjects``, ``n_queries`` and ``n_gallery`` a
        line of text.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 2b of the paper; under each pair the name of the layer,
        above it its gain in percentage points.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column or a vision model has not these two rows.
    """
    check_columns(scores, ["backbone", "layer", "top1"], "scores")
    for backbone, rows in scores.groupby("backbone", sort=False):
        if len(rows) != 2 or (rows["layer"] == "final").sum() != 1:
            raise ValueError(
                f"scores must have two rows for {backbone}, the chosen layer and "
                f"'final', got {', '.join(map(repr, rows['layer']))}."
            )
    axes = open_axes(axes, (7.2, 4.8))
    is_final = scores["layer"] == "final"
    kinds = is_final.map({True: "final output", False: "intermediate layer"})
    chosen = scores[~is_final].set_index("backbone")["layer"]
    names = scores["backbone"].map(lambda name: f"{name} ({short_name(chosen[name])})")
    bars = scores.assign(kind=kinds, pair=names)
    bars = bars.sort_values("kind", kind="stable", ascending=False)
    draw_bars(axes, bars, "pair", "kind")
    _write_gains(axes, scores)
    words = "above the bars: gain in percentage points"
    axes.set_title(f"{axes.get_title()}\n{words}".strip(), fontsize="medium")
    axes.set_ylim(top=1.1 * axes.get_ylim()[1])  # room for the gain of the last pair
    return finish(axes, show)


def _write_gains(axes: Axes, scores: DataFrame) -> None:
    high = "top1_high" if "top1_high" in scores else "top1"
    backbones = list(scores["backbone"].unique())
    for i, backbone in enumerate(backbones):
        rows = scores[scores["backbone"] == backbone].set_index("layer")
        (layer,) = rows.index.drop("final")
        gain = 100 * (rows.at[layer, "top1"] - rows.at["final", "top1"])
        axes.annotate(
            f"{gain:+.1f}",
            (i, rows[high].max()),
            (0, 4),
            textcoords="offset points",
            ha="center",
            fontsize="small",
        )
