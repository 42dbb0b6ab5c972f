"""One test: the test set, loaded after the fit, used once, and made a row."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .._provenance import versions
from ..retrieval import score_similarity
from ..search import LayerSearchCV
from ._fingerprint import fitted_digest, say

if TYPE_CHECKING:
    from ._fit import Fitted
    from ._plan import Job
    from ._trials import Trials

Row = dict[str, Any]
Arrays = dict[str, np.ndarray]

CURVES = ("train_loss", "test_loss", "test_top1")


def describe_fit(job: Job, fitted: Fitted, n_train: int) -> tuple[Row, Arrays]:
    """Say what was fitted, before there is a test set.

    Parameters
    ----------
    job : Job
        The fit.
    fitted : Fitted
        What was learned.
    n_train : int
        Number of training trials.

    Returns
    -------
    row : dict
        The columns that the test does not matter to.
    arrays : dict of str to array
        Training curves.
    """
    decoder, watch = fitted.decoder, fitted.watch
    history, layer = decoder.history_, decoder.layer_
    backbone = decoder.backbone_ or decoder._load_backbone()
    epoch = watch.best_epoch if watch is not None else None
    row = job.columns | {
        "is_simulated": job.recordings.is_simulated,
        "calibration": "none",
        "transductive": False,
        "layer": "+".join(layer) if isinstance(layer, list) else layer,
        "pooling": decoder.pooling,
        "layer_rule": _layer_rule(job),
        "epoch": len(history) if epoch is None else epoch,
        "n_train": n_train,
        "n_adapt": 0 if fitted.own is None else len(fitted.own),
        "fit_seconds": fitted.seconds,
        "backbone": backbone.name,
        "weights_revision": str(backbone.weights_revision),
        "encoder": "ridge" if decoder.solver == "ridge" else say(decoder.encoder),
        "device": decoder.device_,
        "precision": decoder.precision_,
        "versions": _versions(),
        "digest": fitted_digest(decoder, fitted.search),
    }
    return row, _curves(history)


def score_fit(
    job: Job, fitted: Fitted, test: Trials, keep: str | None
) -> tuple[Row, Arrays]:
    """Test what was fitted.

    Parameters
    ----------
    job : Job
        The fit.
    fitted : Fitted
        What was learned.
    test : Trials
        The test set.
    keep : ``"similarity"`` | ``"embeddings"`` | None
        What is kept beside the scores.

    Returns
    -------
    row : dict
        The scores.
    arrays : dict of str to array
        What is kept.
    """
    from ..features import open_images

    start = time.perf_counter()
    pictures = open_images(test.images, test.image_root, verify=False)
    gallery, truth = list(pictures.names), np.asarray(pictures.index)
    concepts = np.array(test.concepts)[_first_rows(truth)]
    similarity = fitted.decoder.decision_function(test.X, gallery)
    categories = _categories(job.recordings.categories, concepts)
    row: Row = {"n_queries": len(truth), "n_gallery": len(gallery)}
    row |= score_similarity(similarity, truth, categories=categories)
    row["score_seconds"] = time.perf_counter() - start
    if keep is None:
        return row, {}
    arrays = {"similarity": similarity, "truth": truth}
    arrays |= {"gallery": np.array(gallery), "concepts": concepts}
    if categories is not None:
        arrays["categories"] = np.array(categories)
    if keep == "embeddings":
        arrays["queries"] = fitted.decoder.transform(test.X)
        arrays["images"] = fitted.decoder.transform_images(gallery)
    return row, arrays


@lru_cache
def _versions() -> str:
    return json.dumps(versions())


def _layer_rule(job: Job) -> str:
    if isinstance(job.recipe.decoder, LayerSearchCV):
        return "search" if job.selection == "train" else "test"
    is_auto = isinstance(job.decoder.layer, str) and job.decoder.layer == "auto"
    return "auto" if is_auto else "given"


def _curves(history: Sequence[Mapping[str, Any]]) -> Arrays:
    curves = {
        name: np.array([epoch.get(name, np.nan) for epoch in history], float)
        for name in CURVES
    }
    return {name: curve for name, curve in curves.items() if not np.isnan(curve).all()}


def _first_rows(index: np.ndarray) -> np.ndarray:
    return np.unique(index, return_index=True)[1]


def _categories(
    categories: Mapping[str, str] | None, concepts: np.ndarray
) -> list[str] | None:
    if categories is None:
        return None
    unknown = sorted({one for one in concepts.tolist() if one not in categories})
    if unknown:
        raise ValueError(
            f"categories of the recordings lack {len(unknown)} concepts of the test "
            f"set: {', '.join(unknown[:5])}. Name the category of every concept, or "
            "give categories=None."
        )
    return [categories[one] for one in concepts.tolist()]
