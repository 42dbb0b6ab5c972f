"""LayerSearchCV: which layer, chosen without leaking."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from numbers import Real
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
from mne import BaseEpochs
from mne.utils import logger, use_log_level
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._decoder_training import tell_few_trials
from ._scalars import check_counts, check_flags
from ._search_candidates import layers_to_compare, read_candidates
from ._search_folds import make_folds
from ._search_jobs import Trials, random_states, run_one_by_one
from ._search_results import MEASURES, Outcome, RankScorer, tabulate
from ._search_ridge import run_ridge
from ._search_stacks import run_stacked, why_not_stacked
from .decoder import ShallowAlignDecoder
from .features._gallery import Layer, as_sequence, is_pictures
from .retrieval import chance_level

if TYPE_CHECKING:
    from typing import Self

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

DEFAULT_MEASURE = "mean_rank"


def _is_refitted(search: LayerSearchCV) -> bool:
    return search.refit


def _delegate(name: str) -> Any:
    """Make the method that asks the refitted decoder."""

    @available_if(_is_refitted)
    @wraps(getattr(ShallowAlignDecoder, name))
    def method(self: LayerSearchCV, *args: Any, **kwargs: Any) -> Any:
        check_is_fitted(self, "best_estimator_")
        return getattr(self.best_estimator_, name)(*args, **kwargs)

    return method


class LayerSearchCV(MetaEstimatorMixin, TransformerMixin, BaseEstimator):
    """Choose the layer of a decoder on held-out training concepts.

    Like :class:`sklearn.model_selection.GridSearchCV` over layers, poolings and seeds,
    but the decoders of all layers, folds and seeds are trained together, as one net
    with batched matrix products. Each learns what it would learn alone.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder; clones of it are fitted.
    layers : sequence of str | int | float | None
        The layers to compare, as the decoder's ``layer`` takes them; for features of
        shape ``(n, n_layers, n_features)``, positions on axis 1 from 1. None: ten,
        evenly spaced, or all if there are fewer (the probe of section 4.4), without
        ``"final"``.
    poolings : sequence of str | None
        The poolings to compare. None: that of the decoder.
    n_seeds : int
        How many decoders are fitted for each layer and fold, with different seeds;
        their scores are averaged. The first seed is the decoder's own. Default 1.
    cv : int | cross-validation generator | iterable | None
        None and integers: that many folds, five by default, of whole concepts.
        Concepts are ``groups`` or else the column ``concept`` of the metadata of
        Epochs, or else every image is its own. Copies and repetitions of an image
        always stay together. Splitters and iterables of splits are used as they are.
    scoring : ``"top1"`` | ``"top5"`` | ``"mrr"`` | ``"mean_rank"`` | callable | None
        What decides, computed among the unique images that a fold holds out: top-1
        or top-5 accuracy, mean reciprocal rank, minus the mean relative rank (0 is
        best, -0.5 is chance), or ``scorer(estimator, X, y)``, for which decoders are
        fitted one by one. None: ``"mean_rank"``, which finds the true layer of
        simulations with much noise most often, for it moves with every trial and
        not with those alone that are nearly right.
    refit : bool
        Whether to fit a decoder with the best layer on all training data. Default
        True.
    chunk_size : int | None
        The most decoders that are trained at a time. None: as many as fit in the
        memory of a CUDA device; on the CPU, where stacking saves overhead alone, as
        many as fit in 64 MiB. The result depends on it by rounding alone.
    error_score : ``"raise"`` | float
        The score of a decoder that cannot be fitted, such as one that diverges.
        Default NaN, with a warning.
    verbose : bool | str | int | None
        MNE's logging level during fit.

    Attributes
    ----------
    cv_results_ : dict of str to array
        As in scikit-learn: ``param_layer``, ``param_pooling``, ``params``,
        ``split0_test_score`` …, ``mean_test_score``, ``std_test_score``,
        ``rank_test_score`` and times; and the same columns for every measure, such as
        ``mean_test_top5``. With several seeds, scores of splits are means over seeds,
        and ``seed0_test_score`` … are means over splits. The fit time of decoders that
        were trained together is their share of it.
    best_layer_ : str | int
        The layer with the best mean score: its full name, or its position.
    best_pooling_ : str
        Its pooling.
    best_score_ : float
        Its mean score. The best of several scores is a little optimistic.
    best_index_ : int
        Its position in ``cv_results_``.
    best_params_ : dict
        Both, as parameters of the decoder.
    best_estimator_ : ShallowAlignDecoder
        The decoder that was refitted. Only with ``refit=True``.
    refit_time_ : float
        Seconds that refitting took. Only with ``refit=True``.
    scorer_ : callable
        ``scorer(estimator, X, y)`` of what decides.
    n_splits_ : int
        Number of folds.
    n_queries_, n_gallery_ : array of int, shape (n_splits,)
        Number of held-out trials, and of candidates to choose from.
    layer_depths_ : dict
        Relative depth of every layer; NaN for ``"final"``.
    n_features_in_ : int
        Number of channels.

    See Also
    --------
    ShallowAlignDecoder : The decoder.

    Notes
    -----
    The paper, like most of its peers, chooses the layer on the test set. Here, the
    test set is not there: give the search the training trials alone.

    Stacked and alone, decoders differ by rounding: by about 1e-6 of an embedding after
    training in float32. In bfloat16, which ``precision="auto"`` takes where the
    hardware has it, it is 1e-3 to 1e-2, more with a larger ``lr`` and fewer
    ``n_components``.

    With ``solver="ridge"`` nothing is trained: all layers share one factorisation of
    the signal of each fold. The scores are those of
    :class:`sklearn.model_selection.GridSearchCV` with the same folds and scoring, as
    long as every fit holds out the same groups where a penalty is chosen (``alpha``
    None, or several). The search hands ``groups`` on to every fit; a grid search does
    so with metadata routing alone (``decoder.set_fit_request(groups=True)``), or not
    at all, and then chooses penalties on held-out images unless X are Epochs whose
    metadata has ``concept``. It also splits and scores otherwise if it is not told:
    trials, not concepts, and by top-1.

    Decoders are trained one by one, with the same result, where they cannot be
    stacked: for encoders other than EEGProject, with ``net_params``, or with a
    callable ``scoring``. The log says so.

    Examples
    --------
    >>> import numpy as np
    >>> from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
    >>> rng = np.random.default_rng(0)
    >>> features = rng.standard_normal((200, 3, 8))  # of three layers
    >>> signal = features[:, 1] @ rng.standard_normal((8, 4 * 10))  # from the second
    >>> X = signal.reshape(200, 4, 10)  # epochs, channels, times
    >>> concepts = np.arange(200) // 4
    >>> decoder = ShallowAlignDecoder(lr=1e-2, n_components=8, random_state=0)
    >>> LayerSearchCV(decoder).fit(X, features, groups=concepts).best_layer_
    2
    """

    def __init__(
        self,
        decoder: ShallowAlignDecoder,
        layers: Sequence[Layer] | None = None,
        *,
        poolings: Sequence[str] | None = None,
        n_seeds: int = 1,
        cv: Any = None,
        scoring: str | Callable[[Any, Any, Any], float] | None = None,
        refit: bool = True,
        chunk_size: int | None = None,
        error_score: float | str = np.nan,
        verbose: bool | str | int | None = None,
    ) -> None:
        self.decoder = decoder
        self.layers = layers
        self.poolings = poolings
        self.n_seeds = n_seeds
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.chunk_size = chunk_size
        self.error_score = error_score
        self.verbose = verbose

    def fit(self, X: Any, y: Any, *, groups: Any = None, subjects: Any = None) -> Self:
        """Compare the layers, and refit the best.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The training signals.
        y : sequence of path | list of PIL.Image | array
            The image of every epoch, as in :meth:`ShallowAlignDecoder.fit`.
        groups : array-like, shape (n_epochs,) | None
            What must not be on both sides of a split, such as the concept.
        subjects : array-like, shape (n_epochs,) | None
            Whose epoch each is, for options that depend on it, as in
            :meth:`ShallowAlignDecoder.fit`.

        Returns
        -------
        self : LayerSearchCV
            The fitted search.

        Raises
        ------
        ValueError
            If the decoder cannot read the data, a parameter is wrong, or nothing can
            be held out.
        """
        with use_log_level(self.verbose):
            self._check_parameters()
            trials = self._read(X, y, groups, subjects)
            outcomes = self._run(trials, X, y)
            self._choose(trials, outcomes)
            if self.refit:
                self._refit(X, y, groups, subjects)
        return self

    def _check_parameters(self) -> None:
        if not isinstance(self.decoder, ShallowAlignDecoder):
            raise TypeError(
                f"decoder must be a ShallowAlignDecoder, got {self.decoder!r}."
            )
        if self.layers is not None and not _are_layers(self.layers):
            raise ValueError(
                "layers must be a sequence of layers, such as [2, 4, 6], or None; got "
                f"{self.layers!r}."
            )
        if self.poolings is not None and (
            np.ndim(self.poolings) != 1
            or not len(self.poolings)
            or not all(isinstance(pooling, str) for pooling in self.poolings)
        ):
            raise ValueError(
                "poolings must be a sequence of poolings, such as ['mean', 'cls'], or "
                f"None; got {self.poolings!r}."
            )
        check_flags(refit=self.refit)
        check_counts(n_seeds=self.n_seeds)
        if self.chunk_size is not None:
            check_counts(chunk_size=self.chunk_size)
        is_number = isinstance(self.error_score, Real)
        if isinstance(self.error_score, bool) or not (
            is_number or self.error_score == "raise"
        ):
            raise TypeError(
                "error_score must be 'raise' or a number, NaN included; got "
                f"{self.error_score!r}."
            )
        if not callable(self.scoring) and self.scoring not in (None, *MEASURES):
            raise ValueError(
                f"scoring must be one of {', '.join(map(repr, MEASURES))}, a callable "
                f"or None, got {self.scoring!r}."
            )
        self.decoder._check_parameters()

    @property
    def _measure(self) -> str:
        return "score" if callable(self.scoring) else self.scoring or DEFAULT_MEASURE

    # -- what there is to compare ------------------------------------------------

    def _read(self, X: Any, y: Any, groups: Any, subjects: Any = None) -> Trials:
        decoder = clone(self.decoder)
        signal = decoder._read_signal(X, reset=True)
        y = decoder._check_training_images(X, y, len(signal))
        labels = decoder._read_labels(X, groups, subjects, len(signal))
        decoder.backbone_ = decoder._load_backbone() if is_pictures(y) else None
        layers, self.layer_depths_ = layers_to_compare(self.layers, decoder, y)
        candidates = read_candidates(decoder, y, layers, self.poolings)
        folds = make_folds(self.cv, labels, candidates[0].gallery.index)
        states = random_states(decoder.random_state, self.n_seeds)
        self.n_features_in_ = decoder.n_features_in_
        if hasattr(decoder, "feature_names_in_"):
            self.feature_names_in_ = decoder.feature_names_in_
        return Trials(decoder, signal, labels, candidates, folds, states)

    # -- comparing ---------------------------------------------------------------

    def _run(self, trials: Trials, X: Any, y: Any) -> np.ndarray:
        """Fit everything; return outcomes (n_candidates, n_splits, n_seeds)."""
        shape = len(trials.candidates), len(trials.folds), len(trials.states)
        outcomes = np.empty(shape, dtype=object)
        jobs = self._jobs(trials, X, y)
        for job, outcome in _progress(jobs, outcomes.size):
            outcomes[job] = outcome
        reasons = [outcome.reason for outcome in outcomes.flat if outcome.failed]
        n_failed = len(reasons)
        if n_failed == outcomes.size:
            raise ValueError(
                f"All {n_failed} fits failed, the first with: {reasons[0]} "
                "(error_score='raise' shows where.)"
            )
        if n_failed:
            warn(
                f"{n_failed} of {outcomes.size} fits failed, and count as "
                f"{self.error_score}; the first with: {reasons[0]} "
                "(error_score='raise' shows where.)",
                FitFailedWarning,
                stacklevel=3,
            )
        return outcomes

    def _jobs(
        self, trials: Trials, X: Any, y: Any
    ) -> Iterator[tuple[tuple[int, int, int], Outcome]]:
        scorer, scoring = None, self.scoring
        if trials.decoder.solver == "ridge" and not callable(scoring):
            logger.info(
                "Comparing %d layers on %d folds in closed form.",
                len(trials.candidates),
                len(trials.folds),
            )
            return run_ridge(trials, self.error_score)
        if callable(scoring):
            reason: str | None = "scoring is a function"

            def scorer(fitted: ShallowAlignDecoder, rows: np.ndarray) -> float:
                return scoring(fitted, _take(X, rows), _take(as_sequence(y), rows))

        else:
            reason = why_not_stacked(trials)
        logger.info(
            "Fitting %d layers on %d folds with %d seed(s), %s.",
            len(trials.candidates),
            len(trials.folds),
            len(trials.states),
            "stacked" if reason is None else f"one by one, for {reason}",
        )
        if reason is None:
            n_trials = max(len(train) for train, _ in trials.folds)
            tell_few_trials(trials.decoder, n_trials)  # others tell it themselves
            return run_stacked(trials, self.chunk_size, self.error_score)
        return run_one_by_one(trials, scorer, self.error_score)

    def _choose(self, trials: Trials, outcomes: np.ndarray) -> None:
        params = [candidate.params for candidate in trials.candidates]
        index = trials.candidates[0].gallery.index
        tests = [test for _, test in trials.folds]
        self.n_splits_ = len(tests)
        self.n_queries_ = np.array([len(test) for test in tests])
        self.n_gallery_ = np.array([len(np.unique(index[test])) for test in tests])
        self.scorer_ = (
            self.scoring if callable(self.scoring) else RankScorer(self._measure)
        )
        self.cv_results_ = tabulate(params, outcomes, self._measure)
        self.best_index_ = int(self.cv_results_["rank_test_score"].argmin())
        self.best_params_ = params[self.best_index_]
        self.best_layer_ = self.best_params_["layer"]
        self.best_pooling_ = self.best_params_["pooling"]
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        logger.info(
            "Of %d candidates, %s is best: %s %.3f, top-1 %.3f.",
            len(params),
            self.best_layer_,
            self._measure,
            self.best_score_,
            self.cv_results_["mean_test_top1"][self.best_index_],
        )

    def _refit(self, X: Any, y: Any, groups: Any, subjects: Any) -> None:
        start = time.perf_counter()
        decoder = clone(self.decoder).set_params(**self.best_params_)
        self.best_estimator_ = decoder.fit(X, y, groups=groups, subjects=subjects)
        self.refit_time_ = time.perf_counter() - start

    # -- the result --------------------------------------------------------------

    def plot(
        self,
        *,
        pooling: str | None = None,
        axes: Axes | None = None,
        show: bool = True,
    ) -> Figure:
        """Plot held-out accuracy against the depth of the layer.

        Parameters
        ----------
        pooling : str | None
            The pooling. None: the best.
        axes : matplotlib.axes.Axes | None
            Where to plot. None (default) makes a figure.
        show : bool
            Whether to show the figure. Default True.

        Returns
        -------
        figure : matplotlib.figure.Figure
            Mean top-1 and top-5 accuracy over folds, with a band of one standard
            deviation to either side.
        """
        from .viz import plot_layer_curve

        check_is_fitted(self, "cv_results_")
        scores = self._curve(pooling or self.best_pooling_)
        marks = {str(self.best_layer_): "chosen"}
        return plot_layer_curve(scores, marks=marks, axes=axes, show=show)

    def _curve(self, pooling: str) -> DataFrame:
        import pandas as pd

        results = pd.DataFrame(self.cv_results_)
        results = results[results["param_pooling"] == pooling]
        if not len(results):
            raise ValueError(
                f"pooling={pooling!r} was not compared, only "
                f"{', '.join(map(repr, set(self.cv_results_['param_pooling'])))}."
            )
        layers = results["param_layer"]
        curve = {"layer": layers.map(str), "depth": layers.map(self.layer_depths_)}
        for k in (1, 5):
            mean, std = (results[f"{name}_test_top{k}"] for name in ("mean", "std"))
            chance = np.mean([chance_level(int(n), k) for n in self.n_gallery_])
            curve |= {f"top{k}": mean, f"chance{k}": chance}
            curve |= {f"top{k}_low": mean - std, f"top{k}_high": mean + std}
        curve["n_queries"] = self.n_queries_.sum()
        curve["n_gallery"] = self.n_gallery_.mean()
        return pd.DataFrame(curve)

    predict = _delegate("predict")
    transform = _delegate("transform")
    transform_images = _delegate("transform_images")
    decision_function = _delegate("decision_function")
    kneighbors = _delegate("kneighbors")
    ranks = _delegate("ranks")
    score = _delegate("score")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = self.decoder.__sklearn_tags__()
        tags.target_tags, tags.input_tags = inner.target_tags, inner.input_tags
        tags.transformer_tags = inner.transformer_tags
        tags.non_deterministic = inner.non_deterministic
        return tags


def _are_layers(layers: Any) -> bool:
    is_several = hasattr(layers, "__len__") and not isinstance(layers, str)
    return (
        is_several
        and len(layers) > 0
        and all(isinstance(layer, str | Real) for layer in layers)
    )


def _take(data: Any, rows: np.ndarray) -> Any:
    # scikit-learn would make a list of as many Epochs as there are
    return data[rows] if isinstance(data, BaseEpochs) else _safe_indexing(data, rows)


def _progress(jobs: Iterator[Any], n: int) -> Iterator[Any]:
    from tqdm.auto import tqdm

    silent = not logger.isEnabledFor(logging.INFO)
    return iter(tqdm(jobs, "Layers", n, delay=2, unit="fit", disable=silent))
