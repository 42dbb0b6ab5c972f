"""Candidates, folds and seeds trained as one net, as many at once as fit."""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._search_jobs import Job, Trials, measure
from ._search_results import MEASURES, Outcome

if TYPE_CHECKING:
    from torch import Tensor

    from .alignment import AlignmentNet
    from .decoder import ShallowAlignDecoder

CUDA_SHARE = 0.8
# what the nets of a chunk may use before memory costs more than stacking saves
CPU_BYTES = 64 * 2**20
MOST_WEIGHTS = 2**31 - 1  # of one tensor, which kernels index with 32 bits


def why_not_stacked(trials: Trials) -> str | None:
    """Say why the decoders of a search cannot be trained as one net.

    Parameters
    ----------
    trials : Trials
        The data.

    Returns
    -------
    reason : str | None
        None if they can.
    """
    from .alignment import is_stackable

    decoder = trials.decoder
    if callable(decoder.loss):
        return f"loss={decoder.loss!r} has no stacked form"
    if decoder.init == "ridge":
        return "init='ridge' starts from another solution in every layer and fold"
    if decoder.n_members > 1:
        return "the members of an ensemble are a stack of their own"
    if decoder.augment or decoder.subject_mmd:
        return "augment and subject_mmd need to know whose trials they are"
    if decoder.net_params:
        return "net_params may decide for each net by itself"
    net = _untrained(trials, 0, 0).net_
    if net.device.split(":")[0] not in ("cpu", "cuda"):
        return f"the masks of dropout cannot be repeated on {net.device!r}"
    if not is_stackable(net.module_):
        return f"encoder={decoder.encoder!r} has parts without a stacked form"
    return None


def run_stacked(
    trials: Trials, chunk_size: int | None = None, error_score: float | str = np.nan
) -> Iterator[tuple[Job, Outcome]]:
    """Fit and score all candidates, folds and seeds in stacks.

    Decoders go into one stack if their nets have one architecture and their folds the
    same number of training trials; the image features may differ in width.

    Parameters
    ----------
    trials : Trials
        The data.
    chunk_size : int | None
        The most nets that are trained at a time. None: as many as fit in the memory
        of a CUDA device, or in 64 MiB on the CPU.
    error_score : float | ``"raise"``
        What counts as the score of a net that diverges.

    Yields
    ------
    job : tuple of int
        Candidate, fold and seed.
    outcome : Outcome
        What it found.
    """
    run = _Run(trials, error_score)
    for stack in run.stacks():
        for chunk in stack.chunks(chunk_size or run.default_chunk_size(stack)):
            yield from run.train(chunk)


class _Stack(NamedTuple):
    """Nets that can be trained together: every candidate in every group."""

    candidates: list[int]
    groups: list[tuple[int, int]]  # fold and seed, fold by fold

    def chunks(self, size: int) -> Iterator[_Stack]:
        """Cut into parts of at most so many nets."""
        n, groups = len(self.candidates), self.groups
        if size >= n:
            step = size // n
            for start in range(0, len(groups), step):
                yield _Stack(self.candidates, groups[start : start + step])
            return
        for fold in dict.fromkeys(fold for fold, _ in groups):
            for start in range(0, n, size):
                some = self.candidates[start : start + size]
                yield from (_Stack(some, [g]) for g in groups if g[0] == fold)


