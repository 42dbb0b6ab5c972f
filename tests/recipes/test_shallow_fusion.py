"""Ours."""

import numpy as np

from mne_shallowalign.recipes import shallow_fusion


def test_above_chance_and_the_noise_layer_counts_least(small, score, seen):
    noise = np.random.default_rng(5).standard_normal((len(seen.final), 1, 24))
    y = np.concatenate([seen.layers[:, :2], noise], 1)
    decoder = small(shallow_fusion(), layer=[1, 2, 3])
    assert score(decoder, y) > 0.3
    assert decoder.layer_weights_.argmin() == 2


def test_layers_go_from_the_first_to_the_last():
    depths = shallow_fusion().decoder.layer
    np.testing.assert_allclose(np.diff(depths), 1 / 9)
    assert (depths[0], depths[-1]) == (0.0, 1.0)


def test_between_subjects():
    decoder = shallow_fusion(setting="inter").decoder
    assert decoder.encoder == "tsconv"
    assert decoder.augment.needs_subjects
