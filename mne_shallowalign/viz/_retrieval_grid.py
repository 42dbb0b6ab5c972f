"""The picture that was seen beside the candidates that the signal resembles most."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..retrieval import ranks
from ._axes import finish
from ._style import GREEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE = 14  # letters that fit under a picture


def plot_retrieval_grid(
    similarity: ArrayLike,
    truth: ArrayLike,
    gallery: Sequence[Any],
    *,
    names: Sequence[str] | None = None,
    queries: Sequence[int] | str | None = None,
    n_queries: int = 6,
    n_best: int = 5,
    axes: NDArray[Any] | None = None,
    show: bool = True,
) -> Figure:
    """Plot the pictures that were seen beside the best candidates.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery)
        Cosine similarity of each query and each candidate, for instance from
        ``decoder.decision_function(X, gallery)``.
    truth : array-like of int, shape (n_queries,)
        The column of the right picture of each query.
    gallery : sequence of path-like, PIL.Image.Image or array (H, W, 3)
        The candidates. Only those that are shown are read.
    names : sequence of str | None
        Words to write under the candidates, such as their concepts. None (default)
        writes only the similarity.
    queries : sequence of int | "best" | "worst" | None
        The rows of ``similarity`` to show. None (default) takes ``n_queries``,
        evenly spaced, whatever their rank: the figure is no selection of successes.
        ``"best"`` and ``"worst"`` take those with the lowest and the highest rank,
        among equals those whose picture is furthest ahead of, or behind, the best
        other one; the figure then says so.
    n_queries : int
        How many queries to show. Default 6.
    n_best : int
        How many candidates to show. Default 5.
    axes : array of matplotlib.axes.Axes, shape (n_shown, n_best + 1) | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        A row a query: the picture seen, then the best candidates with their
        similarity; the right one has a frame and a check mark. Where it is not
        among them, its rank is written under the picture seen.

    Raises
    ------
    ValueError
        If the shapes do not fit one another, or for the reasons of
        :func:`mne_shallowalign.retrieval.ranks`.
    """
    similarity, truth = np.asarray(similarity), np.asarray(truth)
    found = ranks(similarity, truth)
    n_gallery = similarity.shape[1]
    _check_lengths(n_gallery, gallery=gallery, names=names)
    rows = choose_rows(similarity, truth, queries, n_queries)
    n_best = min(n_best, n_gallery)
    axes = _make_axes(axes, (len(rows), n_best + 1))
    for row_axes, row in zip(axes, rows, strict=True):
        best = np.argsort(-similarity[row], kind="stable")[:n_best]
        _draw_seen(row_axes[0], gallery[truth[row]], found[row], n_gallery)
        for ax, column in zip(row_axes[1:], best, strict=True):
            words = f"{similarity[row, column]:.2f}"
            if names is not None:
                name = str(names[column]).replace("_", " ")  # where lines may break
                words = f"{fill(name, _LINE)}\n{words}"
            _draw(ax, gallery[column], words)
            if column == truth[row]:
                _frame(ax)
    chosen = f" ({queries})" if isinstance(queries, str) else ""
    axes[0, 0].set_title(f"seen{chosen}")
    for i, ax in enumerate(axes[0, 1:], start=1):
        ax.set_title(f"{i}." if i > 1 else "best")
    return finish(axes[0, 0], show)


def _check_lengths(n_gallery: int, **sequences: Sequence[Any] | None) -> None:
    for name, sequence in sequences.items():
        if sequence is not None and len(sequence) != n_gallery:
            raise ValueError(
                f"{name} must have one entry for each of the {n_gallery} columns of "
                f"similarity, got {len(sequence)}."
            )


def choose_rows(
    similarity: NDArray[Any],
    truth: NDArray[Any],
    queries: Sequence[int] | str | None,
    n_queries: int,
) -> NDArray[np.intp]:
    """Turn what was asked for into rows of the similarity matrix."""
    n_rows = len(similarity)
    if queries is None:
        spaced = np.linspace(0, n_rows - 1, min(n_queries, n_rows)).round()
        return np.unique(spaced).astype(np.intp)
    if isinstance(queries, str):
        return _order_rows(similarity, truth, queries)[:n_queries]
    rows = np.asarray(queries, dtype=np.intp)
    if len(rows) == 0 or rows.min() < 0 or rows.max() >= n_rows:
        raise ValueError(
            f"queries must name at least one of the {n_rows} rows of similarity, got "
            f"{rows.tolist()}."
        )
    return rows


def _order_rows(
    similarity: NDArray[Any], truth: NDArray[Any], queries: str
) -> NDArray[np.intp]:
    if queries not in ("best", "worst"):
        raise ValueError(
            f"queries must be rows of similarity, 'best', 'worst' or None, got "
            f"{queries!r}."
        )
    right = np.take_along_axis(similarity, truth[:, np.newaxis], axis=1)[:, 0]
    others = np.array(similarity, dtype=float)
    np.put_along_axis(others, truth[:, np.newaxis], -np.inf, axis=1)
    order = np.lexsort([others.max(axis=1) - right, ranks(similarity, truth)])
    return order if queries == "best" else order[::-1]


def _make_axes(axes: NDArray[Any] | None, shape: tuple[int, int]) -> NDArray[Any]:
    if axes is None:
        import matplotlib.pyplot as plt

        size = (1.25 * shape[1], 1.45 * shape[0] + 0.3)
        figure = plt.figure(figsize=size, layout="constrained")
        return figure.subplots(*shape, squeeze=False)
    axes = np.asarray(axes, dtype=object)
    if axes.shape != shape:
        raise ValueError(f"axes must have the shape {shape}, got {axes.shape}.")
    return axes


def _draw(ax: Axes, picture: Any, words: str) -> None:
    ax.imshow(_pixels(picture))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlabel(words, fontsize="small")
    ax.spines[:].set_visible(False)


def _draw_seen(ax: Axes, picture: Any, rank: float, n_gallery: int) -> None:
    _draw(ax, picture, f"rank {rank:g} of {n_gallery}")


def _frame(ax: Axes) -> None:
    ax.spines[:].set(visible=True, color=GREEN, linewidth=3)
    ax.text(
        0.95,
        0.95,
        "✓",
        transform=ax.transAxes,
        ha="right",
        va="top",
        color="white",
        weight="bold",
        bbox={"boxstyle": "circle,pad=0.15", "facecolor": GREEN, "edgecolor": "white"},
    )


def _pixels(picture: Any) -> NDArray[Any]:
    from PIL import Image, ImageOps

    if isinstance(picture, str) or hasattr(picture, "__fspath__"):
        with Image.open(picture) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    return np.asarray(picture)
