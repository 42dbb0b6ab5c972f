"""What a calibration is worth when pictures are shown more than once."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from .._scalars import check_number
from ._calibrate import calibrate, read_similarity
from ._rank_metrics import rank_metric
from ._ranks import ranks, some_ranks

if TYPE_CHECKING:
    from pandas import DataFrame


def duplicate_query_test(
    similarity: ArrayLike | tuple[ArrayLike, ArrayLike],
    truth: ArrayLike,
    *,
    calibration: str = "hungarian",
    n_duplicates: int = 20,
    n_draws: int = 20,
    metric: str = "top1",
    random_state: int | np.random.RandomState | None = 0,
    **params: Any,
) -> DataFrame:
    """Replace some queries by copies of others and calibrate again.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery) | tuple
        How alike each query and each candidate are, or the embeddings of both, as
        :func:`calibrate` takes them.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    calibration : str
        A method of :func:`calibrate`. Default ``"hungarian"``.
    n_duplicates : int
        How many queries are replaced, at most half of them. Default 20.
    n_draws : int
        How often, over which is averaged. Default 20.
    metric : str
        As in :func:`permutation_chance`. Default ``"top1"``.
    random_state : int | RandomState | None
        Draws which are replaced and by which. Default 0.
    **params : dict
        Parameters of the calibration.

    Returns
    -------
    scores : DataFrame, shape (2, 2)
        Rows ``"as given"`` and ``"duplicated"``, columns ``"independent"`` (each query
        on its own) and the calibration: mean values of the metric.

    Raises
    ------
    ValueError
        If there are fewer than ``2 * n_duplicates`` queries, or for the reasons of
        :func:`calibrate`, :func:`ranks` and :func:`permutation_chance`.

    Notes
    -----
    Transductive methods gain from knowing that each of 200 pictures is shown exactly
    once. Copies break this, and leave the number of queries and the independent score
    (on average) as they were; a calibration whose gain turns into a loss here is worth
    nothing where a person may look at one thing twice. Copies are exact: all that is
    tested is the assumption, not the noise of another trial.
    """
    import pandas as pd

    check_number(n_draws, "n_draws", Integral, min_val=1)
    before, truth = read_similarity(similarity), np.asarray(truth)
    some_ranks(before.similarity, truth)  # for what it refuses
    _check_duplicates(n_duplicates, len(truth))
    measure, rng = rank_metric(metric), check_random_state(random_state)

    def score(rows: NDArray[Any]) -> NDArray[np.float64]:
        after = calibrate(before.take(rows), calibration, transductive=True, **params)
        found = (before.similarity[rows], after.similarity)
        return np.array(
            [measure(ranks(one, truth[rows]), one.shape[1]) for one in found]
        )

    given = np.arange(len(truth))
    duplicated = [score(_duplicate(given, n_duplicates, rng)) for _ in range(n_draws)]
    return pd.DataFrame(
        [score(given), np.mean(duplicated, axis=0)],
        index=["as given", "duplicated"],
        columns=["independent", calibration],
    )


def _duplicate(
    rows: NDArray[Any], n_duplicates: int, rng: np.random.RandomState
) -> NDArray[np.int64]:
    """Replace some rows by as many different ones of the others."""
    shuffled, result = rng.permutation(rows), rows.copy()
    result[shuffled[:n_duplicates]] = shuffled[n_duplicates : 2 * n_duplicates]
    return result


def _check_duplicates(n_duplicates: int, n_queries: int) -> None:
    check_number(n_duplicates, "n_duplicates", Integral, min_val=1)
    if 2 * n_duplicates > n_queries:
        raise ValueError(
            f"n_duplicates must be at most half of the {n_queries} queries, got "
            f"{n_duplicates}."
        )
