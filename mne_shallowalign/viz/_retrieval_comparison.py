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
    axes: ArrayLike | None = None,
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
    axes : sequence of array of matplotlib.axes.Axes, one a condition | None
        Where to plot, each of the shape (n_shown, n_best + 1). None (default) makes a
        figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figure 4 of the paper: a grid for each condition.

    Raises
    ------
    ValueError
        If there is no condition, ``axes`` have another shape, or for the reasons of
        :func:`~mne_shallowalign.viz.plot_retrieval_grid`.
    """
    if not similarities:
        raise ValueError("similarities must have at least one condition, got none.")
    first = np.asarray(next(iter(similarities.values())))
    rows = choose_rows(first, np.asarray(truth), queries, n_queries)
    shape = (len(rows), min(n_best, first.shape[1]) + 1)
    titles = [_title(condition, queries) for condition in similarities]
    grids = _make_grids(axes, titles, shape)
    for grid, similarity in zip(grids, similarities.values(), strict=True):
        plot_retrieval_grid(
            similarity,
            truth,
            gallery,
            names=names,
            queries=rows.tolist(),
            n_best=n_best,
            axes=grid,
            show=False,
        )
    return finish(grids[0][0, 0], show)


def _make_grids(
    axes: ArrayLike | None, titles: list[str], shape: tuple[int, int]
) -> list[NDArray[Any]]:
    """Take a grid of axes for each condition, or make them; write their titles."""
    if axes is None:
        import matplotlib.pyplot as plt

        size = (1.25 * shape[1] * len(titles), 1.45 * shape[0] + 0.6)
        figure = plt.figure(figsize=size, layout="constrained")
        parts = figure.subfigures(1, len(titles), wspace=0.04, squeeze=False)[0]
        for part, title in zip(parts, titles, strict=True):
            part.suptitle(title)
        return [part.subplots(*shape, squeeze=False) for part in parts]
    grids = np.asarray(axes, dtype=object)
    if grids.shape != (len(titles), *shape):
        raise ValueError(
            f"axes must have the shape {(len(titles), *shape)}, one grid for each "
            f"condition, got {grids.shape}."
        )
    for grid, title in zip(grids, titles, strict=True):
        grid[0, 0].annotate(
            title,
            (0, 1),
            (0, 24),  # above the titles of the columns
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize="large",
        )
    return list(grids)


def _title(condition: str, queries: Sequence[int] | str | None) -> str:
    return f"{condition}, {queries} queries" if isinstance(queries, str) else condition
