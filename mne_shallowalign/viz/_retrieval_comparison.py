"""The same queries answered by several decoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import finish
from ._retrieval_grid import choose_rows, plot_retrieval_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_retrieval_comparison(
    similarities: Mapping[str, ArrayLike],
    truth: ArrayLike,
    gallery: Sequence[Any],
    *,
    names: Sequence[str] | None = None,
    queries: Sequence[int] | str | None = None,
    n_queries: int = 6,
    n_best: int = 5,
    show: bool = True,
) -> Figure:
    """Plot retrieval grids of the same queries side by side.

    Parameters
    ----------
    similarities : mapping of str to array-like, shape (n_queries, n_gallery)
        Cosine similarities by the name of their condition, such as ``"layer 28"`` and
        ``"final output"``; all of the same queries and candidates.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    gallery : sequence of path-like, PIL.Image.Image or array (H, W, 3)
        The candidates. Only those that are shown are read.
    names : sequence of str | None
        Words to write under the candidates, such as their concepts.
    queries : sequence of int | "best" | "worst" | None
        The queries to show, as in
        :func:`~mne_shallowalign.viz.plot_retrieval_grid`; best and worst are judged in
        the first condition.
    n_queries : int
        How many queries to show. Default 6.
    n_best : int
        How many candidates to show. Default 5.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 4 of the paper: a grid for each condition.

    Raises
    ------
    ValueError
        If there is no condition, or for the reasons of
        :func:`~mne_shallowalign.viz.plot_retrieval_grid`.
    """
    import matplotlib.pyplot as plt

    if not similarities:
        raise ValueError("similarities must have at least one condition, got none.")
    first = np.asarray(next(iter(similarities.values())))
    rows = choose_rows(first, np.asarray(truth), queries, n_queries)
    shape = (len(rows), min(n_best, first.shape[1]) + 1)
    size = (1.25 * shape[1] * len(similarities), 1.45 * shape[0] + 0.6)
    figure = plt.figure(figsize=size, layout="constrained")
    parts = figure.subfigures(1, len(similarities), wspace=0.04, squeeze=False)[0]
    for part, (condition, similarity) in zip(parts, similarities.items(), strict=True):
        part.suptitle(_title(condition, queries))
        axes: NDArray[Any] = part.subplots(*shape, squeeze=False)
        plot_retrieval_grid(
            similarity,
            truth,
            gallery,
            names=names,
            queries=rows.tolist(),
            n_best=n_best,
            axes=axes,
            show=False,
        )
    return finish(axes[0, 0], show)


def _title(condition: str, queries: Sequence[int] | str | None) -> str:
    return f"{condition}, {queries} queries" if isinstance(queries, str) else condition
