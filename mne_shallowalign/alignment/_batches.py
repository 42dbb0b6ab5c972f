"""Training pairs that live on the device, and batches that are index gathers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from ._augment import Augment, Trials

Batch = tuple[Tensor, tuple[Tensor, ...]]


class PairedSignals(Dataset[Batch]):
    """Signals and the features of the pictures seen, resident on one device.

    Parameters
    ----------
    signals : Tensor, shape (n, n_chans, n_times)
        The signals.
    features : Tensor, shape (..., n_images, n_features)
        Features of the unique images; of several layers, where nets are stacked.
    image_index : Tensor of int, shape (n,)
        Which image each signal belongs to.
    subjects : Tensor of int, shape (n,) | None
        Whose each signal is. None: all are of one subject.
    numbered : bool
        Whether targets say which trial each pair is, for losses that remember trials.
        Default False.
    """

    def __init__(
        self,
        signals: Tensor,
        features: Tensor,
        image_index: Tensor,
        subjects: Tensor | None = None,
        numbered: bool = False,
    ) -> None:
        self.signals = signals
        self.features = features
        self.image_index = image_index
        self.subjects = subjects
        self.numbered = numbered
        self.repeats = features.shape[-2] < len(signals)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.signals)

    def __getitem__(self, rows: Tensor) -> Batch:
        """Gather the pairs of some rows, all at once."""
        index = self.image_index[rows]
        target: tuple[Tensor, ...] = (self.features.index_select(-2, index),)
        if self.numbered:
            target += (index, self._whose(rows), rows)
        elif self.subjects is not None:
            target += (index, self.subjects[rows])
        elif self.repeats:
            target += (index,)
        return self.signals.index_select(0, rows), target

    def _whose(self, rows: Tensor) -> Tensor:
        return torch.zeros_like(rows) if self.subjects is None else self.subjects[rows]


class DeviceBatches:
    """Iterate over shuffled batches of :class:`PairedSignals`.

    Batches are of equal size up to one pair and together hold every pair once: none
    is dropped, and a training set smaller than the batch is one batch. A remainder of
    less than a quarter of a batch is spread over the others.

    Parameters
    ----------
    dataset : PairedSignals | torch.utils.data.Subset of it
        The pairs.
    batch_size : int
        The size of a batch, up to a quarter more.
    shuffle : bool
        Whether the order changes every time.
    generator : torch.Generator | None
        Where the order is drawn from. None: torch's CPU generator.
    augment : callable | sequence of callable | None
        What is done to the signals of each batch, in this order.
    """

    def __init__(
        self,
        dataset: PairedSignals | Subset[Batch],
        batch_size: int = 1024,
        shuffle: bool = True,
        generator: torch.Generator | None = None,
        augment: Augment | Sequence[Augment] | None = None,
    ) -> None:
        if isinstance(dataset, Subset):
            self.pairs = cast("PairedSignals", dataset.dataset)
            rows = torch.as_tensor(dataset.indices)
        else:
            self.pairs, rows = dataset, torch.arange(len(dataset))
        self.rows = rows
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.generator = generator
        self.augment = [augment] if callable(augment) else list(augment or [])
        if self.augment:
            pairs = self.pairs
            self.trials = Trials(pairs.signals, pairs.image_index, rows, pairs.subjects)

    def __len__(self) -> int:
        """Return the number of batches."""
        return max(1, math.ceil(len(self.rows) / self.batch_size - 0.25))

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches."""
        order = self.rows
        if self.shuffle:
            order = order[torch.randperm(len(order), generator=self.generator)]
        order = order.to(self.pairs.signals.device)
        for rows in torch.tensor_split(order, len(self)):
            yield self._augmented(rows)

    def _augmented(self, rows: Tensor) -> Batch:
        signals, target = self.pairs[rows]
        for augment in self.augment:
            signals = augment(signals, rows, self.trials, self.generator)
        return signals, target
