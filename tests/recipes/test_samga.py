"""SAMGA, cut down; its objective is tested with the router."""

import numpy as np
import pytest

from mne_shallowalign.recipes import samga


@pytest.mark.parametrize("prior", ["published", "held-out"])
def test_above_chance(small, score, seen, prior):
    recipe = samga(prior=prior)
    decoder = small(recipe, layer=[1, 2, 3], max_epochs=25, lr=3e-3)
    if prior == "published":
        stages = decoder.net_params["callbacks"][0][1]
        assert stages.prior == [-2, -1, 0, -1, -2]
        stages.prior = stages.prior[1:4]  # of the three layers that there are
    assert score(decoder, seen.layers) > 0.3
    shared = decoder.transform_images(seen.layers[:5])
    np.testing.assert_allclose(np.linalg.norm(shared, axis=1), 1, rtol=1e-5)
    told = "The router starts from held-out training images." in recipe.departures
    assert told == (prior == "held-out")


def test_subjects_lean_between_subjects_alone():
    params = samga(setting="inter").decoder.fusion_params
    assert params["subject_bias"]
    assert not samga().decoder.fusion_params["subject_bias"]


def test_unknown_prior():
    with pytest.raises(ValueError, match="prior must be one of"):
        samga(prior="uniform")
