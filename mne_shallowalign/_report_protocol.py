"""What the fits of a protocol found, system by system and person by person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._report_words import percent
from .retrieval import ScoreInterval, chance_level, ranks, score_interval

if TYPE_CHECKING:
    from pandas import DataFrame

_SYSTEM = ["dataset", "protocol", "recipe", "minutes", "selection"]


def tabulate_systems(results: DataFrame, folder: Path | None = None) -> DataFrame:
    """Average the fits of each system over people and seeds.

    Parameters
    ----------
    results : DataFrame
        One row a fit, see :func:`mne_shallowalign.protocols.read_results`.
    folder : Path | None
        Where similarities are kept; with them, intervals are over people and pictures.
        None (default): over people.

    Returns
    -------
    table : DataFrame of str
        One row a system. Without similarities, one person has no interval.
    """
    import pandas as pd

    groups = results.groupby(_SYSTEM, sort=False, dropna=False)
    rows = []
    for system, fits in groups:
        row: dict[str, Any] = {
            name: _say(value) for name, value in zip(_SYSTEM, system, strict=True)
        }
        row |= {"people": fits["subject"].nunique(), "seeds": fits["seed"].nunique()}
        gallery = fits["n_gallery"].mean()
        for k in (1, 5):
            row[f"top-{k}"] = percent(fits[f"top{k}"].mean())
            row[f"95 % interval, top-{k}"] = _say_interval(fits, folder, k)
            row[f"chance, top-{k}"] = percent(
                float(np.mean([chance_level(int(n), k) for n in fits["n_gallery"]]))
            )
        rows.append(row | {"candidates": f"{gallery:.0f}", "": _remarks(fits)})
    return _drop_empty(pd.DataFrame(rows))


def describe_systems(systems: DataFrame) -> str:
    """Put the table of systems into sentences.

    Parameters
    ----------
    systems : DataFrame
        What :func:`tabulate_systems` returned.

    Returns
    -------
    text : str
        One sentence for each system.
    """
    return " ".join(_sentence(row) for _, row in systems.iterrows())


def tabulate_people(results: DataFrame) -> DataFrame:
    """Average the fits of each system and person over seeds.

    Parameters
    ----------
    results : DataFrame
        One row a fit.

    Returns
    -------
    table : DataFrame of str
        One row for each system and person.
    """
    columns = [*_SYSTEM, "subject"]
    scores = results.groupby(columns, sort=False, dropna=False)
    table = scores[["top1", "top5"]].mean().map(percent)
    table = table.join(scores["median_rank"].mean().map("{:.1f}".format))
    table = table.reset_index().rename(
        columns={"top1": "top-1", "top5": "top-5", "median_rank": "median rank"}
    )
    return _drop_empty(table.assign(minutes=table["minutes"].map(_say)))


def _drop_empty(table: DataFrame) -> DataFrame:
    """Drop minutes where they do not matter: the table is wide."""
    return table if any(table["minutes"]) else table.drop(columns="minutes")


def _sentence(row: Any) -> str:
    people = "person" if row["people"] == 1 else "people"
    interval = row["95 % interval, top-1"]
    sure = f", 95 % interval {interval}" if interval else ""
    remarks = f" ({row['']})" if row[""] else ""
    return (
        f"{row['recipe']}{remarks}, {row['protocol']} on {row['dataset']}: the right "
        f"picture out of {row['candidates']}, {row['top-1']} of the time (chance "
        f"{row['chance, top-1']}{sure}; {row['people']} {people}, {row['seeds']} "
        f"seed{'s' * (row['seeds'] != 1)})."
    )


def _say(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _remarks(fits: DataFrame) -> str:
    """Say what a reader must know before comparing with others."""
    flags = {
        "simulated": fits["is_simulated"],
        "test-selected": fits["selection"] == "test",
        "transductive": fits["transductive"],
    }
    return ", ".join(name for name, found in flags.items() if found.any())


def _say_interval(fits: DataFrame, folder: Path | None, k: int) -> str:
    interval = _interval(fits, folder, k)
    return (
        ""
        if interval is None
        else f"{percent(interval.low)} to {percent(interval.high)}"
    )


def _interval(fits: DataFrame, folder: Path | None, k: int) -> ScoreInterval | None:
    kept = [] if folder is None else _read_kept(fits, folder)
    if kept:
        found = [ranks(one["similarity"], one["truth"]) <= k for one in kept]
        seen = [one["gallery"][one["truth"]] for one in kept]
        people = np.repeat(fits["subject"].to_numpy(str), [len(one) for one in found])
        return score_interval(
            np.concatenate(found), images=np.concatenate(seen), subjects=people
        )
    if fits["subject"].nunique() < 2:
        return None
    return score_interval(
        fits[f"top{k}"].to_numpy(float), subjects=fits["subject"].to_numpy(str)
    )


def _read_kept(fits: DataFrame, folder: Path) -> list[dict[str, np.ndarray]]:
    """Read the similarities of all fits; of none, if some were not kept."""
    from .protocols import read_arrays

    kept = [read_arrays(folder, fit) for fit in fits["id"]]
    return kept if all("similarity" in one for one in kept) else []
