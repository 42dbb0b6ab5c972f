"""Whether larger vision models are better targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._axes import finish, legend_outside, open_axes, open_frame, percent_axis
from ._columns import check_columns, half_widths, sample_sizes
from ._style import COLORS, GREY, LINES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


def plot_scaling(
    scores: DataFrame,
    *,
    by: str | None = None,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot top-1 accuracy against the logarithm of the number of parameters.

    Parameters
    ----------
    scores : DataFrame
        One row a vision model, with the columns ``backbone``, ``n_parameters`` and
        ``top1``, a share between 0 and 1; where present, ``top1_low`` and
        ``top1_high`` make error bars, and ``n_subjects``, ``n_queries`` and
        ``n_gallery`` a line of text.
    by : str | None
        A column whose values have a line each, such as one that tells intermediate
        layers from final outputs. None (default) fits one line.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 2c of the paper: the least-squares line of ``top1`` on
        ln(``n_parameters``), with Pearson's r and the two-sided p-value of a slope of
        zero (:func:`scipy.stats.linregress`): ``**`` for p < .01, ``*`` for p < .05,
        else ``ns``.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column, a number of parameters is not positive, or a line
        has fewer than three vision models of different sizes.
    """
    check_columns(scores, ["backbone", "n_parameters", "top1"], "scores")
    if by is not None:
        check_columns(scores, [by], "scores")
    if not (scores["n_parameters"] > 0).all():
        raise ValueError("n_parameters must be positive in every row of scores.")
    groups = [("", scores)] if by is None else scores.groupby(by, sort=False)
    axes = open_axes(axes)
    for i, (name, rows) in enumerate(groups):
        look = {"color": COLORS[i % 6], "marker": MARKERS[i % 6]}
        _draw_line(axes, str(name), rows, look, LINES[i % 6])
    _write_names(axes, scores)
    _dress(axes, scores)
    return finish(axes, show)


def _draw_line(
    axes: Axes, name: str, rows: DataFrame, look: dict[str, Any], line: Any
) -> None:
    from scipy.stats import linregress

    if rows["n_parameters"].nunique() < 3:
        raise ValueError(
            f"a line needs at least three vision models of different sizes, got "
            f"{rows['n_parameters'].nunique()}{f' for {name}' if name else ''}."
        )
    x = np.log(rows["n_parameters"].to_numpy(float))
    fit = linregress(x, rows["top1"])
    words = f"r = {fit.rvalue:.2f}, {describe_p(fit.pvalue)}, n = {len(rows)}"
    axes.errorbar(x, rows["top1"], half_widths(rows, "top1"), ls="", capsize=2, **look)
    ends = np.array([x.min(), x.max()])
    axes.plot(
        ends,
        fit.intercept + fit.slope * ends,
        color=look["color"],
        linestyle=line,
        marker=look["marker"],
        markevery=[],  # the marker is for the legend
        label=f"{name}\n{words}".strip(),
    )


def describe_p(p: float) -> str:
    """Write a p-value with its stars, as in Figure 2 of the paper."""
    stars = "**" if p < 0.01 else "*" if p < 0.05 else "ns"
    value = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    return f"{value} {stars}"


def _write_names(axes: Axes, scores: DataFrame) -> None:
    """Name the vision models along the upper edge, where no point is."""
    models = scores.drop_duplicates("backbone")
    at = np.log(models["n_parameters"].to_numpy(float))
    edge = axes.secondary_xaxis("top")
    edge.set_xticks(at, models["backbone"], rotation=60, ha="left", fontsize="x-small")
    edge.spines["top"].set_visible(False)
    for x in at:
        axes.axvline(x, color=GREY, linewidth=0.5, linestyle=":", zorder=0)


def _dress(axes: Axes, scores: DataFrame) -> None:
    axes.set_xlabel("ln(number of parameters of the vision model)")
    axes.set_ylabel("right picture retrieved (top-1)")
    percent_axis(axes.yaxis)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.1)
    axes.set_title(sample_sizes(scores), fontsize="medium")
    open_frame(axes)
    legend_outside(axes)
