"""How a search is cut into stacks and chunks."""

import itertools

import numpy as np
import pytest
import torch

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign._search_stacks import _bytes_per_net, _Stack
from mne_shallowalign.alignment import build_net


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 100])
def test_chunks_hold_every_net_once(size):
    groups = list(itertools.product([4, 6], [0, 1, 2]))  # folds and seeds
    stack = _Stack([5, 7, 9, 11], groups)
    nets = []
    for chunk in stack.chunks(size):
        here = list(itertools.product(chunk.groups, chunk.candidates))
        assert 0 < len(here) <= size
        nets += here
    assert sorted(nets) == sorted(itertools.product(groups, stack.candidates))
    folds = [fold for (fold, _), _ in nets]
    assert folds == sorted(folds)  # a fold need not be brought back


def test_the_estimate_covers_what_training_keeps():
    """Weights, gradient and two moments, and all that autograd holds on to."""
    net = build_net(
        {
            "encoder": "eegproject",
            "signal": {"n_chans": 8, "n_times": 50, "n_outputs": 128},
            "encoder_params": None,
            "projector": "linear",
            "n_components": 64,
        },
        {"n_features": 128, "n_components": 64},
        lr=1e-3,
        weight_decay=0,
        batch_size=256,
        max_epochs=1,
        device="cpu",
        precision="float32",
    ).initialize()
    saved = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    x, z = torch.randn(256, 8, 50), torch.randn(256, 128)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = net.criterion_(net.module_(x), (z, torch.arange(256)))
    loss.backward()
    parameters = [*net.module_.parameters(), *net.criterion_.parameters()]
    needed = 4 * sum(4 * p.numel() for p in parameters) + sum(saved.values())
    estimate = _bytes_per_net(net, 10_000)
    assert needed < estimate < 3 * needed
    assert _bytes_per_net(net, 100) < estimate


def test_layers_of_one_width_start_from_the_same_weights():
    """What the seed decides does not depend on the layer, nor on the fold."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3, 4)), rng.standard_normal((40, 2, 5))
    first, second = (
        ShallowAlignDecoder(layer=layer, random_state=0, lr=1e-30, n_components=4)
        .fit(X, y)
        .encoder_.state_dict()
        for layer in (1, 2)
    )
    torch.testing.assert_close(dict(first), dict(second))
