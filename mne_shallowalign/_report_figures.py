"""What a report draws, and what it says of each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import viz

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from ._evaluation import Evaluation
    from .decoder import ShallowAlignDecoder

_MAX_CATEGORIES = 30  # more names than that are not legible in one matrix


class Drawing(NamedTuple):
    """A figure that is yet to be drawn."""

    title: str
    """Its heading."""
    caption: str
    """What to know when looking at it."""
    alt: str
    """What is there to see, for those who do not see it."""
    draw: Callable[[], Figure]
    """Makes the figure."""


def layer_drawing(
    scores: DataFrame, marks: Mapping[str, str] | None, bands: str
) -> Drawing:
    """Draw accuracy by layer.

    Parameters
    ----------
    scores : DataFrame
        As for :func:`mne_shallowalign.viz.plot_layer_curve`.
    marks : mapping of str to str | None
        Words to write at layers.
    bands : str
        What the bands are.

    Returns
    -------
    drawing : Drawing
        The layer curve.
    """
    best_row: Any = scores["top1"].idxmax()
    best = scores.loc[best_row]
    return Drawing(
        "Layer curve",
        "Share of held-out trials whose picture ranks first (top-1) or among the first "
        "five (top-5), by layer of the vision model. "
        f"Bands: {bands}. Dashed: guessing.",
        f"Line plot of accuracy against layer; top-1 is highest, {best['top1']:.0%}, "
        f"at layer {best['layer']}.",
        partial(viz.plot_layer_curve, scores, marks=marks, show=False),
    )


def evaluation_drawings(evaluation: Evaluation) -> Iterator[Drawing]:
    """List the figures of queries and candidates.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.

    Yields
    ------
    drawing : Drawing
        Retrieval grids where there are pictures, the similarity matrix, the confusion
        of categories where there are categories, and the shared space where embeddings
        were kept.
    """
    if evaluation.pictures is not None:
        yield from _grids(evaluation, evaluation.pictures)
    yield _similarity(evaluation)
    if evaluation.has_categories and _n_categories(evaluation) <= _MAX_CATEGORIES:
        yield _confusion(evaluation)
    queries, images = evaluation.queries, evaluation.images
    if queries is not None and images is not None and min(queries.shape) > 2:
        yield _shared_space(queries, images[evaluation.truth])


def decoder_drawings(decoder: ShallowAlignDecoder) -> Iterator[Drawing]:
    """List the figures of how a decoder was trained.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.

    Yields
    ------
    drawing : Drawing
        The weights of its layers if there are several, and the loss by epoch if it was
        trained in epochs.
    """
    if isinstance(decoder.layer_, list) and decoder.fusion != "concat":
        yield _layer_weights(decoder.layer_weights_)
    history = decoder.history_
    losses = {
        name: history[:, name]
        for name in ("train_loss", "valid_loss")
        if len(history) > 1 and name in history[0]
    }
    if losses:
        yield training_drawing(losses)


def training_drawing(losses: Mapping[str, Any]) -> Drawing:
    """Draw loss by epoch.

    Parameters
    ----------
    losses : mapping of str to array-like, shape (n_epochs,)
        ``train_loss`` and, where known, ``valid_loss`` and ``test_loss``.

    Returns
    -------
    drawing : Drawing
        The training curves.
    """
    import pandas as pd

    history = pd.DataFrame(dict(losses))
    first, last = history["train_loss"].iloc[[0, -1]]
    return Drawing(
        "Training",
        "Contrastive loss after each pass over the training trials.",
        f"Line plot of the training loss, which goes from {first:.2f} to {last:.2f} "
        f"nats in {len(history)} epochs.",
        partial(
            viz.plot_training_curves,
            history.assign(layer="loss", epoch=np.arange(1, len(history) + 1)),
            show=False,
        ),
    )


def _grids(evaluation: Evaluation, pictures: Sequence[Any]) -> Iterator[Drawing]:
    chosen = {
        None: (
            "Retrieval",
            "evenly spaced over the test trials, not selected",
        ),
        "best": (
            "Best queries",
            "those whose picture ranks highest",
        ),
        "worst": ("Worst queries", "those whose picture ranks last"),
    }
    for queries, (title, which) in chosen.items():
        yield Drawing(
            title,
            "Each row is a test trial: the picture seen, then the candidates that the "
            "signal resembles most, with their cosine similarity. The right one has a "
            f"frame and a check mark. The queries are {which}.",
            f"Grid of pictures: in each row a picture that was seen, then the most "
            f"similar candidates; the rows are {which}.",
            partial(
                viz.plot_retrieval_grid,
                evaluation.similarity,
                evaluation.truth,
                pictures,
                names=evaluation.concepts,
                queries=queries,
                show=False,
            ),
        )


def _similarity(evaluation: Evaluation) -> Drawing:
    is_legible = evaluation.has_categories and (
        _n_categories(evaluation) <= _MAX_CATEGORIES
    )
    names = evaluation.categories if is_legible else ["all"] * len(evaluation.gallery)
    right = np.take_along_axis(
        evaluation.similarity, evaluation.truth[:, np.newaxis], axis=1
    ).mean()
    return Drawing(
        "Similarity",
        "Cosine similarity of every query (rows) and every candidate (columns), "
        "ordered by concept; where decoding works, the diagonal is bright.",
        f"Heat map of queries by candidates; similarity to the right picture is "
        f"{right:.2f} on average, to all pictures {evaluation.similarity.mean():.2f}.",
        partial(
            viz.plot_similarity,
            evaluation.similarity,
            evaluation.truth,
            names,
            show=False,
        ),
    )


def _confusion(evaluation: Evaluation) -> Drawing:
    return Drawing(
        "Confusion",
        "How often the best candidate is of the concept of the picture seen "
        "(diagonal), or of another.",
        f"Heat map of {_n_categories(evaluation)} concepts seen by concepts retrieved.",
        partial(
            viz.plot_confusion,
            evaluation.similarity,
            evaluation.truth,
            evaluation.categories,
            show=False,
        ),
    )


def _shared_space(queries: NDArray[Any], pictures: NDArray[Any]) -> Drawing:
    return Drawing(
        "Shared space",
        "Recordings and their pictures in the space that they share, along its two "
        "principal components; a line joins each pair.",
        f"Scatter plot of {len(pictures)} recordings, each joined to its picture by a "
        "line.",
        partial(
            viz.plot_shared_space,
            queries,
            pictures,
            method="pca",
            show=False,
        ),
    )


def _layer_weights(weights: Any) -> Drawing:
    return Drawing(
        "Layer weights",
        "How much each of the fused layers counts; dashed: all alike.",
        f"Bar plot of {len(weights)} layers; {weights.idxmax()} counts most, "
        f"{weights.max():.0%}.",
        partial(viz.plot_layer_weights, weights, show=False),
    )


def _n_categories(evaluation: Evaluation) -> int:
    return len(set(evaluation.categories))
