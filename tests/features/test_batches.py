from __future__ import annotations

import multiprocessing
import os

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from mne_shallowalign.backbones import build_preprocess
from mne_shallowalign.features._batches import (
    Batches,
    Chunk,
    Column,
    count_workers,
    split_preprocess,
)
from mne_shallowalign.features._resolve_views import resolve_views

CPU = torch.device("cpu")
PICTURES = list(
    np.random.default_rng(0).integers(0, 256, (90, 20, 24, 3), dtype=np.uint8)
)
(ORIGINAL,) = resolve_views(None)
(NOISE,) = resolve_views("noise")
COLUMNS = (Column("a", "mean"),)


def make_batches(chunks, batch_size, n_workers=0, preprocess=None):
    return Batches(
        PICTURES,
        chunks,
        preprocess or build_preprocess(16),
        batch_size=batch_size,
        n_workers=n_workers,
        device=CPU,
    )


@pytest.mark.parametrize("batch_size", [1, 7, 50, 64])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_batches_never_reach_over_a_chunk(batch_size, n_workers):
    chunks = [
        Chunk(np.arange(5, 70), ORIGINAL, COLUMNS),
        Chunk(np.array([89, 3, 4]), NOISE, COLUMNS),
        Chunk(np.arange(70, 80), ORIGINAL, COLUMNS),
    ]
    found = list(make_batches(chunks, batch_size, n_workers))
    sizes = {id(chunk): [] for chunk in chunks}
    for chunk, images in found:
        sizes[id(chunk)].append(len(images))
    for chunk in chunks:
        expected = [
            len(x) for x in np.split(chunk.rows, range(batch_size, 90, batch_size))
        ]
        assert sizes[id(chunk)] == [n for n in expected if n]
    preprocess = build_preprocess(16)
    for chunk in chunks:
        images = torch.cat([x for owner, x in found if owner is chunk])
        for row, image in zip(chunk.rows, images, strict=True):
            expected = preprocess(chunk.view(Image.fromarray(PICTURES[row])))
            torch.testing.assert_close(image, expected, rtol=0, atol=0)


def test_chunks_are_drawn_late():
    drawn = []

    def chunks():
        for start in range(0, 90, 10):
            drawn.append(start)
            yield Chunk(np.arange(start, start + 10), ORIGINAL, COLUMNS)

    for i, _ in enumerate(make_batches(chunks(), 10)):
        assert len(drawn) <= i + 2


def test_normalisation_is_left_to_the_device():
    own = build_preprocess(16, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    on_picture, on_batch = split_preprocess(own)
    images = [Image.fromarray(p) for p in PICTURES[:5]]
    raw = torch.stack([on_picture(image) for image in images])
    assert raw.dtype == torch.uint8
    expected = torch.stack([own(image) for image in images])
    torch.testing.assert_close(on_batch(raw), expected, rtol=0, atol=0)


def test_other_preprocessing_stays_whole():
    for own in (
        v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
        v2.Compose([v2.Normalize([0.5], [0.5]), v2.ToImage()]),
        v2.PILToTensor(),
    ):
        assert split_preprocess(own)[0] is own
    (found,) = make_batches(
        [Chunk(np.arange(3), ORIGINAL, COLUMNS)], 4, preprocess=v2.PILToTensor()
    )
    np.testing.assert_array_equal(found[1].permute(0, 2, 3, 1), PICTURES[:3])


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux alone")
def test_workers(monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda **_: "fork")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(40)))
    cuda = torch.device("cuda")
    assert count_workers(None, 100, cuda) == 0
    assert count_workers(None, 1000, cuda) == 16
    assert count_workers(1, 1000, cuda) == 0
    assert count_workers(-1, 10, CPU) == 40
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert count_workers(None, 1000, cuda) == 8
    assert count_workers(None, 1000, CPU) == 4
    assert count_workers(3, 1000, CPU) == 3


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_no_process_imports_the_script_unasked(method, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda **_: method)
    assert count_workers(None, 1000, torch.device("cuda")) == 0
    assert count_workers(2, 1000, CPU) == 2
