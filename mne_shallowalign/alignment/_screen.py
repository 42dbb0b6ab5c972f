"""How well held-out images are retrieved by ridge regression, for many targets."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from mne.utils import logger
from sklearn.model_selection import GroupKFold
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..retrieval import ranks
from ._layer_weights import weigh_layers
from ._ridge import LeftOut, RidgePath

if TYPE_CHECKING:
    from pandas import DataFrame

MIN_FOLDS = 5
FOLD_IMAGES = 200  # the size of the usual test gallery
FOLD_TRIALS = 1000  # a matrix of that size is factorised for every penalty
QUERIES = 2000  # more would hardly tell better


_HeldOut = tuple[LeftOut, tuple[Tensor, Tensor, Tensor], Tensor, Tensor]


class RidgeScreen:
    """Score targets by how ridge regression retrieves held-out images.

    One factorisation of the signal serves all targets, penalties and folds. The folds
    hold out whole groups; the candidates of a trial are the images of its fold. Scales
    of signal and features, which know nothing of who belongs to whom, are taken as they
    come: those of all training trials.

    Parameters
    ----------
    signal : Tensor, shape (n_trials, n_inputs)
        The signal, channels and times flattened.
    image_index : Tensor of int, shape (n_trials,)
        Which image each trial shows.
    groups : array, shape (n_trials,)
        What must not be torn apart, such as concepts.
    alphas : sequence of float | None
        The penalties; None for a range around the mean of the signal's spectrum.

    Raises
    ------
    ValueError
        If there is but one group, or presentations of one image are in several.
    """

    def __init__(
        self,
        signal: Tensor,
        image_index: Tensor,
        groups: np.ndarray,
        alphas: Sequence[float] | None = None,
    ) -> None:
        folds = make_folds(groups, image_index.cpu().numpy())
        self.path = RidgePath(signal, image_index)
        self.alphas = penalties(self.path) if alphas is None else list(alphas)
        self.parts = [
            LeftOut(
                self.path,
                torch.from_numpy(trials).to(self.path.device),
                self.alphas,
            )
            for trials in folds
        ]

    def table(
        self, targets: Iterable[Tensor], names: Sequence[str | None]
    ) -> DataFrame:
        """Score every target at its best penalty, and at all weaker ones.

        A net fits its training trials more closely than the best ridge regression
        does, and retrieves worse from targets of many weak directions than of few
        strong ones. What weaker penalties leave of a target is nearer to that.

        Parameters
        ----------
        targets : iterable of Tensor, shape (n_images, n_features)
            Standardised features, one target after the other.
        names : sequence of str
            What to call them.

        Returns
        -------
        table : DataFrame
            A row per target: ``layer``, ``alpha``, ``top1`` accuracy and mean
            reciprocal rank ``mrr``, by which the penalty is chosen; ``mean_rank``,
            minus the mean relative rank, is the mean over this penalty and all weaker
            ones (guessing gets -0.5); what guessing gets of the others,
            ``chance_top1`` and ``chance_mrr``; ``n_queries``, the trials held out, and
            ``n_gallery``, the candidates of one, on average over folds.
        """
        import pandas as pd

        bar = tqdm(
            zip(names, targets, strict=True),
            desc="Screening",
            unit="layer",
            total=len(names),
            delay=2,
            leave=False,
            disable=not logger.isEnabledFor(logging.INFO),
        )
        rows = []
        for name, target in bar:
            scores = self.scores(target)
            best = scores[:, 1].argmax()
            alpha, (top1, mrr, _) = self.alphas[best], scores[best]
            no_stronger = np.array(self.alphas) <= alpha
            rows.append((name, alpha, top1, mrr, scores[no_stronger, 2].mean()))
        columns = ["layer", "alpha", "top1", "mrr", "mean_rank"]
        return pd.DataFrame(rows, columns=columns).assign(**self._guessing())

    def _guessing(self) -> dict[str, float]:
        """Say what guesses would score, and among how many candidates."""
        n_queries = [len(part.trials) for part in self.parts]
        n_gallery = [len(self._shown(part)[0]) for part in self.parts]
        top1 = [1 / n for n in n_gallery]
        mrr = [(1 / np.arange(1, n + 1)).mean() for n in n_gallery]
        return {
            "chance_top1": float(np.average(top1, weights=n_queries)),
            "chance_mrr": float(np.average(mrr, weights=n_queries)),
            "n_queries": sum(n_queries),
            "n_gallery": float(np.mean(n_gallery)),
        }

    def scores(self, target: Tensor) -> np.ndarray:
        """Score one target with every penalty.

        Parameters
        ----------
        target : Tensor, shape (n_images, n_features)
            Standardised features.

        Returns
        -------
        scores : array, shape (n_alphas, 3)
            Top-1 accuracy, mean reciprocal rank, and minus the mean relative rank: 0 is
            best, and -0.5 is chance.
        """
        found, last = [], []
        for part, moments, directions, seen in self._held_out(target):
            # predictions are linear in the target, and their lengths change no rank
            operands: Sequence[Tensor] = moments
            candidates: Tensor | None = directions.float()
            if directions.shape[1] < directions.shape[0]:
                operands, candidates = [m @ directions for m in moments], None
            predictions = [
                part.predict(k, *operands).float() for k in range(len(self.alphas))
            ]
            found.append(_ranks(torch.stack(predictions), candidates, seen))
            last.append(np.full(len(seen), max(directions.shape[1] - 1, 1)))
        rank = np.concatenate(found, axis=1)
        relative = (rank - 1) / np.concatenate(last)
        measures = (rank <= 1, 1 / rank, -relative)
        return np.stack([measure.mean(1) for measure in measures], axis=1)

    def weigh(self, targets: Iterable[Tensor], alphas: Sequence[float]) -> np.ndarray:
        """Weigh targets against each other, see :func:`weigh_layers`.

        Parameters
        ----------
        targets : iterable of Tensor, shape (n_images, n_features)
            Standardised features, one target after the other.
        alphas : sequence of float
            The penalty of each.

        Returns
        -------
        weights : array, shape (n_targets,)
            They sum to one.
        """
        pairs = zip(targets, alphas, strict=True)
        cosines = [self._cosines(target, alpha) for target, alpha in pairs]
        folds = [torch.stack(fold) for fold in zip(*cosines, strict=True)]
        return weigh_layers(folds, [self._shown(part)[1] for part in self.parts])

    def _cosines(self, target: Tensor, alpha: float) -> list[Tensor]:
        """Compare what is predicted for held-out trials with the candidates."""
        position = self.alphas.index(alpha)
        return [
            F.normalize(part.predict(position, *moments).double(), dim=1)
            @ directions.double()
            for part, moments, directions, _ in self._held_out(target)
        ]

    def _held_out(self, target: Tensor) -> Iterator[_HeldOut]:
        """Yield for each fold what is needed to predict, and to compare with."""
        target = target.to(self.path.device, self._precision)
        projected = self.path.project(target, self._precision)
        offset = self.path.offset(target).to(self._precision)
        for part in self.parts:
            images, seen = self._shown(part)
            directions = F.normalize(target[images], dim=1).T
            yield part, (target[images[seen]], projected, offset), directions, seen

    @cached_property
    def _precision(self) -> torch.dtype:
        """Of what predictions are made of: that of the most demanding of them."""
        gains = [gain for part in self.parts for gain in part.gains]
        is_rounded = all(gain.dtype == torch.float32 for gain in gains)
        return torch.float32 if is_rounded else torch.float64

    def _shown(self, part: LeftOut) -> tuple[Tensor, Tensor]:
        """Return the candidates of a fold, and which of them each trial shows."""
        return self.path.image_index[part.trials].unique(return_inverse=True)


def _ranks(prediction: Tensor, directions: Tensor | None, seen: Tensor) -> np.ndarray:
    """Rank the right image of every trial, with every penalty."""
    similarity = prediction if directions is None else prediction @ directions
    truth = seen.cpu().numpy()
    flat = similarity.flatten(0, 1).cpu().numpy()
    return ranks(flat, np.tile(truth, len(prediction))).reshape(-1, len(truth))


def penalties(path: RidgePath) -> list[float]:
    """Choose penalties that span what makes sense for a signal.

    Parameters
    ----------
    path : RidgePath
        The signal.

    Returns
    -------
    alphas : list of float
        From strong to weak, in steps of half a decade around the mean of the spectrum.
    """
    middle = float(path.spectrum.mean()) if len(path.spectrum) else 1.0
    return (middle * np.logspace(3, -2, 11)).tolist()


def make_folds(groups: np.ndarray, image_index: np.ndarray) -> list[np.ndarray]:
    """Cut trials into parts to leave out in turn, group by group.

    Parameters
    ----------
    groups : array, shape (n_trials,)
        What must not be torn apart.
    image_index : array of int, shape (n_trials,)
        Which image each trial shows.

    Returns
    -------
    folds : list of array of int
        The trials of each fold, of as many folds as have enough queries together. Each
        has two images at least, if there are enough, for a single one is found without
        looking.

    Raises
    ------
    ValueError
        If there is but one group, or presentations of one image are in several.
    """
    _check_groups(groups, image_index)
    n_images = len(np.unique(image_index))
    n_folds = max(
        MIN_FOLDS,
        math.ceil(n_images / FOLD_IMAGES),
        math.ceil(len(image_index) / FOLD_TRIALS),
    )
    most = min(len(np.unique(groups)), max(2, n_images // 2))
    splitter = GroupKFold(min(n_folds, most))
    folds = [fold for _, fold in splitter.split(image_index, groups=groups)]
    telling = [fold for fold in folds if len(np.unique(image_index[fold])) > 1]
    if not telling:
        logger.warning(
            "%d images are too few to choose a layer or penalty by: a single one that "
            "is held out is found with any. The first layer and the strongest penalty "
            "are taken; give layer and alpha as numbers instead.",
            n_images,
        )
    folds = telling or folds
    enough = np.searchsorted(np.cumsum([len(fold) for fold in folds]), QUERIES) + 1
    return folds[:enough]


def _check_groups(groups: np.ndarray, image_index: np.ndarray) -> None:
    names, codes = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"All epochs belong to the group {str(names[0])!r}, but choosing a layer "
            "or penalty holds groups out: pass groups= with at least two that differ."
        )
    pairs = np.unique(np.stack([image_index, codes], axis=1), axis=0)
    torn = pairs[1:, 0][np.diff(pairs[:, 0]) == 0]
    if len(torn):
        first = int(np.flatnonzero(image_index == torn[0])[0])
        raise ValueError(
            "groups puts presentations of one image into several groups (the image of "
            f"epoch {first} is one), but held-out images must be new: pass the "
            "concept, or the image, of every epoch as groups."
        )
