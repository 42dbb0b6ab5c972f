"""All layers of a search in closed form, from one factorisation of each fold."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from ._search_jobs import Job, Trials, measure
from ._search_results import MEASURES, Outcome

if TYPE_CHECKING:
    from torch import Tensor

    from .alignment import RidgePath, RidgeScreen
    from .features._gallery import Gallery


def run_ridge(
    trials: Trials, error_score: float | str = np.nan
) -> Iterator[tuple[Job, Outcome]]:
    """Fit and score every candidate and fold with ``solver="ridge"``.

    Each finds what it finds alone, for all see the same signal: only their targets
    differ. The seeds, which a closed form does not need, repeat one another.

    Parameters
    ----------
    trials : Trials
        The data.
    error_score : float | ``"raise"``
        What counts as the score where a fold cannot be fitted.

    Yields
    ------
    job : tuple of int
        Candidate, fold and seed.
    outcome : Outcome
        What it found.
    """
    for fold in range(len(trials.folds)):
        start, reason = time.perf_counter(), ""
        try:
            shared: SharedFold | None = SharedFold(trials, fold)
        except ValueError as error:
            if error_score == "raise":
                raise
            shared, reason = None, f"ValueError: {error}"
        seconds = (time.perf_counter() - start) / len(trials.candidates)
        for candidate, one in enumerate(trials.candidates):
            start = time.perf_counter()
            scores = (
                dict.fromkeys(MEASURES, float(error_score))
                if shared is None
                else shared.score(one.gallery)
            )
            spent = time.perf_counter() - start
            outcome = Outcome(scores, shared is None, seconds, spent, reason)
            for seed in range(len(trials.states)):
                yield (candidate, fold, seed), outcome


class SharedFold:
    """The factorised training signal of a fold, and the held-out signal.

    Parameters
    ----------
    trials : Trials
        The data.
    fold : int
        Which fold.
    """

    def __init__(self, trials: Trials, fold: int) -> None:
        from .alignment import RidgePath

        self.train, self.test = trials.folds[fold]
        self.decoder = decoder = copy.copy(trials.decoder)
        decoder._settle_device()
        signal = trials.signal[self.train]
        decoder._learn_signal_scale(signal)
        self.path: RidgePath
        self.screen: RidgeScreen | None = None
        if isinstance(decoder.alpha, Real):
            index = trials.candidates[0].gallery.take(self.train).index
            self.path = RidgePath(decoder._flat_signal(signal), _tensor(index))
        else:
            gallery = trials.candidates[0].gallery.take(self.train)
            labels = trials.labels.take(self.train)
            self.screen = decoder._make_screen(signal, gallery, labels)
            assert self.screen is not None  # a penalty is to be chosen
            self.path = self.screen.path
        held_out = decoder._flat_signal(trials.signal[self.test])
        self.held_out = held_out.to(self.path.device).double()

    def score(self, gallery: Gallery) -> dict[str, float]:
        """Align the signal with one layer, and retrieve held-out images.

        Parameters
        ----------
        gallery : Gallery
            The images of all trials, with the features of the layer.

        Returns
        -------
        scores : dict of str to float
            Every measure.
        """
        from torch.nn import functional as F

        decoder, held_out = self.decoder, gallery.take(self.test)
        seen = gallery.take(self.train)
        decoder._learn_image_scale(seen)
        target = self._scaled(seen)
        weights, intercept = self.path.solve(target, self._penalty(target))
        queries = F.normalize(self.held_out @ weights + intercept, dim=1)
        candidates = F.normalize(self._scaled(held_out), dim=1)
        return measure((queries @ candidates.T).cpu().numpy(), held_out.index)

    def _scaled(self, gallery: Gallery) -> Tensor:
        import torch

        scaler, features = self.decoder.image_scaler_, gallery.features
        scaled = scaler.to_device(features, self.decoder.device_, torch.float32)
        return scaled.to(self.path.device).double()

    def _penalty(self, target: Tensor) -> float:
        if self.screen is None:
            assert isinstance(self.decoder.alpha, Real)
            return float(self.decoder.alpha)
        return self.screen.alphas[int(self.screen.scores(target)[:, 1].argmax())]


def _tensor(index: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(index)
