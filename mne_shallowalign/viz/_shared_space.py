"""Recordings and pictures as points of the space that they share."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import finish, legend_outside, open_axes, open_frame
from ._style import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_METHODS = ("auto", "umap", "pca")


def plot_shared_space(
    queries: ArrayLike,
    images: ArrayLike,
    *,
    method: str = "auto",
    random_state: int = 0,
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot queries and their pictures in the shared space, a line for each pair.

    Parameters
    ----------
    queries : array-like, shape (n_queries, n_components)
        Recordings in the shared space, for instance from ``decoder.transform(X)``.
    images : array-like, shape (n_queries, n_components)
        The picture of each query in the shared space, for instance from
        ``decoder.transform_images(images)``.
    method : str
        How to draw many dimensions in two: ``"umap"`` (of cosine distances; needs the
        package umap-learn), ``"pca"``, or ``"auto"`` (default), UMAP where it is
        installed and else PCA. The title says which.
    random_state : int
        The seed of UMAP. Default 0.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure, as Figures 5 and 9 of the paper. Both methods see the rows of both
        modalities at once, scaled to length one.

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than three pairs, a value is not finite,
        or ``method`` is not known.
    ImportError
        If ``method="umap"`` and umap-learn is not installed.
    """
    queries, images = np.asarray(queries, float), np.asarray(images, float)
    _check_pairs(queries, images)
    method = _choose_method(method)
    rows = _unit(np.concatenate([queries, images]))
    points, labels = _pca(rows) if method == "PCA" else _umap(rows, random_state)
    axes = open_axes(axes, (6.2, 5))
    _draw_pairs(axes, *np.split(points, 2))
    axes.set(xlabel=labels[0], ylabel=labels[1], xticks=[], yticks=[])
    axes.set_title(f"{method} of {len(queries)} pairs", fontsize="medium")
    open_frame(axes)
    return finish(axes, show)


def _check_pairs(queries: NDArray[Any], images: NDArray[Any]) -> None:
    if queries.ndim != 2 or queries.shape != images.shape or len(queries) < 3:
        raise ValueError(
            "queries and images must both have the shape (n_queries, n_components), "
            f"with at least three rows, got {queries.shape} and {images.shape}."
        )
    if not (np.isfinite(queries).all() and np.isfinite(images).all()):
        raise ValueError("queries and images must be finite.")


def _choose_method(method: str) -> str:
    if method not in _METHODS:
        raise ValueError(
            f"method must be one of {', '.join(map(repr, _METHODS))}, got {method!r}."
        )
    installed = find_spec("umap") is not None
    if method == "umap" and not installed:
        raise ImportError(
            "method='umap' needs the package umap-learn (pip install umap-learn); "
            "method='pca' does not."
        )
    return "UMAP" if installed and method != "pca" else "PCA"


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1, lengths)


def _umap(rows: NDArray[Any], seed: int) -> tuple[NDArray[Any], list[str]]:
    from umap import UMAP

    n_neighbors = min(15, len(rows) - 1)  # UMAP's default, where there are so many
    embedding = UMAP(
        n_neighbors=n_neighbors, metric="cosine", random_state=seed, n_jobs=1
    )
    return embedding.fit_transform(rows), ["UMAP 1", "UMAP 2"]


def _pca(rows: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    from sklearn.decomposition import PCA

    pca = PCA(2, svd_solver="full")
    points = pca.fit_transform(rows)
    shares = zip("12", pca.explained_variance_ratio_, strict=True)
    return points, [f"component {i} ({share:.0%} of variance)" for i, share in shares]


def _draw_pairs(axes: Axes, queries: NDArray[Any], images: NDArray[Any]) -> None:
    from matplotlib.collections import LineCollection

    pairs = LineCollection(
        list(np.stack([queries, images], axis=1)),
        colors=GREY,
        linewidths=0.5,
        alpha=0.4,
        zorder=0,
    )
    axes.add_collection(pairs)
    axes.scatter(
        queries[:, 0], queries[:, 1], s=18, color=BLUE, marker="o", label="recordings"
    )
    axes.scatter(
        images[:, 0],
        images[:, 1],
        s=18,
        color=ORANGE,
        marker="^",
        edgecolor="black",
        linewidth=0.3,
        label="pictures",
    )
    legend_outside(axes)
