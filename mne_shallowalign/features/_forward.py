"""The backbone at work: batches in, pooled features of whole chunks out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mne.utils import logger
from torch import Tensor
from tqdm.auto import tqdm

from ._batches import Batches, Chunk, Column, count_workers
from ._decode import Source
from ._pooling import pool

if TYPE_CHECKING:
    from ..backbones import Backbone, LayerStack

FINAL = "final"
BOUNDED_BATCH, LARGEST_BATCH = 32, 256
SHARE_OF_FREE_MEMORY = 0.7

Features = dict[Column, np.ndarray]


def compute(
    sources: list[Source],
    chunks: Iterable[Chunk],
    columns: tuple[Column, ...],
    n_images: int,
    backbone: Backbone,
    *,
    device: torch.device,
    precision: str,
    batch_size: int | str,
    n_jobs: int | None,
) -> Iterator[tuple[Chunk, Features]]:
    """Compute the features of one chunk after the other.

    Parameters
    ----------
    sources : list of Source
        All pictures.
    chunks : iterable of Chunk
        What is computed of which.
    columns : tuple of Column
        All that chunks ask for.
    n_images : int
        How many pictures that are at most.
    backbone : Backbone
        The vision model.
    device : torch.device
        Where it runs.
    precision : str
        The dtype in which it computes.
    batch_size : int | "auto"
        Pictures per forward pass.
    n_jobs : int | None
        Processes that decode.

    Yields
    ------
    chunk : Chunk
        What was computed.
    features : dict of Column to ndarray of float32, shape (n_pictures, width)
        The result.
    """
    stack = backbone.load(device, getattr(torch, precision))
    if isinstance(batch_size, str):
        batch_size = choose_batch_size(stack, columns, backbone.input_size, device)
    forward = Forward(stack, batch_size)
    batches = Batches(
        sources,
        chunks,
        backbone.preprocess,
        batch_size=batch_size,
        n_workers=count_workers(n_jobs, n_images, device),
        device=device,
    )
    logger.info(
        f"Extracting {len(columns)} layer(s) of {backbone.name} from {n_images} "
        f"image(s) on {device}, {batch_size} at a time, in {precision}."
    )
    parts = []
    with _progress_bar(backbone.name, n_images) as bar:
        for chunk, images in batches:
            parts.append(forward(images, chunk.columns))
            bar.update(len(images))
            if sum(len(part[chunk.columns[0]]) for part in parts) == len(chunk.rows):
                yield chunk, _merge(parts)
                parts = []


class Forward:
    """A model that halves its batches when memory runs out.

    Parameters
    ----------
    stack : LayerStack
        The loaded model.
    batch_size : int
        Images at a time, at first.
    """

    def __init__(self, stack: LayerStack, batch_size: int) -> None:
        self.stack = stack
        self.batch_size = batch_size

    def __call__(self, images: Tensor, columns: tuple[Column, ...]) -> Features:
        """Compute the pooled features of a batch.

        Parameters
        ----------
        images : Tensor, shape (n_images, 3, size, size)
            Preprocessed images on the device.
        columns : tuple of Column
            What to compute.

        Returns
        -------
        features : dict of Column to ndarray of float32, shape (n_images, width)
            The features.
        """
        while True:
            try:
                parts = images.split(self.batch_size)
                return _merge([_pooled(self.stack, part, columns) for part in parts])
            except RuntimeError as error:
                if not _is_memory_error(error) or self.batch_size == 1:
                    raise
            self._halve(images.device)

    def _halve(self, device: torch.device) -> None:
        self.batch_size = max(1, self.batch_size // 2)
        logger.info(f"Out of memory; going on with {self.batch_size} images at a time.")
        if device.type == "cuda":
            torch.cuda.empty_cache()


def choose_batch_size(
    stack: LayerStack, columns: tuple[Column, ...], size: int, device: torch.device
) -> int:
    """Choose how many images are computed at a time.

    Parameters
    ----------
    stack : LayerStack
        The loaded model.
    columns : tuple of Column
        What will be computed.
    size : int
        Side of the images.
    device : torch.device
        Where it runs.

    Returns
    -------
    batch_size : int
        A power of two: as many as fit into 70 % of the memory that is free on CUDA,
        at most 256; 32 elsewhere.
    """
    if device.type != "cuda":
        return BOUNDED_BATCH
    blank = torch.zeros(2, 3, size, size, device=device)
    _pooled(stack, blank, columns)  # libraries take their own share once
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    _pooled(stack, blank, columns)
    per_image = (torch.cuda.max_memory_allocated(device) - before) / len(blank)
    free, _ = torch.cuda.mem_get_info(device)
    fitting = SHARE_OF_FREE_MEMORY * free / max(per_image, 1)
    return 2 ** int(np.log2(np.clip(fitting, 1, LARGEST_BATCH)))


@torch.inference_mode()
def _pooled(stack: LayerStack, images: Tensor, columns: tuple[Column, ...]) -> Features:
    outputs = stack(images, list(dict.fromkeys(layer for layer, _ in columns)))
    vectors = [
        outputs[layer].patches[:, 0].float()
        if layer == FINAL
        else pool(outputs[layer], pooling).float()
        for layer, pooling in columns
    ]
    # together, because each transfer waits for the device
    table = torch.cat(vectors, 1).cpu().numpy()
    ends = np.cumsum([vector.shape[1] for vector in vectors])
    return dict(zip(columns, np.split(table, ends[:-1], axis=1), strict=True))


def _merge(parts: list[Features]) -> Features:
    if len(parts) == 1:
        return parts[0]
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}


def _is_memory_error(error: RuntimeError) -> bool:
    said = str(error).lower()  # the CPU and MPS have no error class of their own
    return "out of memory" in said or "not enough memory" in said


def _progress_bar(name: str, n_images: int) -> tqdm[Any]:
    return tqdm(
        total=n_images,
        desc=name,
        unit="image",
        delay=2,
        disable=logger.level > logging.INFO,
    )
