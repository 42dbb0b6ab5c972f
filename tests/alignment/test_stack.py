"""Stacked modules against their members, one by one."""

import copy

import pytest
import torch
from torch import nn

from mne_shallowalign.alignment import (
    ContrastiveLoss,
    NeuralTower,
    is_stackable,
    stack_modules,
    unstack,
)
from mne_shallowalign.alignment._stack import SideBySide, StackedDropout, Stream
from mne_shallowalign.encoders import EEGProject
from mne_shallowalign.encoders._dropout import Dropout

N, C, T, D = 7, 3, 5, 6


def make_tower(projector="linear"):
    signal = {"n_chans": C, "n_times": T, "n_outputs": D}
    return NeuralTower("eegproject", signal, None, projector, D).eval()


class Convolution(nn.Module):
    """An encoder with running statistics and PyTorch's own dropout."""

    def __init__(self, n_chans, n_times, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(n_chans, 4, 3, bias=False), nn.BatchNorm1d(4), nn.Dropout(0.5)
        )
        self.out = nn.Linear(4 * (n_times - 2), n_outputs)

    def forward(self, x):
        return self.out(self.layers(x).flatten(1))


@pytest.mark.parametrize("projector", ["linear", "mlp", None])
def test_outputs_and_gradients_are_those_of_the_members(projector):
    towers = [make_tower(projector) for _ in range(6)]
    stack = stack_modules(towers)
    x = torch.randn(3, N, C, T)  # of three groups of two members
    weight = torch.randn(6, N, D)
    found = stack(x)
    (found * weight).sum().backward()
    gradients = [unstack(_gradients(stack), m) for m in range(6)]
    for m, tower in enumerate(towers):
        expected = tower(x[m // 2])
        torch.testing.assert_close(found[m], expected, atol=1e-6, rtol=1e-5)
        (expected * weight[m]).sum().backward()
        for name, parameter in tower.named_parameters():
            torch.testing.assert_close(
                gradients[m][name], parameter.grad, atol=1e-5, rtol=1e-5
            )


def _gradients(stack):
    """Return a copy whose parameters are the gradients."""
    found = copy.deepcopy(stack)
    for parameter, here in zip(found.parameters(), stack.parameters(), strict=True):
        parameter.data = here.grad
    return found


def test_the_input_has_its_gradient_too():
    """A shared input sums what its members send back."""
    maps = [nn.Linear(4, 5) for _ in range(4)]
    x = torch.randn(2, N, 4, requires_grad=True)
    y = torch.randn(2, N, 4, requires_grad=True)
    y.data = x.data
    stack_modules(maps)(x).square().sum().backward()
    sum(m(y[i // 2]).square().sum() for i, m in enumerate(maps)).backward()
    torch.testing.assert_close(x.grad, y.grad)


def test_maps_may_differ_in_width_where_the_input_is_filled_up():
    losses = [ContrastiveLoss(width, D) for width in (3, 8, 5)]
    stack = stack_modules(losses)
    signals = torch.randn(3, N, D)
    features = [torch.randn(N, width) for width in (3, 8, 5)]
    padded = [nn.functional.pad(one, (0, 8 - one.shape[1])) for one in features]
    found = stack(signals, (torch.stack(padded),))
    expected = [
        loss(signal, (one,))
        for loss, signal, one in zip(losses, signals, features, strict=True)
    ]
    torch.testing.assert_close(found, torch.stack(expected))
    found.sum().backward()
    assert not stack.projector.weight.grad[0, :, 3:].any()
    for m, loss in enumerate(losses):
        torch.testing.assert_close(dict(loss.state_dict()), unstack(stack, m))


def test_repeated_images_are_masked_per_member():
    losses = [ContrastiveLoss(4, D) for _ in range(2)]
    signals, features = torch.randn(2, N, D), torch.randn(2, N, 4)
    identity = torch.randint(3, (2, N))
    found = stack_modules(losses)(signals, (features, identity))
    for m, loss in enumerate(losses):
        expected = loss(signals[m], (features[m], identity[m]))
        torch.testing.assert_close(found[m], expected)


def test_what_is_trained_stays_what_is_trained():
    stack = stack_modules([ContrastiveLoss(4, D, loss="lineage") for _ in range(2)])
    assert not stack.log_scale.requires_grad
    assert stack.log_scale.shape == (2,)
    assert stack.projector.weight.requires_grad


def test_members_are_left_alone():
    towers = [make_tower() for _ in range(2)]
    before = copy.deepcopy(towers[0].state_dict())
    stack = stack_modules(towers)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.zero_()
    torch.testing.assert_close(dict(towers[0].state_dict()), dict(before))
    assert isinstance(towers[0].encoder, EEGProject)


@pytest.mark.parametrize("groups", [1, 2])
def test_masks_are_those_that_members_draw_alone(groups):
    dropout, x = Dropout(0.3), torch.randn(4, N, D)
    stack = StackedDropout([dropout] * 4)
    cpu = torch.device("cpu")
    stack.streams = [Stream.seeded(seed, cpu) for seed in range(groups)]
    found = [stack(x), stack(x)]
    for m in range(4):
        with torch.random.fork_rng([]):
            torch.manual_seed(m * groups // 4)
            for one in found:
                torch.testing.assert_close(one[m], dropout(x[m]))
    assert stack.eval()(x) is x


def test_other_modules_are_computed_side_by_side_with_their_own_randomness():
    members = [Convolution(C, T, D) for _ in range(4)]
    stack = stack_modules(members)
    assert isinstance(stack, SideBySide)
    stack.streams = [Stream.seeded(seed, torch.device("cpu")) for seed in (5, 6)]
    x, before = torch.randn(2, N, C, T), torch.random.get_rng_state()
    found = [stack(x)[::2], stack.eval()(x)[::2]]  # the first of each group
    assert torch.equal(torch.random.get_rng_state(), before)
    for g, member in enumerate(members[::2]):
        with torch.random.fork_rng([]):
            torch.manual_seed(5 + g)
            torch.testing.assert_close(found[0][g], member(x[g]))
        torch.testing.assert_close(found[1][g], member.eval()(x[g]))
        torch.testing.assert_close(dict(member.state_dict()), unstack(stack, 2 * g))


class Unflagged(EEGProject):
    """What a subclass computes is not known."""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (make_tower(), True),
        (ContrastiveLoss(4, D), True),
        (nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.LayerNorm(2)), True),
        (Unflagged(C, T, D), False),
        (nn.Flatten(), False),
        (nn.Flatten(-2), True),
        (nn.LayerNorm((2, 2)), False),
        (nn.Dropout(0.5), False),
        (nn.BatchNorm1d(2), False),
        (Convolution(C, T, D), False),
    ],
)
def test_what_can_be_stacked(module, expected):
    assert is_stackable(module) is expected
