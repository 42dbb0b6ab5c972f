"""Every net of a stack against the same net trained alone."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.model_selection import GroupKFold
from skorch.dataset import ValidSplit
from torch.nn import functional as F

from mne_shallowalign._device import isolated_randomness
from mne_shallowalign.alignment import (
    PairedSignals,
    RepetitionAverage,
    TemporalSmoothing,
    TimeShift,
    build_net,
    compare_member,
    embed_images,
    embed_signals,
    stack_nets,
    train_net,
    train_stack,
    unstack,
)

N, C, T, H, K = 100, 4, 10, 16, 8
WIDTHS, SEEDS = (6, 9), (3, 4)  # of two layers, and of two groups


def make_net(width=6, seed=0, net_params=None, **params):
    tower = {"projector": "linear", "n_components": K}
    loss = {"projector": "linear", "loss": "cosine"}
    tower["projector"] = loss["projector"] = params.pop("projector", "linear")
    loss["loss"] = params.pop("loss", "cosine")
    if tower["projector"] is None:
        tower["n_components"] = width
    signal = {"n_chans": C, "n_times": T, "n_outputs": tower["n_components"] + 8}
    if tower["projector"] is None:
        signal["n_outputs"] = width
    net = build_net(
        {"encoder": "eegproject", "signal": signal, "encoder_params": None, **tower},
        {"n_features": width, "n_components": tower["n_components"], **loss},
        net_params,
        lr=1e-3,
        weight_decay=1e-2,
        batch_size=32,
        max_epochs=17,  # of three batches: 51 steps
        **{"precision": "float32", "device": "cpu", **params},
    )
    with isolated_randomness(seed, net.device):
        return net.initialize()


def make_group(seed, widths, repeats):
    """Signals of one fold, and the features of several layers."""
    generator = torch.Generator().manual_seed(seed)
    n_images = N // 2 if repeats else N
    index = torch.arange(N) % n_images
    signals = torch.randn(N, C, T, generator=generator)
    features = [torch.randn(n_images, width, generator=generator) for width in widths]
    padded = [F.pad(one, (0, max(widths) - one.shape[1])) for one in features]
    alone = [PairedSignals(signals, one, index) for one in features]
    return PairedSignals(signals, torch.stack(padded), index), alone


def train_alone(net, pairs, seed):
    net = copy.deepcopy(net)
    with isolated_randomness(seed):
        return net.partial_fit(pairs)


def largest_difference(stack, member, net):
    halves = (stack.module_, net.module_), (stack.criterion_, net.criterion_)
    differences = []
    for stacked, alone in halves:
        found, expected = unstack(stacked, member), alone.state_dict()
        assert found.keys() == expected.keys()
        differences += [(found[k] - expected[k]).abs().max().item() for k in found]
    return max(differences)


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize(
    ("loss", "projector"),
    [("cosine", "linear"), ("lineage", "linear"), ("cosine", "mlp"), ("cosine", None)],
)
def test_fifty_steps_equal_those_alone(loss, projector, repeats):
    """Several layers and groups; masks, batches, weight decay and temperature."""
    widths = (9, 9) if projector is None else WIDTHS
    groups = [make_group(10 + seed, widths, repeats) for seed in SEEDS]
    nets = [
        make_net(width, seed, loss=loss, projector=projector)
        for seed in SEEDS
        for width in widths
    ]
    stack = stack_nets(nets)
    train_stack(stack, [pairs for pairs, _ in groups], [seed + 1 for seed in SEEDS])
    alone = [
        train_alone(nets[g * len(widths) + i], pairs, seed + 1)
        for g, seed in enumerate(SEEDS)
        for i, pairs in enumerate(groups[g][1])
    ]
    for member, net in enumerate(alone):
        assert largest_difference(stack, member, net) < 1e-6
    losses = [net.history[-1]["train_loss"] for net in alone]
    assert stack.history[-1]["train_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_fifty_steps_equal_those_alone_on_a_gpu():
    """Masks there come from a generator of the device."""
    pairs, alone = make_group(0, WIDTHS, True)
    for one in (pairs, *alone):
        for name in ("signals", "features", "image_index"):
            setattr(one, name, getattr(one, name).cuda())
    nets = [make_net(width, 3, device="cuda") for width in WIDTHS]
    stack = stack_nets(nets)
    train_stack(stack, [pairs], [4])
    for member, net in enumerate(nets):
        trained = copy.deepcopy(net)
        train_net(trained, alone[member], [4])
        assert largest_difference(stack, member, trained) < 1e-4


def test_augmentations_are_those_alone():
    augment = [RepetitionAverage(), TemporalSmoothing(), TimeShift(1)]
    net_params = {"iterator_train__augment": augment}
    groups = [make_group(10 + seed, WIDTHS, repeats=True) for seed in SEEDS]
    nets = [make_net(width, seed, net_params) for seed in SEEDS for width in WIDTHS]
    stack = stack_nets(nets)
    train_stack(stack, [pairs for pairs, _ in groups], [seed + 1 for seed in SEEDS])
    pairs = [one for _, alone in groups for one in alone]
    for member, net in enumerate(nets):
        alone = train_alone(net, pairs[member], SEEDS[member // 2] + 1)
        assert largest_difference(stack, member, alone) < 1e-6


def test_members_agree_up_to_rounding_in_bfloat16():
    pairs, (alone, _) = make_group(0, (6, 6), False)
    net = make_net(precision="bfloat16")
    stack = stack_nets([net, net])
    for one in (pairs, alone):
        one.signals, one.features = one.signals.bfloat16(), one.features.bfloat16()
    train_stack(stack, [pairs], [1])
    assert largest_difference(stack, 0, train_alone(net, alone, 1)) < 0.02


def test_similarities_are_those_of_the_net_alone():
    group, pairs = make_group(0, WIDTHS, False)
    nets = [make_net(width, 7) for width in WIDTHS]
    stack = stack_nets(nets)
    train_stack(stack, [group], [8])
    for member, net in enumerate(nets):
        features = pairs[member].features
        found = compare_member(stack, member, net, group.signals, features)
        trained = train_alone(net, pairs[member], 8)
        signals = embed_signals(trained, [group.signals])
        expected = signals @ embed_images(trained, [features]).T
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_vectors_side_by_side_have_the_mean_similarity():
    _, (pairs, *_) = make_group(0, WIDTHS, False)
    nets = [make_net(WIDTHS[0], seed) for seed in SEEDS]
    stack = stack_nets(nets)
    signals = embed_signals(stack, pairs.signals.split(30))
    images = embed_images(stack, pairs.features.split(30))
    assert signals.shape == (N, len(SEEDS) * K)
    np.testing.assert_allclose(np.linalg.norm(signals, axis=1), 1, rtol=1e-5)
    each = [
        embed_signals(net, [pairs.signals]) @ embed_images(net, [pairs.features]).T
        for net in nets
    ]
    np.testing.assert_allclose(signals @ images.T, np.mean(each, axis=0), atol=1e-6)


def test_an_ensemble_shares_its_pairs_but_not_their_order():
    _, (pairs, *_) = make_group(0, WIDTHS, False)
    nets = [make_net(WIDTHS[0], seed) for seed in SEEDS]
    stack = stack_nets(nets)
    train_net(stack, pairs, list(SEEDS))
    for member, (net, seed) in enumerate(zip(nets, SEEDS, strict=True)):
        alone = copy.deepcopy(net)
        train_net(alone, pairs, [seed])
        assert largest_difference(stack, member, alone) < 1e-6


def test_same_bits_from_run_to_run_and_nothing_drawn_from_torch():
    group, _ = make_group(0, WIDTHS, True)
    net = make_net(WIDTHS[1], 7)
    states, before = [], torch.random.get_rng_state()
    for _ in range(2):
        stack = stack_nets([net, net])
        train_stack(stack, [group], [8])
        states.append(stack.module_.state_dict())
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.testing.assert_close(dict(states[0]), dict(states[1]), atol=0, rtol=0)


def test_a_trained_stack_can_be_pickled_and_goes_on():
    group, _ = make_group(0, (6,), False)
    stack = stack_nets([make_net(seed=7)])
    train_stack(stack, [group], [8])
    again = pickle.loads(pickle.dumps(stack))
    for net in (stack, again):
        train_stack(net, [group], [9])
    torch.testing.assert_close(
        dict(stack.module_.state_dict()), dict(again.module_.state_dict())
    )


def test_settings_of_the_net_hold_for_the_stack():
    """Optimiser, split and iterators of net_params, batches of a validation set."""
    net_params = {
        "optimizer": torch.optim.SGD,
        "train_split": ValidSplit(GroupKFold(4)),
        "iterator_train__shuffle": False,
    }
    group, (alone, *_) = make_group(0, (6, 6), False)
    net = make_net(seed=7, net_params=net_params)
    stack = stack_nets([net, net])
    groups = np.arange(N) // 5
    train_stack(stack, [group], [8], groups=groups)
    assert isinstance(stack.optimizer_, torch.optim.SGD)
    trained = copy.deepcopy(net)
    train_net(trained, alone, [8], groups=groups)
    assert largest_difference(stack, 0, trained) < 1e-6
    expected = trained.history[-1]["valid_loss"]
    # the same target twice: the mean loss is that of one
    group.features = group.features[:1].expand(2, -1, -1)
    stack = stack_nets([net, net])
    train_stack(stack, [group], [8], groups=groups)
    assert stack.history[-1]["valid_loss"] == pytest.approx(expected, rel=1e-5)
