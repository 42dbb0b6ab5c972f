"""From fits to the numbers that are shown: means and their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..retrieval import ScoreInterval, chance_level, ranks, score_interval
from ._runs import arrays_of
from ._setting import Setting

if TYPE_CHECKING:
    from pandas import DataFrame


_N_PEOPLE = 5  # fewer say nothing of how people differ


def add_depth(results: DataFrame, setting: Setting) -> DataFrame:
    """Add the relative depth of each layer, (l - 1) / (L - 1); the final has none."""
    layers = {model.label: model.description.layers for model in setting.models}
    pairs = zip(results["model"], results["layer"], strict=True)
    return results.assign(depth=[_depth(layers[model], one) for model, one in pairs])


def _depth(layers: Sequence[str], layer: str) -> float:
    if layer == "final":
        return float("nan")
    return layers.index(layer) / max(len(layers) - 1, 1)


def summarize(results: DataFrame, by: Sequence[str]) -> DataFrame:
    """Average over seeds, people and pictures, with the interval of top-1.

    Parameters
    ----------
    results : DataFrame
        One row a fit, with a ``folder`` for what was kept of it.
    by : sequence of str
        The columns whose values have a row each.

    Returns
    -------
    summary : DataFrame
        These columns, the most frequent ``layer`` with the mean ``depth``, ``top1``
        with its interval for other people and other pictures or, with fewer than five,
        for these people and other pictures
        (:func:`mne_shallowalign.retrieval.score_interval`), ``top5``, ``concept5``
        where there is one, ``chance1`` and the sample sizes.
    """
    import pandas as pd

    groups = results.groupby(list(by), sort=False)
    return pd.DataFrame([_summarize(group, by) for _, group in groups])


def _summarize(rows: DataFrame, by: Sequence[str]) -> dict[str, Any]:
    first, n_gallery = rows.iloc[0], int(rows["n_gallery"].iloc[0])
    means = [name for name in ("top5", "concept5", "depth") if name in rows]
    averages = rows.groupby("subject")[means].mean().mean()
    found = _interval(rows)
    return {
        **{name: first[name] for name in by},
        "layer": rows["layer"].mode().iloc[0],
        "top1": found.estimate,
        "top1_low": found.low,
        "top1_high": found.high,
        **{name: float(averages[name]) for name in means},
        "chance1": chance_level(n_gallery, 1),
        "n_subjects": rows["subject"].nunique(),
        "n_queries": int(first["n_queries"]),
        "n_gallery": n_gallery,
    }


def _interval(rows: DataFrame) -> ScoreInterval:
    hits, images, subjects = [], [], []
    for _, row in rows.iterrows():
        kept = arrays_of(row)
        hits.append(ranks(kept["similarity"], kept["truth"]) <= 1)
        images.append(kept["gallery"][kept["truth"]])
        subjects.append(np.repeat(row["subject"], len(hits[-1])))
    is_sample = rows["subject"].nunique() >= _N_PEOPLE
    return score_interval(
        np.concatenate(hits),
        images=np.concatenate(images),
        subjects=np.concatenate(subjects) if is_sample else None,
    )


def two_lines(table: DataFrame, column: str = "backbone") -> DataFrame:
    """Break the long names of stand-ins, which panels and ticks have no room for."""
    return table.assign(**{column: table[column].str.replace(" (", "\n(", regex=False)})


def concept_chance(concepts: np.ndarray, categories: Mapping[str, str]) -> float:
    """Say how often another picture is of the category of a query, by chance."""
    names = [categories[name] for name in concepts]
    codes = np.unique(names, return_inverse=True)[1]
    same = np.bincount(codes)[codes] - 1
    return float(same.mean() / (len(codes) - 1))
