"""The contrastive losses against an independent NumPy computation."""

import math

import numpy as np
import pytest
import torch

from mne_shallowalign.alignment import ContrastiveLoss, contrastive_loss, subject_mmd


def numpy_loss(similarity, identity):
    """Paper eq. 3, term by term; repeats of an image leave the denominator."""
    total = 0.0
    for k in range(len(similarity)):
        kept = [
            j for j in range(len(similarity)) if j == k or identity[j] != identity[k]
        ]
        row = sum(math.exp(similarity[k, j]) for j in kept)
        column = sum(math.exp(similarity[j, k]) for j in kept)
        total += math.log(math.exp(similarity[k, k]) / row)
        total += math.log(math.exp(similarity[k, k]) / column)
    return -total / (2 * len(similarity))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    identity = np.array([0, 1, 2, 1, 3, 0, 1])
    images = rng.standard_normal((4, 5))[identity]
    return rng.standard_normal((7, 3)), images, identity


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("loss", ["cosine", "lineage", "atm"])
def test_loss_is_equation_3(batch, loss, repeats):
    signals, images, identity = batch
    criterion = ContrastiveLoss(5, 3, loss=loss, temperature=0.2).double()
    weight = criterion.projector.weight.detach().numpy()
    projected = unit(images @ weight.T + criterion.projector.bias.detach().numpy())
    if loss == "cosine":
        similarity = unit(signals) @ projected.T / 0.2
    elif loss == "lineage":
        similarity = signals @ projected.T * math.log1p(1 / 0.2)
    else:
        similarity = signals @ projected.T * math.log(1 / 0.2)
    expected = numpy_loss(similarity, identity if repeats else np.arange(7))
    target = (torch.tensor(images),)
    if repeats:
        target += (torch.tensor(identity),)
    got = criterion(torch.tensor(signals), target).item()
    # the criterion ends in float32
    assert got == pytest.approx(expected, rel=1e-6)


def test_repeats_pair_every_picture_with_every_presentation(batch):
    """Masking equals averaging over all positives, as the docstring says."""
    signals, images, identity = batch
    s = torch.tensor(unit(signals) @ unit(images[:, :3]).T * 5)
    masked = contrastive_loss(s, torch.tensor(identity)).item()
    total = 0.0
    for k, image in enumerate(identity):
        positives = np.flatnonzero(identity == image)
        negatives = np.flatnonzero(identity != image)
        for d in (s.numpy(), s.numpy().T):
            denominators = np.exp(d[k, positives]) + np.exp(d[k, negatives]).sum()
            total -= np.mean(d[k, positives] - np.log(denominators))
    assert masked == pytest.approx(total / (2 * len(identity)), rel=1e-10)


def test_repeat_is_never_a_negative():
    """Another presentation of the same image cannot raise the loss."""
    logits = torch.tensor([[2.0, 9.0, 0.0], [9.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
    alone = contrastive_loss(logits[[0, 2]][:, [0, 2]])
    identity = torch.tensor([0, 0, 1])
    with_repeat = contrastive_loss(logits, identity)
    logits[0, 1] = logits[1, 0] = 50.0
    assert contrastive_loss(logits, identity) == with_repeat
    assert contrastive_loss(logits) > alone


def test_published_scales():
    lineage, cosine, atm = (
        ContrastiveLoss(2, 2, loss=name) for name in ("lineage", "cosine", "atm")
    )
    assert atm.scale().item() == pytest.approx(2.659, abs=5e-4)
    assert atm.log_scale.requires_grad
    assert lineage.scale().item() == pytest.approx(2.727, abs=5e-4)
    assert cosine.scale().item() == pytest.approx(1 / 0.07)
    assert cosine.log_scale.requires_grad
    assert not lineage.log_scale.requires_grad
    assert ContrastiveLoss(
        2, 2, loss="lineage", learn_temperature=True
    ).log_scale.requires_grad


@pytest.mark.parametrize(("log_scale", "scale"), [(-5.0, 1.0), (9.0, 100.0)])
def test_learnt_scale_is_clamped(log_scale, scale):
    criterion = ContrastiveLoss(2, 2)
    criterion.log_scale.data.fill_(log_scale)
    assert criterion.scale().item() == scale


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "cos"}, "loss must be one of"),
        ({"temperature": 0}, "temperature must be positive"),
        ({"projector": "deep"}, "projector must be one of"),
        ({"projector": None}, "one width"),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        ContrastiveLoss(3, 2, **params)


def test_discrepancy_between_subjects_is_added():
    signals, features = torch.randn(12, 4), torch.randn(12, 6)
    identity, subject = torch.arange(12), torch.arange(12) % 3
    with_it = ContrastiveLoss(6, 4, subject_mmd=0.7)
    without = ContrastiveLoss(6, 4)
    without.load_state_dict(with_it.state_dict())
    target = (features, identity, subject)
    expected = without(signals, target) + 0.7 * subject_mmd(
        torch.nn.functional.normalize(signals, dim=1), subject
    )
    torch.testing.assert_close(with_it(signals, target), expected)
