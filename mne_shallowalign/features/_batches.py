"""Pictures to batches: decoded by worker processes, in the order of computation."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from ._decode import Source, decode
from ._resolve_views import View

if TYPE_CHECKING:
    from torch import Tensor

PIECE = 32  # pictures that one worker decodes at a time


class Column(NamedTuple):
    """One kind of features.

    Parameters
    ----------
    layer : str
        Canonical name of the layer.
    pooling : str
        Canonical pooling; ``"final"`` for the layer of that name, which has its own.
    """

    layer: str
    pooling: str


@dataclass(frozen=True, eq=False)
class Chunk:
    """Pictures that are computed and stored together.

    Parameters
    ----------
    rows : array of int
        Their positions among all pictures.
    view : View
        How they are looked at.
    columns : tuple of Column
        What is computed of them.
    """

    rows: np.ndarray
    view: View
    columns: tuple[Column, ...]


class Batches:
    """Preprocessed batches of one chunk after the other.

    Batches never reach over the end of a chunk, so a chunk gives the same bits whatever
    is computed before or after it.

    Parameters
    ----------
    sources : sequence of Source
        All pictures.
    chunks : iterable of Chunk
        What is computed; drawn as late as decoding ahead allows.
    preprocess : callable
        PIL image to tensor.
    batch_size : int
        Pictures per batch.
    n_workers : int
        Processes that decode; 0 for this one.
    device : torch.device
        Where the batches go.
    """

    def __init__(
        self,
        sources: list[Source],
        chunks: Iterable[Chunk],
        preprocess: Callable[[Any], Tensor],
        *,
        batch_size: int,
        n_workers: int,
        device: torch.device,
    ) -> None:
        self.chunks = chunks
        self.batch_size = batch_size
        self.device = device
        self.preprocess, self.normalise = split_preprocess(preprocess)
        self.sources = sources
        self.n_workers = n_workers
        self.sent: deque[tuple[Chunk, bool]] = deque()

    def __iter__(self) -> Iterator[tuple[Chunk, Tensor]]:
        """Yield the chunk and the images of every batch."""
        loader = DataLoader(
            _Pictures(self.sources, self.preprocess),
            batch_sampler=self._pieces(),
            num_workers=self.n_workers,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # the global one is the user's
        )
        waiting = []
        for piece in loader:
            chunk, is_last = self.sent.popleft()
            waiting.append(piece.to(self.device, non_blocking=True))
            if is_last:
                yield chunk, self.normalise(torch.cat(waiting))
                waiting = []

    def _pieces(self) -> Iterator[list[tuple[int, View]]]:
        """Cut chunks into batches, and batches into what one worker decodes."""
        for chunk in self.chunks:
            for batch in _cut(chunk.rows, self.batch_size):
                pieces = _cut(batch, PIECE)
                for i, piece in enumerate(pieces):
                    self.sent.append((chunk, i == len(pieces) - 1))
                    yield [(row, chunk.view) for row in piece]


class _Pictures(Dataset[torch.Tensor]):
    """Decoded and resized pictures; picklable, for the worker processes."""

    def __init__(self, sources: list[Source], preprocess: Callable[..., Any]) -> None:
        self.sources = sources
        self.preprocess = preprocess

    def __getitem__(self, which: tuple[int, View]) -> Tensor:
        row, view = which
        image = self.preprocess(view(decode(self.sources[row])))
        return image.as_subclass(torch.Tensor)


def split_preprocess(
    preprocess: Callable[..., Any],
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Split off what the device does to a whole batch at once.

    Parameters
    ----------
    preprocess : callable
        PIL image to float tensor.

    Returns
    -------
    on_picture : callable
        PIL image to tensor, a quarter of the bytes where it can be.
    on_batch : callable
        Batch of these to batch of what ``preprocess`` gives.

    Notes
    -----
    Conversion to float and normalisation act on each value alone, so both ways give
    the same bits; any other preprocessing stays whole.
    """
    steps = getattr(preprocess, "transforms", [])
    if [type(step) for step in steps[-3:]] == [v2.ToImage, v2.ToDtype, v2.Normalize]:
        return v2.Compose(steps[:-2]), v2.Compose(steps[-2:])
    return preprocess, _unchanged


def _unchanged(images: Tensor) -> Tensor:
    return images


def count_workers(n_jobs: int | None, n_images: int, device: torch.device) -> int:
    """Count the processes that decode beside this one.

    Parameters
    ----------
    n_jobs : int | None
        As in :func:`extract_features`.
    n_images : int
        Number of pictures to decode.
    device : torch.device
        Where the backbone computes.

    Returns
    -------
    n_workers : int
        0 if this process decodes by itself.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # on clusters not all are ours
    n_processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    if n_jobs is None:
        # on the CPU the backbone needs the processors itself
        share = n_processors // 2 if device.type == "cpu" else n_processors
        n_jobs = min(16, share) if n_images >= 256 and _forks() else 1
    elif n_jobs < 0:
        n_jobs = n_processors
    return n_jobs if n_jobs > 1 else 0


def _forks() -> bool:
    """Tell whether processes start as copies of this one.

    Others begin by importing the user's script, which fails unless all that it does
    stands under ``if __name__ == "__main__":``. That is for the user to decide.
    """
    known = multiprocessing.get_all_start_methods()  # the default is the first
    chosen = multiprocessing.get_start_method(allow_none=True)
    return (chosen or known[0]) == "fork"


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
