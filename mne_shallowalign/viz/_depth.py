"""Curves over the depth of a vision model, its own output standing apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._axes import legend_outside, open_frame, percent_axis
from ._columns import check_columns, half_widths, sample_sizes
from ._style import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

_FINAL_AT = 1.12  # the model's own output stands apart, to the right of its layers
_N_NAMES = 12


def check_layers(scores: DataFrame, needed: tuple[str, ...]) -> None:
    """Raise a ValueError unless every layer but ``"final"`` has a depth."""
    check_columns(scores, ("layer", "depth", *needed), "scores")
    homeless = scores["layer"][scores["depth"].isna() & (scores["layer"] != "final")]
    if len(homeless):
        raise ValueError(f"scores has no depth for {', '.join(homeless[:5])}.")


def short_name(layer: str) -> str:
    """Keep the last two parts of a layer's name, such as ``resblocks.5``."""
    return ".".join(layer.split(".")[-2:])


def positions(scores: DataFrame) -> NDArray[np.float64]:
    """Say where each layer stands on the axis of depths."""
    return scores["depth"].where(scores["layer"] != "final", _FINAL_AT).to_numpy(float)


def draw_curve(
    axes: Axes, scores: DataFrame, name: str, label: str, color: str, marker: str
) -> None:
    """Draw a column with its band, and the model's own output as a diamond."""
    scores = scores.assign(x=positions(scores)).sort_values("x")
    final = scores["layer"] == "final"
    curve, output = scores[~final], scores[final]
    if half_widths(scores, name) is not None:
        low, high = curve[f"{name}_low"], curve[f"{name}_high"]
        axes.fill_between(curve["x"], low, high, color=color, alpha=0.2, linewidth=0)
    axes.plot(curve["x"], curve[name], color=color, marker=marker, label=label)
    if len(output):
        axes.errorbar(
            output["x"],
            output[name],
            half_widths(output, name),
            color=color,
            marker="D",
            capsize=3,
        )


def draw_chance(
    axes: Axes, scores: DataFrame, name: str, label: str, color: str
) -> None:
    """Draw a column of chance levels as a dashed line."""
    scores = scores.assign(x=positions(scores)).sort_values("x")
    axes.plot(
        scores["x"],
        scores[name],
        color=color,
        linestyle="--",
        linewidth=1,
        label=f"chance, {label}",
    )


def write_marks(axes: Axes, scores: DataFrame, marks: Mapping[str, str]) -> None:
    """Write words at layers, above a thin line."""
    at = dict(zip(scores["layer"], positions(scores), strict=True))
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


def dress_depth(axes: Axes, scores: DataFrame, ylabel: str) -> None:
    """Name the layers, the axes and the sample sizes."""
    axes.set_xticks(positions(scores), _tick_labels(scores), rotation=45, ha="right")
    axes.set_xlabel("layer (relative depth)")
    axes.set_ylabel(ylabel)
    percent_axis(axes.yaxis)
    axes.set_ylim(bottom=0)
    open_frame(axes)
    axes.set_title(sample_sizes(scores), fontsize="medium", pad=20)
    legend_outside(axes)


def _tick_labels(scores: DataFrame) -> list[str]:
    """Name at most a dozen layers, for more would run into one another."""
    every = -(-len(scores) // _N_NAMES)
    return [
        ""
        if i % every and np.isfinite(depth)
        else short_name(layer) + (f" ({depth:.2g})" if np.isfinite(depth) else "")
        for i, (layer, depth) in enumerate(
            zip(scores["layer"], scores["depth"], strict=True)
        )
    ]
