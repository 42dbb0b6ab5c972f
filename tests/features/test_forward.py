from __future__ import annotations

import numpy as np
import pytest
import torch

from mne_shallowalign.backbones import LayerOutput, LayerStack
from mne_shallowalign.features._batches import Column
from mne_shallowalign.features._forward import Forward, choose_batch_size

COLUMNS = (Column("a", "max"), Column("a", "flatten-5"), Column("final", "final"))
IMAGES = torch.randn(13, 3, 4, 4, generator=torch.Generator().manual_seed(0))


class Small(LayerStack):
    """A model whose memory holds five images."""

    def __init__(self, room=5, error=None):
        super().__init__(["a"])
        self.room = room
        self.error = error or torch.OutOfMemoryError("CUDA out of memory.")
        self.calls = []

    def run(self, images, layers, final):
        self.calls.append(len(images))
        if len(images) > self.room:
            raise self.error
        outputs = {"a": LayerOutput.from_map(images)}
        return outputs | {
            "final": LayerOutput.from_tokens(images.mean((2, 3))[:, None])
        }


def check(features):
    maximum = IMAGES.amax((2, 3))
    np.testing.assert_array_equal(features[COLUMNS[0]], maximum)
    assert features[COLUMNS[1]].shape == (13, 5)
    np.testing.assert_array_equal(features[COLUMNS[2]], IMAGES.mean((2, 3)))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
    ],
)
def test_batches_are_halved_when_memory_runs_out(error):
    stack = Small(error=error)
    forward = Forward(stack, 16)
    check(forward(IMAGES, COLUMNS))
    assert stack.calls == [13, 8, 4, 4, 4, 1]
    stack.calls.clear()
    check(forward(IMAGES, COLUMNS))
    assert stack.calls == [4, 4, 4, 1]  # it does not run out twice


@pytest.mark.parametrize(
    ("room", "error", "n_calls"),
    [(0, torch.OutOfMemoryError("CUDA out of memory."), 5), (0, RuntimeError("x"), 1)],
)
def test_other_errors_and_no_room_for_one(room, error, n_calls):
    stack = Small(room, error)
    with pytest.raises(RuntimeError, match=str(error)):
        Forward(stack, 13)(IMAGES, COLUMNS)
    assert len(stack.calls) <= n_calls


def test_one_transfer_per_batch(monkeypatch):
    transfers = []
    cpu = torch.Tensor.cpu
    monkeypatch.setattr(
        torch.Tensor, "cpu", lambda self: (transfers.append(self.shape), cpu(self))[1]
    )
    Forward(Small(99), 99)(IMAGES, COLUMNS)
    assert transfers == [(13, 3 + 5 + 3)]


@pytest.mark.parametrize(
    ("free", "size"), [(10e9, 64), (100e9, 256), (1e9, 4), (1e6, 1)]
)
def test_batch_size_from_free_memory(free, size, monkeypatch):
    """100 MB an image, as a device would say."""
    for name, answer in {
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": lambda device: None,
        "memory_allocated": lambda device: 5e9,
        "max_memory_allocated": lambda device: 5e9 + 2 * 100e6,
        "mem_get_info": lambda device: (free, 80e9),
    }.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    monkeypatch.setattr(torch, "zeros", lambda *shape, device: IMAGES[: shape[0]])
    stack = Small()
    assert choose_batch_size(stack, COLUMNS, 4, torch.device("cuda")) == size
    assert stack.calls == [2, 2]


def test_batch_size_is_bounded_elsewhere():
    assert choose_batch_size(None, COLUMNS, 4, torch.device("cpu")) == 32
