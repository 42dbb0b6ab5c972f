"""NICE: both sides normalised, 14.3 as it is, no projector."""

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign.recipes import nice


def test_objective(small, score, seen):
    decoder = small(nice(), max_epochs=1)
    score(decoder)
    rng = np.random.default_rng(0)
    signals, images = rng.standard_normal((2, 9, 24))
    expected = cross_entropies(unit(signals) @ unit(images).T / 0.07)
    got = decoder.net_.criterion_(torch.tensor(signals), (torch.tensor(images),))
    assert got.item() == pytest.approx(expected, rel=1e-5)
    trained = [p for p in decoder.net_.criterion_.parameters() if p.requires_grad]
    assert not trained


def test_above_chance(small, score):
    assert score(small(nice())) > 0.15


def test_optimizer_is_the_published_one(small, score):
    decoder = small(nice(), max_epochs=1, lr=2e-4)
    score(decoder)
    settings = decoder.net_.optimizer_.param_groups[0]
    assert isinstance(decoder.net_.optimizer_, torch.optim.Adam)
    assert settings["betas"] == (0.5, 0.999)
    assert settings["weight_decay"] == 0
