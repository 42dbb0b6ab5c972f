"""Fusion of layers, against plain transcriptions."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mne_shallowalign.alignment import (
    ContrastiveLoss,
    GatedProjector,
    check_fusion,
    contrastive_loss,
    fuse,
    fused_width,
)

WIDTHS = [3, 5, 2]


@pytest.fixture
def features():
    return torch.randn(7, sum(WIDTHS), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def gated():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        gated = GatedProjector(WIDTHS, 4, "linear", 0.1, n_subjects=2)
        torch.nn.init.normal_(gated.logits)
        torch.nn.init.normal_(gated.bias.weight[:2])
    return gated


def transcribed(gated, features, gate):
    """The sum of normalised projections, image by image and layer by layer."""
    rows = []
    for row, weights in zip(features, gate, strict=True):
        total, start = 0, 0
        for layer, width in enumerate(WIDTHS):
            part = row[start : start + width]
            linear = gated.maps[layer]
            projection = linear.weight @ part + linear.bias
            total = total + weights[layer] * projection / projection.norm()
            start += width
        rows.append(total)
    return torch.stack(rows)


def test_gate_at_test_is_a_softmax_without_subjects(gated, features):
    gated.eval()
    gate = torch.exp(gated.logits) / torch.exp(gated.logits).sum()
    expected = transcribed(gated, features, gate.expand(7, -1))
    torch.testing.assert_close(gated(features), expected)
    torch.testing.assert_close(gated(features, torch.ones(7, dtype=int)), expected)


def test_gate_in_training_leans_with_the_subject(gated, features):
    subject = torch.tensor([0, 1, 0, 1, 0, 1, 2])  # the last was not there before
    logits = (
        gated.logits + torch.cat([gated.bias.weight[:2], torch.zeros(1, 3)])[subject]
    )
    gate = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    expected = transcribed(gated, features, gate)
    torch.testing.assert_close(gated.train()(features, subject), expected)


def test_penalty_is_what_the_entropy_lacks(gated):
    gate = gated.gate()[0].detach().numpy()
    expected = 0.1 * (np.log(3) + (gate * np.log(gate)).sum())
    np.testing.assert_allclose(gated.penalty().item(), expected, rtol=1e-5)
    gated.start_from([1 / 3] * 3)
    np.testing.assert_allclose(gated.penalty().item(), 0, atol=1e-6)


def test_a_shut_gate_can_open(gated, features):
    gated.start_from([1, 0, 0])
    torch.testing.assert_close(gated.gate()[0], torch.tensor([1, 1e-3, 1e-3]) / 1.002)
    F.normalize(gated(features), dim=1)[:, 0].sum().backward()
    assert (gated.logits.grad != 0).all()


def test_loss_of_a_gate_is_contrastive_plus_penalty(features):
    gate = {"widths": WIDTHS, "entropy_weight": 0.3, "n_subjects": 0}
    loss = ContrastiveLoss(sum(WIDTHS), 4, gate=gate)
    loss.projector.start_from([0.5, 0.3, 0.2])
    signals = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    images = F.normalize(loss.projector(features), dim=1)
    logits = loss.scale() * F.normalize(signals, dim=1) @ images.T
    expected = contrastive_loss(logits) + loss.projector.penalty()
    torch.testing.assert_close(loss(signals, (features,)), expected)


def test_mean_and_concat(features):
    parts = features[:, :9].split(3, dim=1)
    torch.testing.assert_close(fuse(features[:, :9], "mean", [3, 3, 3]), sum(parts) / 3)
    assert fused_width("mean", [3, 3, 3]) == 3
    for fusion in ("concat", "learned"):
        assert fuse(features, fusion, WIDTHS) is features
        assert fused_width(fusion, WIDTHS) == 10


@pytest.mark.parametrize(
    ("fusion", "projector", "message"),
    [
        ("sum", "linear", "fusion must be one of"),
        ("mean", "linear", r"\[3, 5, 2\] features. Use fusion='concat' or 'learned'"),
        ("learned", None, "solver='ridge'"),
    ],
)
def test_what_cannot_be_fused(fusion, projector, message):
    with pytest.raises(ValueError, match=message):
        check_fusion(fusion, WIDTHS, projector)


def test_separate_parts_stay_as_they_are(features):
    parts = features[:, :9]
    assert fuse(parts, "separate", [3, 3, 3]) is parts
    assert fused_width("separate", [3, 3, 3]) == 3
    with pytest.raises(ValueError, match=r"parts of one width, but they have \[3, 5\]"):
        check_fusion("separate", [3, 5], "linear")
