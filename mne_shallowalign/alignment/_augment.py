"""Batch augmentations: other signals for the same pictures, drawn in every epoch.

Each is a callable ``augment(signals, rows, trials, generator) -> signals`` on the
device of the signals. Its random numbers come from a generator of the CPU, so that
they are the same on every device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .._scalars import check_counts, check_flags, check_number, check_probabilities


class Trials:
    """The training trials, and which of them show the same picture.

    Parameters
    ----------
    signals : Tensor, shape (n, n_chans, n_times)
        All signals.
    image_index : Tensor of int, shape (n,)
        Which image each signal belongs to.
    rows : Tensor of int
        The trials to train on: no others are ever drawn, for they may be held out.
    subjects : Tensor of int, shape (n,) | None
        Whose each signal is. None: all are of one subject.
    """

    def __init__(
        self,
        signals: Tensor,
        image_index: Tensor,
        rows: Tensor,
        subjects: Tensor | None = None,
    ) -> None:
        self.signals = signals
        self.image_index = image_index
        self.subjects = torch.zeros_like(image_index) if subjects is None else subjects
        rows = rows.to(image_index.device)
        rows = rows[image_index[rows].argsort(stable=True)]
        images = image_index[rows]
        counts = images.bincount(minlength=int(image_index.max()) + 1)
        place = torch.arange(len(rows), device=rows.device)
        place = place - (counts.cumsum(0) - counts)[images]
        self._kept: dict[Any, Tensor] = {}
        self._table = rows.new_full((len(counts), int(counts.max())), -1)
        self._table[images, place] = rows

    def keep(self, key: Any, draw: Callable[[], Tensor]) -> Tensor:
        """Return what was drawn once for these trials.

        Parameters
        ----------
        key : hashable
            What it is for.
        draw : callable
            Draws it, if it was not yet drawn.

        Returns
        -------
        drawn : Tensor
            The same in every batch and epoch of a training.
        """
        if key not in self._kept:
            self._kept[key] = draw()
        return self._kept[key]

    def of_same_image(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the training trials that show what some rows show.

        Parameters
        ----------
        rows : Tensor of int, shape (m,)
            The trials of a batch.

        Returns
        -------
        found : Tensor of int, shape (m, n_most)
            Trials of the same image, those of ``rows`` included; filled up with
            whatever.
        there : Tensor of bool, shape (m, n_most)
            Which of them are not filling.
        own : Tensor of bool, shape (m, n_most)
            Which of them are of the same subject.
        """
        found = self._table[self.image_index[rows]]
        there = found >= 0
        found = found.clamp(min=0)
        own = self.subjects[found] == self.subjects[rows][:, None]
        return found, there, own


Augment = Callable[[Tensor, Tensor, Trials, torch.Generator | None], Tensor]


