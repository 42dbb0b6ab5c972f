"""Accuracy of the average of one, two, four presentations of a picture."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length, check_random_state

from .._scalars import check_number
from ._identity import find_repeats
from ._metrics import _check_k, chance_level
from ._ranks import ranks
from ._score_interval import score_interval

if TYPE_CHECKING:
    from pandas import DataFrame


def repetition_curve(
    decoder: Any,
    X: Any,
    y: Any,
    n_repetitions: Sequence[int] | None = None,
    *,
    k: int = 1,
    n_draws: int = 20,
    confidence: float = 0.95,
    random_state: int | np.random.RandomState | None = 0,
) -> DataFrame:
    """Score averages of random subsets of the presentations of each picture.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        Fitted, with ``transform`` and ``transform_images``.
    X : Epochs | array, shape (n_epochs, n_channels, n_times)
        Single trials of test pictures, ready to be decoded but not averaged.
    y : sequence of path | list of PIL.Image | array
        The image of every epoch. The gallery is the unique ones.
    n_repetitions : sequence of int | None
        How many trials of a picture to average. None (default): 1, 2, 4 and so on, and
        as many as the picture with the fewest has.
    k : int
        A query is right when its picture is among the best ``k``. Default 1.
    n_draws : int
        How many random subsets are averaged over. Default 20.
    confidence : float
        How sure to be, between 0 and 1. Default 0.95.
    random_state : int | RandomState | None
        Draws the subsets. Default 0.

    Returns
    -------
    curve : DataFrame, shape (n_points, 6)
        The columns ``n_repetitions``, ``top1`` (``top<k>``), ``low`` and ``high``
        (:func:`score_interval` over pictures, draws averaged), ``chance`` and
        ``n_queries``, the number of pictures.

    Raises
    ------
    ValueError
        If a number of repetitions is not an integer from 1 to that of the picture with
        the fewest, there are fewer than two pictures, or X and y differ in length.

    Notes
    -----
    Trials are averaged as signals, before the decoder sees them, without replacement.
    In a draw larger subsets contain the smaller ones, which keeps the curve smooth.
    The decoder stays as it was trained: one that knows averages of four is out of its
    element with single trials.
    """
    import pandas as pd
    from mne.utils import logger
    from tqdm.auto import tqdm

    _check_k(k)
    check_number(n_draws, "n_draws", Integral, min_val=1)
    data = X.get_data() if hasattr(X, "get_data") else np.asarray(X)
    pictures, rows = _rows_by_picture(y, len(data))
    counts = _check_counts(n_repetitions, min(map(len, rows)))
    gallery, rng = decoder.transform_images(pictures), check_random_state(random_state)
    hits = np.zeros((len(counts), len(rows)))
    silent = not logger.isEnabledFor(logging.INFO)
    for _ in tqdm(range(n_draws), "Repetitions", delay=2, leave=False, disable=silent):
        drawn = [rng.permutation(one) for one in rows]
        for point, n in enumerate(counts):
            means = np.stack([data[one[:n]].mean(axis=0) for one in drawn])
            similarity = decoder.transform(_like(means, X)) @ gallery.T
            hits[point] += ranks(similarity, np.arange(len(rows))) <= k
    points = [
        score_interval(one, images=np.arange(len(rows)), confidence=confidence)
        for one in hits / n_draws
    ]
    columns = [f"top{k}", "low", "high"]
    curve = pd.DataFrame(points).set_axis(columns, axis="columns")
    curve.insert(0, "n_repetitions", counts)
    return curve.assign(chance=chance_level(len(rows), k), n_queries=len(rows))


def _rows_by_picture(y: Any, n_epochs: int) -> tuple[Any, list[NDArray[Any]]]:
    y = y if isinstance(y, (list, tuple)) else np.asarray(y)
    check_consistent_length(y, np.empty(n_epochs))
    first, picture = find_repeats(y)
    if len(first) < 2:
        raise ValueError("y must show at least two different pictures, got one.")
    pictures = y[first] if isinstance(y, np.ndarray) else [y[row] for row in first]
    return pictures, [np.flatnonzero(picture == one) for one in range(len(first))]


def _check_counts(n_repetitions: Sequence[int] | None, most: int) -> list[int]:
    if n_repetitions is None:
        return [2**i for i in range(most.bit_length()) if 2**i < most] + [most]
    given = np.asarray(n_repetitions)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer) or not given.size:
        raise ValueError(
            f"n_repetitions must be a sequence of integers, got {n_repetitions!r}."
        )
    if given.min() < 1 or given.max() > most:
        raise ValueError(
            f"n_repetitions must lie in 1 .. {most}, the number of trials of the "
            f"picture that has the fewest, got {given.tolist()}."
        )
    return given.tolist()


def _like(data: NDArray[Any], X: Any) -> Any:
    """Return the data as what it was made of."""
    if not hasattr(X, "get_data"):
        return data
    from mne import EpochsArray

    return EpochsArray(data, X.info, tmin=X.tmin, verbose="error")