class _Run:
    """A search under way: its decoders before training, and the folds in use."""

    def __init__(self, trials: Trials, error_score: float | str) -> None:
        self.trials = trials
        self.error_score = error_score
        self._untrained: dict[Any, ShallowAlignDecoder] = {}
        self._folds: dict[int, _FoldOnDevice] = {}

    def decoder(self, candidate: int, seed: int = 0) -> ShallowAlignDecoder:
        """Return an untrained decoder, the same for all layers of one width."""
        key = self.trials.candidates[candidate].gallery.widths, seed
        if key not in self._untrained:
            self._untrained[key] = _untrained(self.trials, candidate, seed)
        return self._untrained[key]

    def stacks(self) -> list[_Stack]:
        """Sort candidates by architecture and folds by size."""
        candidates: dict[Any, list[int]] = defaultdict(list)
        for i in range(len(self.trials.candidates)):
            module = self.decoder(i).net_.module_
            candidates[tuple(p.shape for p in module.parameters())].append(i)
        index = self.trials.candidates[0].gallery.index
        folds: dict[Any, list[int]] = defaultdict(list)
        for i, (train, _) in enumerate(self.trials.folds):
            repeats = len(np.unique(index[train])) < len(train)
            folds[len(train), repeats].append(i)
        seeds = range(len(self.trials.states))
        return [
            _Stack(some, list(product(equal, seeds)))
            for some, equal in product(candidates.values(), folds.values())
        ]

    def default_chunk_size(self, stack: _Stack) -> int:
        """Count the nets that fit, by a generous estimate of what each needs."""
        import torch

        net, budget = self.decoder(stack.candidates[0]).net_, CPU_BYTES
        if net.device.startswith("cuda"):
            galleries = [self.trials.candidates[i].gallery for i in stack.candidates]
            data = self.trials.signal.size + sum(g.features.size for g in galleries)
            n_folds = len({fold for fold, _ in stack.groups})
            free, _ = torch.cuda.mem_get_info(net.device)
            budget = int(CUDA_SHARE * free) - 4 * n_folds * data
        n_trials = len(self.trials.folds[stack.groups[0][0]][0])
        largest = max(p.numel() for p in net.module_.parameters())
        size = min(budget // _bytes_per_net(net, n_trials), MOST_WEIGHTS // largest)
        return max(1, size)

    def train(self, chunk: _Stack) -> Iterator[tuple[Job, Outcome]]:
        """Train and score the nets of a chunk."""
        from .alignment import stack_nets, train_stack

        start = time.perf_counter()
        jobs = [(i, *group) for group in chunk.groups for i in chunk.candidates]
        self._bring_folds(chunk)
        stack = stack_nets([self.decoder(i, seed).net_ for i, _, seed in jobs])
        first = chunk.candidates[0]
        train_stack(
            stack,
            [self._folds[fold].pairs for fold, _ in chunk.groups],
            [self.decoder(first, seed)._training_seeds[0] for _, seed in chunk.groups],
        )
        seconds = (time.perf_counter() - start) / len(jobs)
        lr = self.trials.decoder.lr
        for position, job in enumerate(jobs):
            start = time.perf_counter()
            scores = self._score(stack, position, *job)
            outcome = Outcome(
                scores or dict.fromkeys(MEASURES, float(self.error_score)),
                scores is None,
                seconds,
                time.perf_counter() - start,
                "" if scores else f"training diverged with lr={lr:g}",
            )
            yield job, outcome

    def _bring_folds(self, chunk: _Stack) -> None:
        """Put the data of a chunk on the device, and nothing else."""
        wanted = {fold for fold, _ in chunk.groups}
        self._folds = {k: v for k, v in self._folds.items() if k in wanted}
        decoders = [self.decoder(i) for i in chunk.candidates]
        for fold in wanted:
            if fold not in self._folds:
                self._folds[fold] = _FoldOnDevice(self.trials, fold, decoders[0])
            self._folds[fold].load(chunk.candidates, decoders)

    def _score(
        self, stack: Any, position: int, candidate: int, fold: int, seed: int
    ) -> dict[str, float] | None:
        from .alignment import compare_member

        data, net = self._folds[fold], self.decoder(candidate, seed).net_
        images = data.held_out[candidate]
        similarity = compare_member(stack, position, net, data.queries, images)
        if similarity.isfinite().all():
            return measure(similarity.cpu().numpy(), data.truth)
        if self.error_score == "raise":
            raise RuntimeError(
                f"Training diverged with {self.trials.candidates[candidate].params}. "
                f"Use a smaller lr than {self.trials.decoder.lr:g}."
            )
        return None


class _FoldOnDevice:
    """A fold, scaled by its training trials, with the layers of a chunk."""

    def __init__(self, trials: Trials, fold: int, decoder: ShallowAlignDecoder) -> None:
        import torch

        self.trials = trials
        self.train, self.test = trials.folds[fold]
        scaler, device = copy.copy(decoder), decoder.net_.device
        signal = trials.signal[self.train]
        scaler._learn_signal_scale(signal)
        to_device = scaler.signal_scaler_.to_device
        self.signals = to_device(signal, device, decoder._training_dtype)
        self.queries = to_device(trials.signal[self.test], device, torch.float32)
        self.loaded: list[int] = []

    def load(
        self, candidates: list[int], decoders: Sequence[ShallowAlignDecoder]
    ) -> None:
        """Bring the features of some candidates, in the place of those before."""
        import torch

        from .alignment import PairedSignals

        if candidates == self.loaded:
            return
        self.loaded, self.held_out, features = candidates, {}, []
        for i, decoder in zip(candidates, decoders, strict=True):
            gallery, scaler = self.trials.candidates[i].gallery, copy.copy(decoder)
            train, test = gallery.take(self.train), gallery.take(self.test)
            scaler._learn_image_scale(train)
            features.append(scaler._targets(train, decoder._training_dtype))
            self.held_out[i] = scaler._targets(test, torch.float32)
        self.truth = test.index
        index = torch.from_numpy(train.index).to(self.signals.device)
        self.pairs = PairedSignals(self.signals, _pad_and_stack(features), index)


def _untrained(trials: Trials, candidate: int, seed: int) -> ShallowAlignDecoder:
    member = trials.member(candidate, seed)
    gallery = trials.candidates[candidate].gallery
    member._settle_device()
    member.layer_, member.layer_widths_ = gallery.layer, gallery.widths
    member.subjects_ = None
    member._take_nets(member._make_nets())
    return member


def _pad_and_stack(features: Sequence[Tensor]) -> Tensor:
    from torch.nn.functional import pad

    if len(features) == 1:
        return features[0][None]
    import torch

    widest = max(one.shape[1] for one in features)
    return torch.stack([pad(one, (0, widest - one.shape[1])) for one in features])


def _bytes_per_net(net: AlignmentNet, n_trials: int) -> int:
    """Estimate what training takes: optimiser, activations, similarities, inputs."""
    from torch import nn

    parameters = [*net.module_.parameters(), *net.criterion_.parameters()]
    linear = [m for m in net.module_.modules() if isinstance(m, nn.Linear)]
    rows = min(n_trials, 1.25 * net.batch_size)
    widths = sum(4 * m.out_features + m.in_features for m in linear)
    values = 5 * sum(p.numel() for p in parameters) + rows * (widths + 6 * rows)
    return int(4 * values)