@dataclass(frozen=True)
class TemporalSmoothing:
    """Replace channels, at random, by their moving average over time.

    Fast noise then is no cue; NeuroBridge (``RandomSmooth``) and SAMGA train with it
    :footcite:p:`Zhang2025`. At both ends the average is over the samples there are.

    Parameters
    ----------
    size : int
        Length of the average in samples, odd. Default 5.
    p : float
        Probability of each channel of each trial. Default 0.3.
    frozen : bool
        Whether it is drawn once which channels of which trials are smoothed, and not
        in every epoch; NeuroBridge and SAMGA do so. Default False.

    References
    ----------
    .. footbibliography::
    """

    size: int = 5
    p: float = 0.3
    frozen: bool = False

    def __post_init__(self) -> None:
        check_counts(size=self.size)
        if self.size % 2 == 0:
            raise ValueError(f"size must be odd, got {self.size}.")
        check_probabilities(p=self.p)
        check_flags(frozen=self.frozen)

    def __call__(
        self,
        signals: Tensor,
        rows: Tensor,
        trials: Trials,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Smooth a batch.

        Parameters
        ----------
        signals : Tensor, shape (m, n_chans, n_times)
            The batch.
        rows : Tensor of int, shape (m,)
            Which trials it holds; only matters if frozen.
        trials : Trials
            The training set; only matters if frozen.
        generator : torch.Generator | None
            A generator of the CPU; None: torch's own.

        Returns
        -------
        signals : Tensor, shape (m, n_chans, n_times)
            The new batch.
        """

        def draw(n: int) -> Tensor:
            shape = (n, signals.shape[1])
            return _uniform(shape, generator, signals.device) < self.p

        if self.frozen:
            chosen = trials.keep(self, lambda: draw(len(trials.signals)))[rows]
        else:
            chosen = draw(len(signals))
        smooth = F.avg_pool1d(
            signals, self.size, 1, self.size // 2, count_include_pad=False
        )
        return torch.where(chosen[:, :, None], smooth, signals)


@dataclass(frozen=True)
class TimeShift:
    """Shift every trial by a random number of samples.

    The response to a picture is not at the same moment in every trial, and with few
    trials a decoder learns their moments (``RandomTimeShift`` of NeuroBridge
    :footcite:p:`Zhang2025`). The first or last sample is repeated where a trial has
    moved away; nothing comes in from the other end.

    Parameters
    ----------
    max_shift : int
        The most samples to either side. Default 5, 20 ms at 250 Hz.

    References
    ----------
    .. footbibliography::
    """

    max_shift: int = 5

    def __post_init__(self) -> None:
        check_number(self.max_shift, "max_shift", Integral, min_val=0)

    def __call__(
        self,
        signals: Tensor,
        rows: Tensor,
        trials: Trials,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Shift a batch.

        Parameters
        ----------
        signals : Tensor, shape (m, n_chans, n_times)
            The batch.
        rows : Tensor of int, shape (m,)
            Not used.
        trials : Trials
            Not used.
        generator : torch.Generator | None
            A generator of the CPU; None: torch's own.

        Returns
        -------
        signals : Tensor, shape (m, n_chans, n_times)
            The new batch.
        """
        drawn = _uniform((len(signals), 1), generator, signals.device)
        shift = (drawn * (2 * self.max_shift + 1)).long() - self.max_shift
        last = signals.shape[2] - 1
        source = torch.arange(last + 1, device=signals.device) - shift
        source = source.clamp(0, last)[:, None].expand_as(signals)
        return signals.gather(2, source)


@dataclass(frozen=True)
class RepetitionAverage:
    """Replace every trial by the average over some repetitions of its picture.

    The repetitions are a random subset, of random size, of the subject's training
    trials of that picture: between single trials and their average, the net sees all
    signal-to-noise ratios (IDES :footcite:p:`Akbarinia2024`, which owes half of its
    gain to it). Train on trials that are not averaged, and put it first in a list:
    it takes the signals from the training set.

    References
    ----------
    .. footbibliography::
    """

    def __call__(
        self,
        signals: Tensor,
        rows: Tensor,
        trials: Trials,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Average repetitions for a batch.

        Parameters
        ----------
        signals : Tensor, shape (m, n_chans, n_times)
            The batch, of which the type is kept.
        rows : Tensor of int, shape (m,)
            Which trials it holds.
        trials : Trials
            The training set.
        generator : torch.Generator | None
            A generator of the CPU; None: torch's own.

        Returns
        -------
        signals : Tensor, shape (m, n_chans, n_times)
            The new batch.
        """
        found, there, own = trials.of_same_image(rows)
        candidates = there & own
        count = candidates.sum(1, keepdim=True)
        size = _uniform((len(rows), 1), generator, rows.device) * count
        drawn = _uniform(found.shape, generator, rows.device)
        order = drawn.masked_fill(~candidates, 2).argsort(1).argsort(1)
        weights = (order <= size) / (size.floor() + 1)  # the first of a random order
        average = torch.zeros_like(signals, dtype=torch.float32)
        for weight, column in zip(weights.T, found.T, strict=True):
            average += weight[:, None, None] * trials.signals[column]
        return average.to(signals.dtype)


@dataclass(frozen=True)
class SubjectMixup:
    r"""Mix every trial with another subject's trial of the same picture.

    .. math::

        \tilde x = \lambda x + (1 - \lambda) x', \qquad
        \lambda \sim \mathrm{Beta}(1/2, 1/2)

    A mixture has nobody's head, so that the net does not learn heads. `Neurobridge_ssl
    <https://github.com/ViktorHug0/Neurobridge_ssl>`__ reports 33 to 36 % top-1 between
    subjects with it (test-selected). The other trial is drawn from all training trials
    of that picture by other subjects; where there is none, nothing changes.
    """

    needs_subjects = True

    def __call__(
        self,
        signals: Tensor,
        rows: Tensor,
        trials: Trials,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Mix a batch.

        Parameters
        ----------
        signals : Tensor, shape (m, n_chans, n_times)
            The batch.
        rows : Tensor of int, shape (m,)
            Which trials it holds.
        trials : Trials
            The training set.
        generator : torch.Generator | None
            A generator of the CPU; None: torch's own.

        Returns
        -------
        signals : Tensor, shape (m, n_chans, n_times)
            The new batch.
        """
        found, there, own = trials.of_same_image(rows)
        candidates = there & ~own
        drawn = _uniform(found.shape, generator, rows.device)
        chosen = drawn.masked_fill(~candidates, -1).argmax(1, keepdim=True)
        partner = trials.signals[found.gather(1, chosen)[:, 0]]
        # the inverse of the distribution function of Beta(1/2, 1/2)
        quantile = _uniform((len(rows),), generator, rows.device)
        kept = (quantile * (math.pi / 2)).sin().square()
        kept = kept.masked_fill(~candidates.any(1), 1)[:, None, None]
        return (kept * signals + (1 - kept) * partner).to(signals.dtype)


def _uniform(
    shape: tuple[int, ...], generator: torch.Generator | None, device: torch.device
) -> Tensor:
    return torch.rand(shape, generator=generator).to(device)
