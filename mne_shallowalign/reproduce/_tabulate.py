"""Our numbers beside the published ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ._runs import System
from ._setting import Setting

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_METRICS = ("top1", "top5")
_KEYS = ["protocol", "method", "metric", "subject"]


def compare(
    results: DataFrame, systems: Sequence[System], setting: Setting, dataset: str
) -> DataFrame:
    """Compare results with what was published of these systems.

    Parameters
    ----------
    results : DataFrame
        One row a fit, with the label ``method``.
    systems : sequence of System
        What was fitted; their recipes hold the published numbers.
    setting : Setting
        What they were fitted with.
    dataset : str
        The dataset of the published numbers.

    Returns
    -------
    table : DataFrame
        One row per protocol, method, metric and subject (and ``"mean"``): ``ours``, the
        mean over seeds, ``published`` and, unless simulated, the ``difference``.
    """
    results = results.assign(subject=results["subject"].map(_number))
    ours = results.melt(
        ["protocol", "method", "subject", "seed"], list(_METRICS), "metric", "ours"
    )
    ours = ours.groupby(_KEYS, sort=False)["ours"].mean().reset_index()
    mean = ours.groupby(_KEYS[:3], sort=False)["ours"].mean().reset_index()
    table = _stack(ours, mean.assign(subject="mean"))
    published = _published(systems, dataset)
    how: Literal["outer", "left"] = (
        "outer" if setting.recordings.is_simulated else "left"
    )
    table = table.merge(published, how, _KEYS, sort=False)
    if not setting.recordings.is_simulated:
        table["difference"] = table["ours"] - table["published"]
    return table


def _number(subject: str) -> str:
    """Give a subject the paper's number: ``"BIGMEG1"`` is its ``"01"``."""
    found = re.search(r"\d+$", subject)
    return subject if found is None else f"{int(found[0]):02d}"


def _stack(*tables: DataFrame) -> DataFrame:
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def _published(systems: Sequence[System], dataset: str) -> DataFrame:
    import pandas as pd

    found = [
        system.recipe.published.assign(method=system.labels["method"])
        for system in systems
        if system.recipe.published is not None
    ]
    columns = [*_KEYS, "published"]
    if not found:
        return pd.DataFrame(columns=columns)
    table = pd.concat(found).rename(columns={"value": "published"})
    return table.loc[table["dataset"] == dataset, columns].drop_duplicates(_KEYS)


def spread(table: DataFrame) -> DataFrame:
    """Lay out a comparison as the paper does, a column a subject, in percent."""
    words = [_say(row) for _, row in table.iterrows()]
    wide = table.assign(cell=words).pivot(
        index=_KEYS[:3], columns="subject", values="cell"
    )
    subjects = [one for one in wide if one != "mean"]
    order = table[_KEYS[:3]].drop_duplicates().itertuples(index=False)
    return wide.loc[[tuple(row) for row in order]][[*subjects, "mean"]].fillna("")


def _say(row: Series) -> str:
    ours, published = row["ours"], row["published"]
    words = "" if ours != ours else f"{100 * ours:.1f}"
    if published == published:
        words += f" (published {100 * published:.1f}"
        difference = row.get("difference", float("nan"))
        if difference == difference:
            words += f", {100 * difference:+.1f}"
        words += ")"
    return words.strip()
