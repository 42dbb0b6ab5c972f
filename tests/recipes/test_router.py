"""The router and the stages of SAMGA, against transcriptions of its code."""

import math

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign.recipes import Router, RouterLoss
from mne_shallowalign.recipes._router import CoarseToFine, layer_prior, modality_mmd

N, F, D, L = 7, 5, 6, 3
GATE = {"widths": [F] * L, "entropy_weight": 0.0, "n_subjects": 2}


def affine(linear, x):
    return x @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()


def transcribed_mmd(x, y):
    """Kernel by kernel and pair by pair, without the pairs of a row with itself."""

    def kernel(a, b):
        square = ((a - b) ** 2).sum()
        widths = (0.1, 0.2, 0.5, 1.0, 2.0)
        return sum(math.exp(-square / (2 * s * s)) for s in widths) / 5

    n = len(x)
    own = sum(
        kernel(side[i], side[j])
        for side in (x, y)
        for i in range(n)
        for j in range(n)
        if i != j
    )
    across = sum(kernel(a, b) for a in x for b in y)
    return max(0.0, own / (n * (n - 1)) - 2 * across / n**2)


@pytest.fixture
def criterion():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        criterion = RouterLoss(L * F, n_components=D, gate=GATE).double()
        torch.nn.init.normal_(criterion.projector.logits)
        torch.nn.init.normal_(criterion.projector.bias.weight[:2])
    return criterion


def transcribed(criterion, signals, layers, subjects, weight):
    router, rows = criterion.projector, []
    for features, subject in zip(layers, subjects, strict=True):
        logits = router.logits.detach().numpy()
        if subject is not None:
            logits = logits + router.bias.weight[subject].detach().numpy()
        gate = np.exp(logits) / np.exp(logits).sum()
        parts = [
            gate[i] * affine(router.maps[i], affine(router.enter, features[i]))
            for i in range(L)
        ]
        rows.append(affine(router.share, sum(parts)))
    images, signals = np.array(rows), affine(router.share, signals)
    scale = math.log(1 + math.exp(math.log(1 / 0.07)))
    contrast = cross_entropies(scale * signals @ unit(images).T)
    mmd = transcribed_mmd(signals, images) if weight else 0
    return weight * mmd + (1 - weight) * contrast


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9])
def test_objective(criterion, weight):
    rng = np.random.default_rng(0)
    signals, layers = rng.standard_normal((N, D)), rng.standard_normal((N, L, F))
    subjects = np.arange(N) % 2
    criterion.mmd_weight = weight
    expected = transcribed(criterion, signals, layers, subjects, weight)
    target = (
        torch.tensor(layers).flatten(1),
        torch.arange(N),
        torch.tensor(subjects),
    )
    got = criterion.train()(torch.tensor(signals), target)
    assert got.item() == pytest.approx(expected, rel=1e-5)
    got = criterion.eval()(torch.tensor(signals), target)
    expected = transcribed(criterion, signals, layers, [None] * N, weight)
    assert got.item() == pytest.approx(expected, rel=1e-5)


def test_discrepancy_tells_distributions_apart():
    rng = np.random.default_rng(0)
    x, y = 0.3 * rng.standard_normal((2, 30, 2))
    same, other = (modality_mmd(torch.tensor(x), torch.tensor(z)) for z in (y, y + 1))
    assert other.item() == pytest.approx(transcribed_mmd(x, y + 1), rel=1e-5)
    assert same < other / 10


@pytest.mark.parametrize("widths", [[3, 4]])
def test_layers_of_different_width_are_refused(widths):
    with pytest.raises(ValueError, match=r"one width, got \[3, 4\]"):
        Router(widths, D)


def test_one_target_is_refused():
    with pytest.raises(ValueError, match="fusion='learned'"):
        RouterLoss(F, n_components=D)


def test_published_prior():
    assert layer_prior([20, 24, 28, 32, 36]) == [-2, -1, 0, -1, -2]


@pytest.mark.parametrize("prior", [None, [-1.0, 0.0, -1.0]])
def test_stages(small, seen, split, prior):
    """20 epochs become 3 here; then no discrepancy, a frozen map, a new rate."""
    from mne_shallowalign.recipes import samga

    log = []

    class Watch(CoarseToFine):
        def on_epoch_end(self, net, **kwargs):
            criterion = net.criterion_
            share = criterion.projector.share.weight.detach().clone()
            rate = net.optimizer_.param_groups[0]["lr"]
            log.append((criterion.mmd_weight, share, rate))

    decoder = small(
        samga(),
        layer=[1, 2, 3],
        max_epochs=6,
        net_params={"callbacks": [Watch(prior, n_coarse=3, fine_lr=1e-6)]},
    )
    decoder.fit(seen.epochs(split[0]), seen.layers[split[0]])
    weights, shares, rates = zip(*log, strict=True)
    assert weights == pytest.approx((0.9, 0.7, 0.5, 0, 0, 0))
    assert rates == pytest.approx((2e-3,) * 3 + (1e-6,) * 3)
    moved = [not torch.equal(a, b) for a, b in zip(shares, shares[1:], strict=False)]
    assert moved == [True, True, False, False, False]
    if prior is not None:
        expected = np.exp(prior) / np.exp(prior).sum()
        np.testing.assert_allclose(decoder.layer_weights_, expected, atol=0.02)
