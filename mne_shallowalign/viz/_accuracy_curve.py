"""Accuracy against how many pictures, repetitions or minutes there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._axes import finish, legend_outside, open_axes, open_frame, percent_axis
from ._columns import check_columns, sample_sizes
from ._style import COLORS, GREY, LINES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_N_LABELS = 14  # that fit beside one another
_LABELS = {
    "size": "pictures to choose from (log scale)",
    "n_repetitions": "repetitions averaged (log scale)",
    "minutes": "recording of the new person (minutes, log scale)",
}


def plot_accuracy_curve(
    curve: DataFrame,
    *,
    x: str = "size",
    by: str | None = None,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot top-1 accuracy against the size of the gallery, or of anything else.

    Parameters
    ----------
    curve : DataFrame
        One row a point, with the columns ``x``, ``top1``, ``low``, ``high`` and
        ``chance``, shares between 0 and 1; where present, ``n_subjects``,
        ``n_queries`` and ``n_gallery`` make a line of text.
    x : str
        The column on the axis, positive and on a logarithmic scale: ``"size"``
        (default), ``"n_repetitions"``, ``"minutes"`` or your own.
    by : str | None
        A column whose values have a curve each, such as ``"layer"``. None (default)
        draws one.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure: bands are the intervals ``low`` to ``high``, the dashed line is
        chance.

    Raises
    ------
    ValueError
        If ``curve`` lacks a column or has no row, or ``x`` is not positive.
    """
    needed = [x, "top1", "low", "high", "chance", *([by] if by else [])]
    check_columns(curve, needed, "curve")
    if not (curve[x] > 0).all():
        raise ValueError(f"{x} must be positive, its axis is logarithmic.")
    axes = open_axes(axes)
    curve = curve.sort_values(x, kind="stable")
    groups = [("top-1", curve)] if by is None else curve.groupby(by, sort=False)
    for i, (name, rows) in enumerate(groups):
        color, marker, line = COLORS[i % 6], MARKERS[i % 6], LINES[i % 6]
        axes.fill_between(
            rows[x], rows["low"], rows["high"], color=color, alpha=0.2, linewidth=0
        )
        axes.plot(
            rows[x], rows["top1"], color=color, marker=marker, ls=line, label=str(name)
        )
    chance = curve.groupby(x)["chance"].mean()
    axes.plot(chance.index, chance, color=GREY, ls="--", lw=1, label="chance")
    _dress(axes, curve, x)
    return finish(axes, show)


def _dress(axes: Axes, curve: DataFrame, x: str) -> None:
    values = _spread(curve[x].unique())
    axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(_LABELS.get(x, f"{x} (log scale)"))
    axes.set_ylabel("right picture retrieved (top-1)")
    percent_axis(axes.yaxis)
    axes.set_ylim(0, 1.02)
    axes.set_title(sample_sizes(curve), fontsize="medium")
    open_frame(axes)
    legend_outside(axes)


def _spread(values: NDArray[Any]) -> list[Any]:
    """Take those of many rising values whose labels do not run into one another."""
    gap = np.log(values[-1] / values[0]) / _N_LABELS
    chosen = [values[0]]
    for value in values[1:]:
        if np.log(value / chosen[-1]) >= gap:
            chosen.append(value)
    return chosen
