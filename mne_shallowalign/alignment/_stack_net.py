"""Many nets trained as one, each as it would be alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.data import Dataset, Subset

from ._batches import Batch, DeviceBatches, PairedSignals
from ._net import AlignmentNet
from ._stack import StackedDropout, stack_modules, unstack

CHUNK = 1024


class StackedPairs(Dataset):
    """Training pairs of G groups of nets, the nets of a group sharing theirs.

    Parameters
    ----------
    pairs : sequence of PairedSignals
        The pairs of each group, all equally many. Their features have the shape
        ``(n_nets, n_images, n_features)``, or ``(n_images, n_features)`` for one net
        or for nets of one target.
    generators : sequence of torch.Generator
        Where the order of the batches of each group is drawn from.
    """

    def __init__(
        self, pairs: Sequence[PairedSignals], generators: Sequence[torch.Generator]
    ) -> None:
        self.pairs = pairs
        self.generators = generators

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
    shuffle : bool
        Whether the order changes every time.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int = 1024, shuffle: bool = True
    ) -> None:
        stack = dataset.dataset if isinstance(dataset, Subset) else dataset
        self.streams = [
            DeviceBatches(
                Subset(pairs, dataset.indices) if stack is not dataset else pairs,
                batch_size,
                shuffle,
                generator,
            )
            for pairs, generator in zip(stack.pairs, stack.generators, strict=True)
        ]

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.streams[0])

    def __iter__(self) -> Iterator[Batch]:
        """Yield signals (G, n, ...), features (M, n, ...) and identity (M, n)."""
        for batches in zip(*self.streams, strict=True):
            yield _join(batches)


def _join(batches: Sequence[Batch]) -> Batch:
    signals = _concatenate([signals[None] for signals, _ in batches])
    targets = [_per_net(*target) for _, target in batches]
    return signals, tuple(map(_concatenate, zip(*targets, strict=True)))


def _per_net(features: Tensor, *identity: Tensor) -> tuple[Tensor, ...]:
    features = features.view(-1, *features.shape[-2:])
    return features, *(i.expand(len(features), -1) for i in identity)


def _concatenate(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors)


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

    def _average(self, step: dict[str, Any]) -> dict[str, Any]:
        return step | {"loss": step["loss"].detach() / len(self.criterion_.log_scale)}


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
    order = [torch.Generator().manual_seed(seed) for seed in seeds]
    # alone, order and masks come from the same generator on the CPU, else from two
    masks = order
    if device.type != "cpu":
        masks = [torch.Generator(device).manual_seed(seed) for seed in seeds]
    dropouts = [m for m in net.module_.modules() if isinstance(m, StackedDropout)]
    for dropout in dropouts:
        dropout.generators = masks
    net.partial_fit(StackedPairs(pairs, order), **fit_params)
    for dropout in dropouts:
        dropout.generators = ()  # they cannot be pickled


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
