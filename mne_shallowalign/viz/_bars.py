"""Grouped bars with error bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._axes import finish, legend_outside, open_axes, open_frame, percent_axis
from ._columns import check_columns, half_widths, sample_sizes
from ._style import COLORS, GREY, HATCHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


def plot_bars(
    scores: DataFrame,
    *,
    group: str,
    bar: str,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot top-1 accuracy as grouped bars.

    Parameters
    ----------
    scores : DataFrame
        One row a bar, with a column for each of ``group`` and ``bar``, and ``top1``, a
        share between 0 and 1; where present, ``top1_low`` and ``top1_high`` make error
        bars, ``chance1`` a dotted line, and ``n_subjects``, ``n_queries`` and
        ``n_gallery`` a line of text.
    group : str
        The column whose values stand on the axis, in the order of their rows, such as
        ``"backbone"``.
    bar : str
        The column whose values stand side by side in each group, such as
        ``"encoder"``.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figures 6 and 7 of the paper; every kind of bar has its colour
        and its hatch.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column, has no row, or has two for one bar, or if there
        are more kinds of bars than can be told apart.
    """
    check_columns(scores, [group, bar, "top1"], "scores")
    _check_bars(scores, group, bar)
    axes = open_axes(axes)
    draw_bars(axes, scores, group, bar)
    return finish(axes, show)


def _check_bars(scores: DataFrame, group: str, bar: str) -> None:
    twice = scores[scores.duplicated([group, bar])]
    if len(twice):
        raise ValueError(
            f"scores must have one row for each bar, got several for {group} "
            f"{twice[group].iloc[0]!r} and {bar} {twice[bar].iloc[0]!r}."
        )
    if scores[bar].nunique() > len(COLORS):
        raise ValueError(
            f"at most {len(COLORS)} kinds of bars can be told apart, got "
            f"{scores[bar].nunique()} values of {bar!r}; plot fewer, or exchange "
            "group and bar."
        )


def draw_bars(axes: Axes, scores: DataFrame, group: str, bar: str) -> None:
    """Draw the bars, name the axes and the sample sizes."""
    groups, bars = list(scores[group].unique()), list(scores[bar].unique())
    width = 0.8 / len(bars)
    for i, kind in enumerate(bars):
        rows = scores[scores[bar] == kind]
        at = np.array([groups.index(value) for value in rows[group]], float)
        axes.bar(
            at + (i - (len(bars) - 1) / 2) * width,
            rows["top1"],
            width,
            yerr=half_widths(rows, "top1"),
            color=COLORS[i],
            hatch=HATCHES[i],
            edgecolor="white",
            ecolor="black",
            capsize=2,
            label=str(kind),
        )
    if "chance1" in scores:
        chance = scores["chance1"].mean()
        axes.axhline(chance, color=GREY, linestyle=":", linewidth=1, label="chance")
    _dress(axes, scores, [str(value) for value in groups])


def _dress(axes: Axes, scores: DataFrame, groups: list[str]) -> None:
    crowded = sum(map(len, groups)) > 45  # letters that fit in a line of the figure
    axes.set_xticks(
        range(len(groups)),
        groups,
        rotation=45 if crowded else 0,
        ha="right" if crowded else "center",
    )
    axes.set_ylabel("right picture retrieved (top-1)")
    percent_axis(axes.yaxis)
    axes.set_ylim(bottom=0)
    axes.set_title(sample_sizes(scores), fontsize="medium")
    open_frame(axes)
    legend_outside(axes)
