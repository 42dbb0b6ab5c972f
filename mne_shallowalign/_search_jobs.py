"""What a search has to fit, and how to fit it piece by piece."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from ._search_results import MEASURES, Outcome
from .retrieval import ranks

if TYPE_CHECKING:
    from ._decoder_input import TrialLabels
    from ._search_folds import Fold
    from .decoder import ShallowAlignDecoder
    from .features._gallery import Gallery

Job = tuple[int, int, int]  # candidate, fold and seed
Scorer = Callable[["ShallowAlignDecoder", np.ndarray], float]


@dataclass(frozen=True)
class Candidate:
    """A layer and a pooling to try.

    Parameters
    ----------
    params : dict
        What to set in the decoder.
    gallery : Gallery
        The images of all trials, with the features of this layer alone.
    """

    params: dict[str, Any]
    gallery: Gallery


@dataclass(frozen=True)
class Trials:
    """All that a search has.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A decoder that has read the signal but is not fitted.
    signal : array, shape (n_trials, n_channels, n_times)
        The signals.
    labels : TrialLabels
        What is known of each trial.
    candidates : sequence of Candidate
        What is compared.
    folds : sequence of (train, test)
        Row numbers.
    states : sequence of RandomState
        The ``random_state`` of a decoder, for each seed.
    """

    decoder: ShallowAlignDecoder
    signal: np.ndarray
    labels: TrialLabels
    candidates: Sequence[Candidate]
    folds: Sequence[Fold]
    states: Sequence[np.random.RandomState]

    def member(self, candidate: int, seed: int) -> ShallowAlignDecoder:
        """Make the decoder of a candidate and seed, which has read the signal."""
        member = copy.copy(self.decoder)
        member.set_params(**self.candidates[candidate].params)
        return member.set_params(random_state=copy.deepcopy(self.states[seed]))

    def crop(self, times: slice) -> Trials:
        """Leave out all time samples but some.

        Parameters
        ----------
        times : slice
            The samples to keep.

        Returns
        -------
        trials : Trials
            The same trials and images.
        """
        signal = self.signal[:, :, times]
        decoder = copy.copy(self.decoder)
        decoder.n_times_ = signal.shape[2]
        return replace(self, decoder=decoder, signal=signal)


def random_states(random_state: Any, n_seeds: int) -> list[np.random.RandomState]:
    """Make the random state of a decoder for each of several seeds.

    Parameters
    ----------
    random_state : int | RandomState | None
        That of the decoder, which the first seed has too.
    n_seeds : int
        How many.

    Returns
    -------
    states : list of RandomState
        As one ``RandomState`` is when it is given to so many decoders in turn.
    """
    if random_state is None:
        random_state = check_random_state(None).randint(np.iinfo(np.int32).max)
    state = check_random_state(copy.deepcopy(random_state))
    states = []
    for _ in range(n_seeds):
        states.append(copy.deepcopy(state))
        state.randint(np.iinfo(np.int32).max)
    return states


def run_one_by_one(
    trials: Trials, scorer: Scorer | None = None, error_score: float | str = np.nan
) -> Iterator[tuple[Job, Outcome]]:
    """Fit and score every candidate, fold and seed by itself.

    Parameters
    ----------
    trials : Trials
        The data.
    scorer : callable | None
        Gives a further ``"score"``: ``scorer(fitted_decoder, test_rows)``.
    error_score : float | ``"raise"``
        What counts as the score where a fit fails.

    Yields
    ------
    job : tuple of int
        Candidate, fold and seed.
    outcome : Outcome
        What it found.
    """
    shape = len(trials.candidates), len(trials.folds), len(trials.states)
    for candidate, fold, seed in np.ndindex(*shape):
        start, reason = time.perf_counter(), ""
        try:
            fitted = _fit(trials, candidate, fold, seed)
        except Exception as error:
            if error_score == "raise":
                raise
            fitted, reason = None, f"{type(error).__name__}: {error}"
        middle = time.perf_counter()
        names = MEASURES if scorer is None else (*MEASURES, "score")
        scores: Mapping[str, float]
        if fitted is None:
            scores = dict.fromkeys(names, float(error_score))
        else:
            gallery = trials.candidates[candidate].gallery
            scores = _score(fitted, trials, gallery, fold, scorer)
        end = time.perf_counter()
        times = middle - start, end - middle
        outcome = Outcome(scores, fitted is None, *times, reason)
        yield (candidate, fold, seed), outcome


def _fit(trials: Trials, candidate: int, fold: int, seed: int) -> ShallowAlignDecoder:
    train, _ = trials.folds[fold]
    gallery = trials.candidates[candidate].gallery.take(train)
    member = trials.member(candidate, seed)
    return member._begin(trials.signal[train], gallery, trials.labels.take(train))


def _score(
    fitted: ShallowAlignDecoder,
    trials: Trials,
    gallery: Gallery,
    fold: int,
    scorer: Scorer | None,
) -> dict[str, float]:
    _, test = trials.folds[fold]
    held_out = gallery.take(test)
    queries = fitted._embed_signal(trials.signal[test])
    similarity = queries @ fitted._embed_features(held_out.features).T
    scores = measure(similarity, held_out.index)
    if scorer is not None:
        scores["score"] = scorer(fitted, test)
    return scores


def measure(similarity: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compute every measure of how well held-out images are retrieved.

    Parameters
    ----------
    similarity : array, shape (n_queries, n_gallery)
        How alike each held-out trial and each held-out image are.
    truth : array of int, shape (n_queries,)
        The column of the right image.

    Returns
    -------
    scores : dict of str to float
        Its name to its value.
    """
    found = ranks(similarity, truth)
    return {name: score(found, similarity.shape[1]) for name, score in MEASURES.items()}
