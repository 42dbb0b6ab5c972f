"""ATM and Neural-MCRL, cut down; their objective is tested with the captions."""

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign.recipes import atm, neural_mcrl

SHORT = {"kernel_size": 9, "pool_size": 15}


@pytest.mark.parametrize("recipe", [atm, neural_mcrl])
def test_above_chance(small, score, recipe):
    decoder = small(recipe(), encoder_params=SHORT | {"drop_prob": 0.1}, max_epochs=30)
    assert score(decoder) > 0.15


@pytest.mark.parametrize("recipe", [atm, neural_mcrl])
def test_objective_without_captions(small, score, recipe):
    decoder = small(recipe(captions=False), encoder_params=SHORT, max_epochs=1)
    score(decoder)
    rng = np.random.default_rng(0)
    signals, images = rng.standard_normal((2, 9, 24))
    scale = decoder.net_.criterion_.log_scale.item()
    assert scale == pytest.approx(np.log(1 / 0.07), abs=0.05)  # one epoch later
    expected = cross_entropies(scale * signals @ unit(images).T)
    got = decoder.net_.criterion_(torch.tensor(signals), (torch.tensor(images),))
    assert got.item() == pytest.approx(expected, rel=1e-5)


def test_text_needs_its_tower(small, score):
    decoder = small(atm(), backbone="gabor/v1", layer=2, encoder_params=SHORT)
    with pytest.raises(ValueError, match="gabor/v1 has no text tower"):
        score(decoder)
