"""Models that take no memory until their weights come."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from mne_shallowalign.backbones import load_backbone
from mne_shallowalign.backbones._state_dict import (
    build_empty,
    load_strictly,
    read_state_dict,
)


def test_parameters_are_empty_and_buffers_are_real():
    net = build_empty(lambda: timm.create_model("resnet18"))
    assert all(parameter.is_meta for parameter in net.parameters())
    assert not any(buffer.is_meta for buffer in net.buffers())
    assert not next(nn.Linear(2, 2).parameters()).is_meta


@pytest.mark.parametrize(
    "name",
    [
        "vit_small_patch16_dinov3",  # rotary embeddings are not in its state dict
        "swin_s3_tiny_224",  # its masks take the device of its parameters
        "swinv2_cr_tiny_224",  # reads its own values while it is built
    ],
)
def test_the_model_is_the_one_that_was_saved(name):
    saved = timm.create_model(name).eval()
    net = build_empty(lambda: timm.create_model(name)).eval()
    load_strictly(net, saved.state_dict(), "memory")
    tensors = dict([*saved.named_parameters(), *saved.named_buffers()])
    for key, value in [*net.named_parameters(), *net.named_buffers()]:
        assert torch.equal(value, tensors[key])


def test_weights_are_not_copied():
    net = build_empty(lambda: nn.Linear(3, 2))
    state = nn.Linear(3, 2).state_dict()
    load_strictly(net, state, "memory")
    assert net.weight.data_ptr() == state["weight"].data_ptr()


def test_other_threads_build_real_models():
    built = []

    def build():
        thread = threading.Thread(target=lambda: built.append(nn.Linear(2, 2)))
        thread.start()
        thread.join()
        return nn.Linear(3, 3)

    assert build_empty(build).weight.is_meta
    assert not built[0].weight.is_meta


def test_errors_of_building_are_raised():
    def build():
        raise RuntimeError("no such model")

    with pytest.raises(RuntimeError, match="no such model"):
        build_empty(build)
    assert not nn.Linear(2, 2).weight.is_meta


def test_files_of_the_oldest_kind(tmp_path):
    """They cannot be mapped; they are read."""
    state = nn.Linear(3, 2).state_dict()
    path = tmp_path / "old.pt"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert torch.equal(read_state_dict(path)["weight"], state["weight"])


PEAK = """
import sys, threading, torch
from mne_shallowalign.backbones import load_backbone

def anonymous():
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["RssAnon"].split()[0]) * 1024

def watch(done, seen):
    while not done.wait(0.002):
        seen.append(anonymous())

backbone = load_backbone(sys.argv[1], weights=sys.argv[2])
for dtype in (torch.float32, torch.bfloat16):
    done, seen = threading.Event(), [anonymous()]
    watcher = threading.Thread(target=watch, args=(done, seen))
    watcher.start()
    stack = backbone.load(dtype=dtype)
    done.set()
    watcher.join()
    print(max(seen) - seen[0])
    del stack
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_loading(tmp_path, save_shards):
    """What is allocated beyond the mapped files, in units of the float32 weights."""
    name = "timm/vit_small_patch16_224"
    net = load_backbone(name, weights="random").load().model
    save_shards(net.state_dict(), tmp_path)
    size = sum(tensor.nbytes for tensor in net.state_dict().values())
    command = [sys.executable, "-c", PEAK, name, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    as_stored, halved = (int(line) / size for line in result.stdout.split())
    assert as_stored < 0.3
    assert halved < 0.8


@pytest.mark.skipif(sys.platform == "win32", reason="keeps mapped files")
def test_a_mapped_file_may_go(tmp_path):
    """Deleting the file of a loaded model does no harm."""
    name = "timm/mobilenetv2_035"
    path = tmp_path / "model.safetensors"
    net = load_backbone(name, weights="random").load().model
    save_file(net.state_dict(), path)
    stack = load_backbone(name, weights=path).load()
    path.unlink()
    images = torch.rand(1, 3, 64, 64)
    expected = net(images)
    assert torch.equal(stack(images, ["final"])["final"].patches[:, 0], expected)
