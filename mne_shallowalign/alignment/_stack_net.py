"""Many nets trained as one, each as it would be alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.data import Dataset, Subset

from .._device import isolated_randomness
from ._batches import Batch, DeviceBatches, PairedSignals
from ._net import AlignmentNet
from ._stack import SideBySide, StackedDropout, Stream, stack_modules, unstack

CHUNK = 1024


class StackedPairs(Dataset[Batch]):
    """Training pairs of G groups of nets, the nets of a group sharing theirs.

    Parameters
    ----------
    pairs : sequence of PairedSignals
        The pairs of each group, all equally many. Their features have the shape
        ``(n_nets, n_images, n_features)``, or ``(n_images, n_features)`` for one net
        or for nets of one target.
    streams : sequence of Stream
        The random numbers of each group.
    """

    def __init__(
        self, pairs: Sequence[PairedSignals], streams: Sequence[Stream]
    ) -> None:
        self.pairs = pairs
        self.streams = streams

    def __len__(self) -> int:
        """Return the number of pairs that each net learns from."""
        return len(self.pairs[0])


class StackBatches:
    """Iterate over the batches of all groups at once.

    Parameters
    ----------
    dataset : StackedPairs | torch.utils.data.Subset of it
        The pairs.
    batch_size : int
        The size of a batch of one net, see :class:`DeviceBatches`.
    **settings
        Settings of :class:`DeviceBatches`.
    """

    def __init__(
        self,
        dataset: StackedPairs | Subset[Batch],
        batch_size: int = 1024,
        **settings: Any,
    ) -> None:
        if isinstance(dataset, Subset):
            stack, rows = cast("StackedPairs", dataset.dataset), dataset.indices
        else:
            stack, rows = dataset, None
        self.groups = [
            DeviceBatches(
                pairs if rows is None else Subset(pairs, rows),
                batch_size,
                generator=stream.order,
                **settings,
            )
            for pairs, stream in zip(stack.pairs, stack.streams, strict=True)
        ]

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.groups[0])

    def __iter__(self) -> Iterator[Batch]:
        """Yield signals (G, n, ...), features (M, n, ...) and identity (M, n)."""
        for batches in zip(*self.groups, strict=True):
            yield _join(batches)


def _join(batches: Sequence[Batch]) -> Batch:
    signals = _concatenate([signals[None] for signals, _ in batches])
    targets = [_per_net(*target) for _, target in batches]
    return signals, tuple(map(_concatenate, zip(*targets, strict=True)))


def _per_net(features: Tensor, *identity: Tensor) -> tuple[Tensor, ...]:
    features = features.view(-1, *features.shape[-2:])
    return features, *(i.expand(len(features), -1) for i in identity)


def _concatenate(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))


class StackNet(AlignmentNet):
    """Nets that learn at the same time and do not know of each other.

    Module and criterion are stacked. The loss that is minimised is the sum over
    nets, so that each has the gradient that it has alone; the one reported is the
    mean.
    """

    def get_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Sum the losses of the nets."""
        return super().get_loss(*args, **kwargs).sum()

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Any]:
        """Accumulate the gradients of a batch of each net."""
        return self._average(super().train_step_single(batch, **fit_params))

    def validation_step(self, batch: Batch, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch of each net."""
        return self._average(super().validation_step(batch, **fit_params))

    def on_batch_end(
        self, net: Any, batch: Batch, training: bool = False, **kwargs: Any
    ) -> None:
        """Weigh the loss of a batch by its pairs; skorch has counted groups."""
        part = "train" if training else "valid"
        self.history.record_batch(f"{part}_batch_size", batch[0].shape[1])

    def embed(self, tower: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Put the embeddings of all nets side by side.

        The cosine similarity of two such vectors is the mean over nets of theirs.
        """
        members = super().embed(tower, x[None]).expand(self._n_nets, -1, -1)
        return members.transpose(0, 1).flatten(1) / self._n_nets**0.5

    @property
    def _n_nets(self) -> int:
        return len(self.criterion_.log_scale)

    def _average(self, step: dict[str, Any]) -> dict[str, Any]:
        return step | {"loss": step["loss"].detach() / self._n_nets}


def stack_nets(nets: Sequence[AlignmentNet]) -> StackNet:
    """Make one net of several that differ in their weights only.

    Parameters
    ----------
    nets : sequence of AlignmentNet
        Initialised nets; one may be there several times. They are left as they are.

    Returns
    -------
    net : StackNet
        An initialised net with the settings of the first.
    """
    halves = ("module__", "criterion__")
    settings = {
        name: value
        for name, value in nets[0].get_params(deep=False).items()
        if not name.startswith(halves)
    }
    settings |= {
        "module": stack_modules([net.module_ for net in nets]),
        "criterion": stack_modules([net.criterion_ for net in nets]),
        "iterator_train": StackBatches,
        "iterator_valid": StackBatches,
    }
    return StackNet(**settings).initialize()


def train_net(
    net: AlignmentNet, pairs: PairedSignals, seeds: Sequence[int], **fit_params: Any
) -> None:
    """Train a net, or stacked nets that share a target.

    Parameters
    ----------
    net : AlignmentNet
        The net.
    pairs : PairedSignals
        What it learns from.
    seeds : sequence of int
        The seed of batches and dropout of each net: one, unless they are stacked.
    **fit_params
        Passed on to the net, such as groups for its ``train_split``.
    """
    if isinstance(net, StackNet):
        train_stack(net, [pairs] * len(seeds), seeds, **fit_params)
        return
    with isolated_randomness(seeds[0], net.device):
        net.partial_fit(pairs, **fit_params)


def train_stack(
    net: StackNet,
    pairs: Sequence[PairedSignals],
    seeds: Sequence[int],
    **fit_params: Any,
) -> None:
    """Train stacked nets, each on the batches and masks that it would see alone.

    Parameters
    ----------
    net : StackNet
        The nets, group by group.
    pairs : sequence of PairedSignals, length G
        The pairs of each group.
    seeds : sequence of int, length G
        The seed of batches and dropout of each group.
    **fit_params
        Passed on to the net, such as groups for its ``train_split``.
    """
    device = torch.device(net.device)
    streams = [Stream.seeded(seed, device) for seed in seeds]
    random_parts = [
        part
        for half in (net.module_, net.criterion_)
        for part in half.modules()
        if isinstance(part, (StackedDropout, SideBySide))
    ]
    for part in random_parts:
        part.streams = streams
    with isolated_randomness(seeds[0], device):
        net.partial_fit(StackedPairs(pairs, streams), **fit_params)
    for part in random_parts:
        part.streams = ()


@torch.no_grad()
def compare_member(
    stack: StackNet, member: int, net: AlignmentNet, signals: Tensor, features: Tensor
) -> Tensor:
    """Compute the similarities that one net of a stack sees.

    Parameters
    ----------
    stack : StackNet
        The stack.
    member : int
        Position of the net.
    net : AlignmentNet
        A net of the same architecture, of which the weights do not matter.
    signals : Tensor, shape (n, n_chans, n_times)
        Scaled signals, float32.
    features : Tensor, shape (n_images, n_features)
        Features of images, float32.

    Returns
    -------
    similarity : Tensor, shape (n, n_images)
        Cosine similarities.
    """
    sides = (
        (net.module_, stack.module_, signals),
        (net.criterion_.projector, stack.criterion_.projector, features),
    )
    embedded = []
    for module, stacked, x in sides:
        state = unstack(stacked, member)
        rows = [functional_call(module.eval(), state, c) for c in x.split(CHUNK)]
        embedded.append(F.normalize(torch.cat(rows), dim=1))
    return embedded[0] @ embedded[1].T
