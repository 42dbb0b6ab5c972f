"""The similarity of every query and every picture, ordered by category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import finish, open_axes
from ._categories import check_categories
from ._style import EVEN_MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


def plot_similarity(
    similarity: ArrayLike,
    truth: ArrayLike,
    categories: Sequence[str],
    *,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot the similarity matrix with its queries and pictures ordered by category.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        Cosine similarity of each query and each candidate, for instance from
        ``decoder.decision_function(X, gallery)``.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    categories : sequence of str, shape (n_gallery,)
        The category of each candidate.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure: candidates by category, in alphabetical order and within each in
        their own; queries in the order of their pictures. White lines part the
        categories.

    Raises
    ------
    ValueError
        If the shapes do not fit one another, a similarity is NaN, or ``truth`` points
        outside of the gallery.
    TypeError
        If ``truth`` is not made of integers.
    """
    similarity, truth = np.asarray(similarity), np.asarray(truth)
    names = check_categories(similarity, truth, categories)
    columns = np.argsort(names, kind="stable")
    place = np.argsort(columns)  # where each candidate went
    rows = np.argsort(place[truth], kind="stable")
    axes = open_axes(axes, (6.4, 5.4))
    image = axes.imshow(
        similarity[np.ix_(rows, columns)],
        cmap=EVEN_MAP,
        aspect="auto",
        interpolation="none",
    )
    axes.figure.colorbar(image, ax=axes, label="cosine similarity")
    _part(axes.xaxis, names[columns], axes.axvline)
    _part(axes.yaxis, names[truth][rows], axes.axhline)
    axes.set_xlabel(f"pictures to choose from (n = {len(columns)})")
    axes.set_ylabel(f"queries (n = {len(rows)})")
    axes.tick_params(axis="x", rotation=90)
    return finish(axes, show)


def _part(axis: Axis, names: NDArray[Any], line: Any) -> None:
    """Draw a line between categories, and write each name at its middle."""
    words, first, counts = np.unique(names, return_index=True, return_counts=True)
    for start in first[1:]:
        line(start - 0.5, color="white", linewidth=1)
    labels = [f"{word} ({n})" for word, n in zip(words, counts, strict=True)]
    axis.set_ticks(first + (counts - 1) / 2, labels, fontsize="small")
