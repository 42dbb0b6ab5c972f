"""The numbers that were published, transcribed in ``published.csv``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

INDEX = ["dataset", "protocol", "metric", "source"]


@cache
def _table() -> pd.DataFrame:
    with files(__package__).joinpath("published.csv").open() as file:
        return pd.read_csv(file)


def published(*systems: str) -> pd.DataFrame:
    """Tabulate what was published of a system.

    Parameters
    ----------
    *systems : str
        Its names in the table, such as ``"nice"``.

    Returns
    -------
    table : DataFrame
        One row per number: ``dataset``, ``protocol``, ``subject`` (or ``"mean"``),
        ``metric``, ``value`` between 0 and 1, and ``source``.
    """
    return _long_table(systems).copy()


@cache
def _long_table(systems: tuple[str, ...]) -> pd.DataFrame:
    rows = _table()[_table()["system"].isin(systems)]
    rows = rows.drop(columns="system")
    long = rows.melt(INDEX, var_name="subject", value_name="value")
    long = long.dropna(subset="value").reset_index(drop=True)
    long["value"] = (long["value"] / 100).round(6)
    return long[["dataset", "protocol", "subject", "metric", "value", "source"]]
