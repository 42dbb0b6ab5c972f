"""Which categories are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import finish, open_axes, percent_axis
from ._categories import check_categories
from ._style import EVEN_MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_NUMBERS = 10  # of more categories than that, the colours have to do


def plot_confusion(
    similarity: ArrayLike,
    truth: ArrayLike,
    categories: Sequence[str],
    *,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot the category of the best candidate against that of the picture seen.

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
        The figure: each row sums to 100 %; candidates that tie for the best share the
        query. What guessing gives is written under each column: the share of the
        gallery that is of its category. Of up to ten categories, each share is written
        out.

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
    words, codes = np.unique(names, return_inverse=True)
    shares = _confuse(similarity, codes[truth], np.eye(len(words))[codes])
    seen = np.bincount(codes[truth], minlength=len(words))
    crowded = len(words) > _MAX_NUMBERS
    cell = 0.28 if crowded else 0.7  # inches
    axes = open_axes(axes, (2.8 + cell * len(words), 2 + cell * len(words)))
    _draw_shares(axes, shares[seen > 0])
    guess = [f"{w} ({(names == w).mean():.0%})" for w in words]
    rows = [f"{w} (n = {n})" for w, n in zip(words, seen, strict=True) if n]
    size = "small" if crowded else "medium"
    axes.set_xticks(range(len(words)), guess, rotation=90, fontsize=size)
    axes.set_yticks(range(len(rows)), rows, fontsize=size)
    axes.set_xlabel("category of the best candidate (share of the gallery)")
    axes.set_ylabel("category of the picture seen")
    return finish(axes, show)


def _confuse(
    similarity: NDArray[Any], seen: NDArray[Any], belongs: NDArray[Any]
) -> NDArray[np.float64]:
    """Share out the queries of each category over those of their best candidates."""
    best = similarity == similarity.max(axis=1, keepdims=True)
    taken_for = (best @ belongs) / best.sum(axis=1, keepdims=True)
    counts = np.zeros((belongs.shape[1], belongs.shape[1]))
    np.add.at(counts, seen, taken_for)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _draw_shares(axes: Axes, shares: NDArray[np.float64]) -> None:
    image = axes.imshow(shares, cmap=EVEN_MAP, vmin=0, vmax=1, aspect="auto")
    legible = max(shares.shape) <= _MAX_NUMBERS
    for (row, column), share in np.ndenumerate(shares) if legible else ():
        axes.text(
            column,
            row,
            f"{share:.0%}",
            ha="center",
            va="center",
            color="black" if share > 0.5 else "white",
        )
    bar = axes.figure.colorbar(image, ax=axes, label="share of the row")
    percent_axis(bar.ax.yaxis)
