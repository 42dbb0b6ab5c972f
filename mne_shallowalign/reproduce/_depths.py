"""Accuracy by depth: Table 4, Figures 2 and 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import viz
from ..backbones._paper import paper_table
from ._exhibit import Exhibit, Made
from ._runs import BEST, Run, arrays_of
from ._setting import Setting
from ._summary import add_depth, concept_chance, summarize, two_lines
from ._systems import align, sweep

if TYPE_CHECKING:
    from pandas import DataFrame

_KINDS = {BEST: "intermediate layer", "final": "final output"}


def _best_and_final(setting: Setting) -> list[Run]:
    systems = [
        align(setting, model, place) for model in setting.models for place in _KINDS
    ]
    return [Run(systems=systems, setting=setting)]


def _sweep_and_best(setting: Setting) -> list[Run]:
    systems = [one for model in setting.models for one in sweep(setting, model)]
    return [Run(systems=systems, setting=setting), *_best_and_final(setting)]


def _sweep_main(setting: Setting) -> list[Run]:
    return [Run(systems=sweep(setting, setting.main), setting=setting)]


def _make_table4(results: DataFrame, setting: Setting) -> Made:
    table = _gains(summarize(add_depth(results, setting), ["model", "alias", "place"]))
    paper = paper_table().loc[table["alias"]].reset_index(drop=True)
    table = table.assign(
        n_parameters=[model.description.n_parameters for model in setting.models],
        n_layers=[len(model.description.layers) for model in setting.models],
    )
    for name, column in {"best": "top1", "final": "final_top1"}.items():
        table[f"{name}_published"] = paper[column] / 100
        if not setting.recordings.is_simulated:
            table[f"{name}_difference"] = table[name] - table[f"{name}_published"]
    table["layer_published"] = paper["best_layer"]
    return Made(tables={"": table.drop(columns="alias")})


def _gains(summary: DataFrame) -> DataFrame:
    """Put the best layer and the final output of a model side by side."""
    best = summary[summary["place"] == BEST].set_index("model", drop=False)
    final = summary[summary["place"] == "final"].set_index("model")
    table = best[["model", "alias", "layer", "depth"]].assign(
        best=best["top1"], final=final["top1"], gain=best["top1"] - final["top1"]
    )
    return table.reset_index(drop=True)


def _make_figure2(results: DataFrame, setting: Setting) -> Made:
    summary = summarize(add_depth(results, setting), ["model", "alias", "place"])
    summary = summary.rename(columns={"model": "backbone"})
    curves = summary[summary["place"] != BEST]
    pairs = summary[summary["place"].isin(_KINDS)].sort_values("place", kind="stable")
    sizes = {one.label: one.description.n_parameters for one in setting.models}
    pairs = pairs.assign(
        n_parameters=pairs["backbone"].map(sizes), kind=pairs["place"].map(_KINDS)
    )
    figures = {
        "a": viz.plot_layer_curves(two_lines(curves), show=False),
        "b": viz.plot_layer_bars(two_lines(pairs), show=False),
    }
    learned = pairs[pairs["n_parameters"] > 0]  # the Gabor hierarchy has none
    if learned["n_parameters"].nunique() > 2:
        figures["c"] = viz.plot_scaling(two_lines(learned), by="kind", show=False)
    return Made(tables={"a": curves, "b": pairs}, figures=figures)


def _make_figure3(results: DataFrame, setting: Setting) -> Made:
    curve = summarize(add_depth(results, setting), ["model", "place"])
    categories = setting.recordings.categories
    if categories is not None:
        concepts = arrays_of(results.iloc[0])["concepts"]
        chance = concept_chance(np.asarray(concepts), categories)
        curve = curve.assign(chance_concept5=chance)
    figure = viz.plot_concept_curve(curve, show=False)
    return Made(tables={"": curve}, figures={"": figure})


EXHIBITS = (
    Exhibit(
        "table4",
        "Best layer and final output of each vision model",
        "things-eeg2",
        _best_and_final,
        _make_table4,
    ),
    Exhibit(
        "figure2",
        "Top-1 accuracy by layer, gain over the final output, scaling",
        "things-eeg2",
        _sweep_and_best,
        _make_figure2,
    ),
    Exhibit(
        "figure3",
        "Concept accuracy and top-1 accuracy by layer",
        "things-eeg2",
        _sweep_main,
        _make_figure3,
    ),
)
