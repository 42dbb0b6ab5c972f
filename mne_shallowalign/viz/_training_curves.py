"""How the loss fell, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._axes import finish, open_frame, open_panels
from ._columns import check_columns
from ._style import BLUE, GREEN, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_LOSSES = {
    "train_loss": ("training", BLUE, "-"),
    "valid_loss": ("held-out concepts", GREEN, "-."),
    "test_loss": ("test", ORANGE, "--"),
}


def plot_training_curves(
    history: DataFrame, *, axes: Sequence[Axes] | None = None, show: bool = True
) -> Figure:
    """Plot losses against epochs, a panel for each layer.

    Parameters
    ----------
    history : DataFrame
        One row an epoch of a fit, with the columns ``layer``, ``epoch`` and
        ``train_loss``; where present, ``valid_loss`` and ``test_loss`` make further
        curves. Several rows of one layer and epoch, as several seeds make, are drawn as
        their mean with a band from the smallest to the largest.
    axes : sequence of matplotlib.axes.Axes, one a layer | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 8 of the paper; the loss is in nats.

    Raises
    ------
    ValueError
        If ``history`` lacks a column or has no row, or there are not as many ``axes``
        as layers.
    """
    check_columns(history, ["layer", "epoch", "train_loss"], "history")
    layers = list(history["layer"].unique())
    panels = open_panels(axes, len(layers), (2.6, 2.4))
    known = [name for name in _LOSSES if name in history]
    top: Any = history[known].max(axis=None)
    for ax, layer in zip(panels, layers, strict=True):
        rows = history[history["layer"] == layer]
        for name in known:
            _draw_loss(ax, rows, name)
        n_fits = int(rows.groupby("epoch").size().max())
        ax.set_title(f"{layer}, {n_fits} fit{'s' * (n_fits > 1)}", fontsize="medium")
        ax.set(xlabel="epoch", ylim=(0, 1.05 * top))
        ax.xaxis.get_major_locator().set_params(integer=True)
        open_frame(ax)
    panels[0].set_ylabel("contrastive loss (nats)")
    panels[0].legend(frameon=False, fontsize="x-small")
    return finish(panels[0], show)


def _draw_loss(axes: Axes, rows: DataFrame, name: str) -> None:
    label, color, line = _LOSSES[name]
    curve = rows.groupby("epoch")[name].agg(["mean", "min", "max"])
    axes.plot(curve.index, curve["mean"], color=color, linestyle=line, label=label)
    axes.fill_between(
        curve.index, curve["min"], curve["max"], color=color, alpha=0.2, linewidth=0
    )
