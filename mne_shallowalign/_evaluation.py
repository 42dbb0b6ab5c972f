"""What a fitted decoder finds for trials that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._checks import check_lengths, metadata_column
from .features._gallery import as_sequence, is_pictures
from .features._read_gallery import identify, picture_names
from .retrieval import (
    chance_level,
    concept_accuracy,
    concept_chance,
    ranks,
    score_interval,
    score_similarity,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Queries, candidates and how alike they are.

    Parameters
    ----------
    similarity : array, shape (n_queries, n_gallery)
        Cosine similarities.
    truth : array of int, shape (n_queries,)
        The column of the right picture of each query.
    gallery : sequence of str, shape (n_gallery,)
        Names of the candidates.
    concepts : sequence of str, shape (n_gallery,) | None
        Their concepts, where known.
    pictures : sequence of path | PIL.Image | array | None
        The candidates themselves, where there are pictures.
    queries : array, shape (n_queries, n_components) | None
        The queries in the shared space.
    images : array, shape (n_gallery, n_components) | None
        The candidates in the shared space.
    """

    similarity: NDArray[Any]
    truth: NDArray[np.intp]
    gallery: Sequence[str]
    concepts: Sequence[str] | None = None
    pictures: Sequence[Any] | None = None
    queries: NDArray[Any] | None = None
    images: NDArray[Any] | None = None

    @property
    def categories(self) -> list[str]:
        """The concepts; none where they are not known."""
        return list(self.concepts or ())

    @property
    def has_categories(self) -> bool:
        """Whether some concept has several candidates, and some has not all."""
        found = len(set(self.categories))
        return 1 < found < len(self.gallery)


def evaluate(decoder: ShallowAlignDecoder, epochs: Any, images: Any) -> Evaluation:
    """Compare every trial with every unique picture among those that were shown.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    epochs : Epochs | array, shape (n_epochs, n_channels, n_times)
        The queries. Concepts are those of the column ``concept`` of their metadata.
    images : sequence of path | list of PIL.Image | array
        The image of every epoch, as in :meth:`ShallowAlignDecoder.fit`.

    Returns
    -------
    evaluation : Evaluation
        What was found.

    Raises
    ------
    ValueError
        If the numbers of epochs and images differ, or for the reasons of
        :meth:`ShallowAlignDecoder.transform`.
    """
    images = as_sequence(images)
    queries = decoder.transform(epochs)
    check_lengths(len(queries), len(images))
    _, first, index = np.unique(
        identify(images, decoder.image_root), return_index=True, return_inverse=True
    )
    rows = np.sort(first)  # candidates in order of first appearance
    candidates = _take(images, rows)
    embedded = decoder.transform_images(candidates)
    concepts = metadata_column(epochs, "concept")
    return Evaluation(
        similarity=queries @ embedded.T,
        truth=np.argsort(np.argsort(first))[index],
        gallery=[str(name) for name in picture_names(images)[rows]],
        concepts=None if concepts is None else [str(concepts[row]) for row in rows],
        pictures=_open(decoder, candidates),
        queries=queries,
        images=embedded,
    )


def measure(evaluation: Evaluation) -> DataFrame:
    """Compute every metric with its interval and its chance level.

    Parameters
    ----------
    evaluation : Evaluation
        Queries and candidates.

    Returns
    -------
    metrics : DataFrame
        One row a metric: ``metric`` (those of
        :func:`mne_shallowalign.retrieval.score_similarity`), ``value``, ``low`` and
        ``high`` (95 % interval over pictures, see
        :func:`mne_shallowalign.retrieval.score_interval`; of the median, over queries,
        :func:`scipy.stats.quantile_test`), ``chance``, ``n_queries`` and
        ``n_gallery``.

    Raises
    ------
    ValueError
        If there are fewer than two candidates.
    """
    import pandas as pd

    categories = evaluation.concepts if evaluation.has_categories else None
    scores = score_similarity(
        evaluation.similarity, evaluation.truth, categories=categories
    )
    bounds = _bounds(evaluation)
    chance = _chance(evaluation)
    rows = [
        (name, value, *bounds[name], chance[name]) for name, value in scores.items()
    ]
    table = pd.DataFrame(rows, columns=["metric", "value", "low", "high", "chance"])
    n_queries, n_gallery = evaluation.similarity.shape
    return table.assign(n_queries=n_queries, n_gallery=n_gallery)


def score_row(metrics: DataFrame) -> DataFrame:
    """Write accuracies as the one row that describes a result.

    Parameters
    ----------
    metrics : DataFrame
        What :func:`measure` returned.

    Returns
    -------
    scores : DataFrame
        One row with the columns ``top1``, ``top1_low``, ``top1_high``, ``chance1``,
        the same for ``top5``, ``n_queries`` and ``n_gallery``.
    """
    import pandas as pd

    by_name = metrics.set_index("metric")
    row = {name: metrics[name].iloc[0] for name in ("n_queries", "n_gallery")}
    for k in (1, 5):
        value, low, high, chance = by_name.loc[
            f"top{k}", ["value", "low", "high", "chance"]
        ]
        row |= {f"top{k}": value, f"top{k}_low": low, f"top{k}_high": high}
        row |= {f"chance{k}": chance}
    return pd.DataFrame([row])


def _bounds(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Bounds over pictures; those of ranks follow from the share of pairs won."""
    from scipy.stats import quantile_test

    found = ranks(evaluation.similarity, evaluation.truth)
    others = evaluation.similarity.shape[1] - 1

    def over_pictures(values: NDArray[Any]) -> tuple[float, float]:
        return score_interval(values, images=evaluation.truth)[1:]

    two_way = over_pictures(1 - (found - 1) / others)
    median = quantile_test(found, q=np.median(found)).confidence_interval(0.95)
    bounds = {f"top{k}": over_pictures(found <= k) for k in (1, 5)}
    bounds |= {"mrr": over_pictures(1 / found), "two_way": two_way}
    bounds["mean_rank"] = (1 + others * (1 - two_way[1]), 1 + others * (1 - two_way[0]))
    bounds["median_rank"] = (float(median.low), float(median.high))
    if evaluation.has_categories:
        bounds["concept5"] = over_pictures(_concept_shares(evaluation))
    return bounds


def _concept_shares(evaluation: Evaluation) -> NDArray[np.float64]:
    """Concept accuracy of every single query."""
    pairs = zip(evaluation.similarity, evaluation.truth, strict=True)
    return np.array(
        [
            concept_accuracy([row], [right], evaluation.categories)
            for row, right in pairs
        ]
    )


def _chance(evaluation: Evaluation) -> dict[str, float]:
    n = evaluation.similarity.shape[1]
    middle = (n + 1) / 2
    chance = {f"top{k}": chance_level(n, k) for k in (1, 5)}
    chance |= {"mean_rank": middle, "median_rank": middle, "two_way": 0.5}
    chance["mrr"] = float(np.mean(1 / np.arange(1, n + 1)))
    if evaluation.has_categories:
        chance["concept5"] = concept_chance(evaluation.truth, evaluation.categories)
    return chance


def _take(images: Any, rows: NDArray[np.intp]) -> Any:
    if isinstance(images, np.ndarray):
        return images[rows]
    return [images[row] for row in rows]


def _open(decoder: ShallowAlignDecoder, candidates: Any) -> list[Any] | None:
    """Find something to draw of every candidate: of a picture set, its first."""
    if not is_pictures(candidates):
        return None
    from .features import open_images

    opened = open_images(candidates, decoder.image_root, verify=False)
    return [opened.members(i)[0] for i in opened.index]
