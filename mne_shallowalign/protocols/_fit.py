"""One fit: learn from the training trials, and never from the test set."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, clone

from .._search_candidates import layers_to_compare
from ..search import LayerSearchCV
from ._trials import Trials, load_calibration, load_test

if TYPE_CHECKING:
    from ..decoder import ShallowAlignDecoder
    from ._plan import Job
    from ._watch import TestWatch


@dataclass(frozen=True)
class Fitted:
    """What was learned.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    own : Trials | None
        The trials of the person that it was adapted to.
    search : LayerSearchCV | None
        The search that chose its layer.
    watch : TestWatch | None
        What looked at the test set meanwhile.
    seconds : float
        How long it took.
    """

    decoder: ShallowAlignDecoder
    own: Trials | None
    search: LayerSearchCV | None
    watch: TestWatch | None
    seconds: float


def fit_job(job: Job, train: Trials, watch_test: bool = False) -> Fitted:
    """Fit a recipe as a protocol says, choosing on training concepts.

    Parameters
    ----------
    job : Job
        The fit.
    train : Trials
        What it learns from.
    watch_test : bool
        Whether the score on the test set is recorded after every epoch.

    Returns
    -------
    fitted : Fitted
        What was learned.
    """
    start = time.perf_counter()
    estimator, search = _prepare(job), None
    if isinstance(estimator, LayerSearchCV):
        search = estimator.set_params(refit=False)
        search.fit(train.X, train.images, groups=train.concepts)
        estimator = clone(search.decoder).set_params(**search.best_params_)
    watch = _watch(job, keep_best=False) if watch_test else None
    own = _fit_decoder(job, estimator, train, watch)
    return Fitted(estimator, own, search, watch, time.perf_counter() - start)


def fit_on_others(job: Job, train: Trials) -> Fitted:
    """Fit what is adapted afterwards, to one number of minutes or another.

    Parameters
    ----------
    job : Job
        The fit.
    train : Trials
        The training trials of the others.

    Returns
    -------
    fitted : Fitted
        What was learned from them.
    """
    return fit_job(replace(job, case=replace(job.case, minutes=None)), train)


def adapt(job: Job, fitted: Fitted) -> Fitted:
    """Go on training on the first minutes of the person.

    Parameters
    ----------
    job : Job
        The fit; its case has minutes.
    fitted : Fitted
        What was learned from the others, which stays as it is.

    Returns
    -------
    adapted : Fitted
        What was learned from them and from the person.
    """
    start = time.perf_counter()
    decoder = copy.deepcopy(fitted.decoder)
    own = _go_on(job, decoder)
    seconds = fitted.seconds + time.perf_counter() - start
    return replace(fitted, decoder=decoder, own=own, seconds=seconds)


def fit_candidates(job: Job, train: Trials) -> Iterator[Fitted]:
    """Fit every layer and pooling of a recipe, each at its best epoch by the test set.

    Parameters
    ----------
    job : Job
        The fit.
    train : Trials
        What it learns from.

    Yields
    ------
    fitted : Fitted
        What was learned with one of them.
    """
    for estimator in _candidates(_prepare(job), train):
        start = time.perf_counter()
        watch = _watch(job, keep_best=True)
        own = _fit_decoder(job, estimator, train, watch)
        yield Fitted(estimator, own, None, watch, time.perf_counter() - start)


def _prepare(job: Job) -> Any:
    """Clone the estimator of a recipe, with a seed and the folder of the pictures."""
    estimator = clone(job.recipe.decoder)
    params: dict[str, Any] = {}
    for name, value in estimator.get_params(deep=True).items():
        if name.endswith("random_state"):
            params[name] = job.seed
        elif name.split("__")[-1] == "image_root" and value is None:
            params[name] = job.recordings.image_root
    return estimator.set_params(**params)


def _candidates(estimator: BaseEstimator, train: Trials) -> list[Any]:
    if not isinstance(estimator, LayerSearchCV):
        return [estimator]
    decoder = estimator.decoder
    decoder.backbone_ = decoder._load_backbone()
    layers, _ = layers_to_compare(estimator.layers, decoder, train.images)
    return [
        clone(decoder).set_params(layer=layer, pooling=pooling)
        for pooling, layer in product(estimator.poolings or [decoder.pooling], layers)
    ]


def _watch(job: Job, keep_best: bool) -> TestWatch:
    from ._watch import TestWatch

    return TestWatch(load_test(job), keep_best)


def _fit_decoder(
    job: Job, decoder: ShallowAlignDecoder, train: Trials, watch: TestWatch | None
) -> Trials | None:
    """Fit a decoder, and adapt it if there are minutes to adapt it to."""
    is_first_of_two = job.case.minutes is not None
    if watch is not None:
        watch.attach(decoder)
        watch.asleep = is_first_of_two
    decoder.fit(train.X, train.images, groups=train.concepts)
    if not is_first_of_two:
        return None
    if watch is not None:
        watch.asleep = False
    return _go_on(job, decoder)


def _go_on(job: Job, decoder: ShallowAlignDecoder) -> Trials:
    own = load_calibration(job)
    decoder.set_params(warm_start=True, **job.protocol.adaptation)
    decoder.fit(own.X, own.images, groups=own.concepts)
    return own
