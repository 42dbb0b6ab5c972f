"""What figures ask of a table of scores, and the sample sizes that it tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame


def check_columns(table: DataFrame, needed: Iterable[str], name: str) -> None:
    """Raise a ValueError for columns that lack, or a table without rows."""
    lacking = [column for column in needed if column not in table]
    if lacking:
        raise ValueError(f"{name} lacks the column(s) {', '.join(lacking)}.")
    if len(table) == 0:
        raise ValueError(f"{name} must have at least one row, got none.")


def sample_sizes(scores: DataFrame) -> str:
    """Say how many queries and candidates there were, where the table knows."""
    words = {
        "n_subjects": "{} people",
        "n_queries": "{} queries",
        "n_gallery": "{} pictures to choose from",
    }
    known = {name: text for name, text in words.items() if name in scores}
    return ", ".join(text.format(_span(scores, name)) for name, text in known.items())


def half_widths(scores: DataFrame, name: str) -> NDArray[np.float64] | None:
    """Give the error bars of a column, shape (2, n_rows), or None without any."""
    bounds = [f"{name}_low", f"{name}_high"]
    if not set(bounds) <= set(scores):
        return None
    return scores[bounds].sub(scores[name], axis=0).abs().to_numpy(float).T


def _span(scores: DataFrame, column: str) -> str:
    low, high = scores[column].min(), scores[column].max()
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"
