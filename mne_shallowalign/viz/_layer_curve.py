"""How well pictures are retrieved, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ._style import BLUE, GREY, ORANGE, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

_COLUMNS = ("layer", "depth", "top1", "top1_low", "top1_high", "chance1")
_FINAL_AT = 1.12  # the model's own output stands apart, to the right of its layers
_N_NAMES = 12


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
    import matplotlib.pyplot as plt

    _check_scores(scores, marks or {})
    if axes is None:
        _, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    if _has_top5(scores):
        _plot_curve(axes, scores, 5, ORANGE, "s")
    _plot_curve(axes, scores, 1, BLUE, "o")
    _write_marks(axes, scores, marks or {})
    _dress_axes(axes, scores)
    return finish(axes, show)


def _check_scores(scores: DataFrame, marks: Mapping[str, str]) -> None:
    lacking = [name for name in _COLUMNS if name not in scores]
    if lacking:
        raise ValueError(f"scores lacks the column(s) {', '.join(lacking)}.")
    if len(scores) == 0:
        raise ValueError("scores must have a row for each layer, got none.")
    homeless = scores["layer"][scores["depth"].isna() & (scores["layer"] != "final")]
    if len(homeless):
        raise ValueError(f"scores has no depth for {', '.join(homeless[:5])}.")
    strangers = [layer for layer in marks if layer not in set(scores["layer"])]
    if strangers:
        known = ", ".join(scores["layer"])
        raise ValueError(f"marks names {strangers}; scores has only {known}.")


def _has_top5(scores: DataFrame) -> bool:
    """Tell whether top-5 is known, and not 100 % because there are only five."""
    known = {"top5", "top5_low", "top5_high", "chance5"} <= set(scores)
    return known and bool((scores["chance5"] < 1).all())


def _positions(scores: DataFrame) -> np.ndarray:
    return scores["depth"].where(scores["layer"] != "final", _FINAL_AT).to_numpy(float)


def _plot_curve(axes: Axes, scores: DataFrame, k: int, color: str, marker: str) -> None:
    scores = scores.assign(x=_positions(scores)).sort_values("x")
    final = scores["layer"] == "final"
    curve, output = scores[~final], scores[final]
    low, high = f"top{k}_low", f"top{k}_high"
    axes.fill_between(
        curve["x"], curve[low], curve[high], color=color, alpha=0.2, linewidth=0
    )
    axes.plot(
        curve["x"], curve[f"top{k}"], color=color, marker=marker, label=f"top-{k}"
    )
    if len(output):
        bars = output[[low, high]].sub(output[f"top{k}"], axis=0).abs().to_numpy().T
        axes.errorbar(
            output["x"], output[f"top{k}"], bars, color=color, marker="D", capsize=3
        )
    axes.plot(
        scores["x"],
        scores[f"chance{k}"],
        color=color,
        linestyle="--",
        linewidth=1,
        label=f"chance, top-{k}",
    )


def _write_marks(axes: Axes, scores: DataFrame, marks: Mapping[str, str]) -> None:
    at = dict(zip(scores["layer"], _positions(scores), strict=True))
    for layer, words in marks.items():
        axes.axvline(at[layer], color=GREY, linewidth=1, linestyle=":", zorder=0)
        axes.annotate(
            words,
            (at[layer], 1),
            (0, 3),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            color=GREY,
            ha="center",
            fontsize="small",
        )


def _dress_axes(axes: Axes, scores: DataFrame) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_xticks(_positions(scores), _tick_labels(scores), rotation=45, ha="right")
    axes.set_xlabel("layer, with its relative depth")
    axes.set_ylabel("right picture retrieved")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    if {"n_queries", "n_gallery"} <= set(scores):
        axes.set_title(_sample_sizes(scores), fontsize="medium", pad=20)
    axes.legend(
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1)
    )


def _tick_labels(scores: DataFrame) -> list[str]:
    """Name at most a dozen layers, for more would run into one another."""
    every = -(-len(scores) // _N_NAMES)
    return [
        layer if np.isnan(depth) else f"{layer}\n{depth:.2g}" if i % every == 0 else ""
        for i, (layer, depth) in enumerate(
            zip(scores["layer"], scores["depth"], strict=True)
        )
    ]


def _sample_sizes(scores: DataFrame) -> str:
    def span(column: str) -> str:
        low, high = scores[column].min(), scores[column].max()
        return f"{low:g}" if low == high else f"{low:g}-{high:g}"

    return f"{span('n_queries')} queries, {span('n_gallery')} pictures to choose from"
