"""NeuroBridge: images normalised, softplus scale, views averaged, smoothed once."""

import math

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign.features import (
    GaussianBlur,
    GaussianNoise,
    LowResolution,
    Mosaic,
    extract_features,
)
from mne_shallowalign.recipes import neurobridge

QUICK = [
    view(size=None) for view in (GaussianBlur, GaussianNoise, LowResolution, Mosaic)
]


@pytest.fixture
def fitted(small, seen, split):
    decoder = small(neurobridge(), max_epochs=1, n_components=8)
    rows = split[0][:12]
    return decoder.fit(seen.epochs(rows), seen.names[rows])


def test_objective(fitted):
    rng = np.random.default_rng(0)
    signals, images = rng.standard_normal((9, 8)), rng.standard_normal((9, 24))
    criterion = fitted.net_.criterion_.double()
    linear = criterion.projector
    projected = images @ linear.weight.detach().numpy().T
    projected = unit(projected + linear.bias.detach().numpy())
    scale = math.log(1 + math.exp(math.log(1 / 0.07)))
    expected = cross_entropies(scale * signals @ projected.T)
    got = criterion(torch.tensor(signals), (torch.tensor(images),))
    assert got.item() == pytest.approx(expected, rel=1e-5)
    assert not criterion.log_scale.requires_grad


def test_target_is_the_mean_of_four_views(fitted, seen, tiny_clip):
    names = seen.names[:5]
    views = ["blur", "noise", "low-resolution", "mosaic"]
    parts = [
        extract_features(
            names, tiny_clip, "final", image_root=seen.folder, views=v, cache_dir=False
        )["final"]
        for v in views
    ]
    gallery = fitted._read_candidates(names)
    np.testing.assert_allclose(gallery.features, sum(parts) / 4, rtol=1e-5, atol=1e-6)


def test_above_chance(small, score):
    assert score(small(neurobridge(), views=QUICK)) > 0.15


def test_settings():
    assert neurobridge(setting="inter").decoder.encoder == "tsconv"
    assert neurobridge(dataset="things-meg").picks == "data"
    assert neurobridge().picks == "occipito-parietal"


def test_only_eeg_within_people_is_flat():
    encoders = {
        (setting, dataset): neurobridge(
            setting=setting, dataset=dataset
        ).decoder.encoder
        for setting in ("intra", "inter")
        for dataset in ("things-eeg2", "things-meg")
    }
    assert encoders.pop(("intra", "things-eeg2")) == "eegproject"
    assert set(encoders.values()) == {"tsconv"}
