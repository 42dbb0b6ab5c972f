"""Scores by layer and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._axes import finish
from ._time_resolved import TIME_UNITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure
    from pandas import DataFrame

_COLUMNS = ("subject", "time", "layer", "score", "chance")
_N_NAMES = 14
P_VALUE = 0.05


def plot_layer_by_time(
    table: DataFrame,
    clusters: DataFrame | None = None,
    *,
    score: str = "score",
    onset: float | None = 0.0,
    time_unit: str = "s",
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot how well each layer retrieves pictures at each moment.

    Parameters
    ----------
    table : DataFrame
        What :func:`~mne_shallowalign.inspection.layer_by_time` returns.
    clusters : DataFrame | None
        What :func:`~mne_shallowalign.inspection.layer_time_clusters` makes of it,
        without a contrast. What is not in a cluster of p < .05 is then hatched. None
        (default): no statistics.
    score : str
        What was measured, for the label, such as ``"top-1 accuracy"``.
    onset : float | None
        When the picture came on, in seconds. None: not drawn. Default 0.
    time_unit : ``"s"`` | ``"ms"``
        The unit of the time axis.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The mean over subjects, shallow layers below. With ``clusters``, dots are the
        best layer of each window among those in a cluster.

    Raises
    ------
    ValueError
        If the table lacks a column, the clusters are of other windows or layers, or the
        unit is unknown.
    """
    import matplotlib.pyplot as plt

    _check(table, time_unit)
    layers = list(dict.fromkeys(table["layer"]))  # shallow to deep
    mean = _grid(table, "score", layers)
    times = mean.index.to_numpy() * TIME_UNITS[time_unit]
    if axes is None:
        _, axes = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
    rows = np.arange(len(layers))
    mesh = axes.pcolormesh(times, rows, mean.T, cmap="cividis", shading="nearest")
    if clusters is not None:
        certain = _grid(clusters, "p", layers) < P_VALUE
        _check_alike(certain, mean)
        _hatch(axes, mesh, ~certain.to_numpy().T)
        _mark_best(axes, times, mean.to_numpy(), certain.to_numpy())
    if onset is not None:
        axes.axvline(onset * TIME_UNITS[time_unit], color="white", linewidth=1.5)
    _dress(axes, layers, time_unit)
    _add_bar(axes, mesh, table, score)
    return finish(axes, show)


def _check(table: DataFrame, time_unit: str) -> None:
    lacking = [name for name in _COLUMNS if name not in table]
    if lacking:
        raise ValueError(
            f"table lacks the column(s) {', '.join(lacking)}: pass what layer_by_time "
            "returns."
        )
    if time_unit not in TIME_UNITS:
        raise ValueError(f"time_unit={time_unit!r} must be one of {[*TIME_UNITS]}.")


def _grid(table: DataFrame, value: str, layers: list[Any]) -> DataFrame:
    wide = table.groupby(["time", "layer"], sort=False)[value].mean().unstack("layer")
    return wide.reindex(columns=layers).sort_index()


def _check_alike(grid: DataFrame, mean: DataFrame) -> None:
    if grid.shape != mean.shape or not np.allclose(grid.index, mean.index):
        raise ValueError(
            f"clusters is of {grid.shape[0]} windows and {grid.shape[1]} layers, but "
            f"table of {mean.shape[0]} and {mean.shape[1]}: pass "
            "layer_time_clusters(table) of the same table, without a contrast."
        )


def _hatch(axes: Axes, mesh: QuadMesh, hidden: NDArray[np.bool_]) -> None:
    from matplotlib.patches import Patch

    edges = np.asarray(mesh.get_coordinates())
    overlay = np.ma.masked_where(~hidden, np.ones(hidden.shape))
    axes.pcolor(edges[0, :, 0], edges[:, 0, 1], overlay).set(
        facecolor="none", edgecolor="white", hatch="///", linewidth=0, alpha=0.35
    )
    style: dict[str, Any] = {
        "facecolor": "#00224e",
        "edgecolor": "white",
        "hatch": "////",
    }
    axes.add_artist(
        axes.legend(
            handles=[Patch(label=f"in no cluster of p < {P_VALUE:g}", **style)],
            loc="lower right",
            bbox_to_anchor=(1, 1),
            frameon=False,
        )
    )


def _mark_best(
    axes: Axes, times: NDArray[Any], mean: NDArray[Any], certain: NDArray[np.bool_]
) -> None:
    best = np.where(certain, mean, -np.inf).argmax(axis=1)
    there = certain.any(axis=1)
    style: dict[str, Any] = {
        "color": "white",
        "markeredgecolor": "black",
        "linestyle": "",
    }
    axes.plot(times[there], best[there], marker="o", label="best layer", **style)
    if there.any():
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)


def _dress(axes: Axes, layers: list[Any], time_unit: str) -> None:
    every = -(-len(layers) // _N_NAMES)
    names = [str(layer) if i % every == 0 else "" for i, layer in enumerate(layers)]
    axes.set_yticks(np.arange(len(layers)), names)
    axes.set_xlabel(f"time, centre of the window ({time_unit})")
    axes.set_ylabel("layer, shallow to deep")


def _add_bar(axes: Axes, mesh: QuadMesh, table: DataFrame, score: str) -> None:
    n, chance = table["subject"].nunique(), table["chance"].mean()
    label = f"{score}, mean of {n} subjects" if n > 1 else f"{score}, 1 subject"
    bar = axes.figure.colorbar(mesh, ax=axes, label=label)
    bar.ax.axhline(chance, color="white", linestyle="--")
    bar.ax.set_title(f"chance\n{chance:.2g}", fontsize="small", loc="left")
