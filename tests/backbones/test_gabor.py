from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mne_shallowalign.backbones import load_backbone
from mne_shallowalign.backbones._gabor import gabor_pair, normalise, orthogonal
from mne_shallowalign.datasets._pictures import draw_pictures
from mne_shallowalign.features import extract_features


@pytest.fixture(scope="module")
def stack():
    return load_backbone("gabor/v1").load()


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    pictures = draw_pictures(tmp_path_factory.mktemp("drawn"), 50, 4)
    return extract_features(pictures, "gabor/v1", cache_dir=False)


def grating(angle, wavelength, phase=0.0, size=128):
    y, x = np.mgrid[:size, :size]
    wave = np.sin(
        2 * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle)) + phase
    )
    return torch.tensor(wave, dtype=torch.float32).expand(1, 3, -1, -1)


def test_description(stack):
    backbone = load_backbone("gabor/v1")
    assert len(backbone.layers) == 6
    assert backbone.weights_revision == "1"
    assert backbone.n_parameters == 0
    assert backbone.final_width == backbone.widths[-1]
    outputs = stack(torch.zeros(1, 3, 128, 128), [*backbone.layers, "final"])
    assert tuple(o.patches.shape[-1] for o in outputs.values()) == (
        *backbone.widths,
        backbone.final_width,
    )


def test_quadrature():
    """Cosine and sine phase: orthogonal, of unit norm, and blind to flat fields."""
    for angle in (0.0, 0.7, math.pi / 2):
        even, odd = gabor_pair(4.0, angle, 11)
        assert even.norm() == pytest.approx(1)
        assert odd.norm() == pytest.approx(1)
        assert (even * odd).sum() == pytest.approx(0, abs=1e-12)
        assert even.sum() == pytest.approx(0, abs=1e-12)
        assert odd.sum() == pytest.approx(0, abs=1e-12)


def test_complex_cells_ignore_phase_and_prefer_an_orientation(stack):
    """Adelson & Bergen (1985): energy is the same for all phases of a grating."""

    def energies(angle, phase):
        maps = stack(grating(angle, 4.5, phase), ["energy1"])["energy1"].patches
        return maps[0, :, :12].mean(0)  # fine luminance: 2 wavelengths x 6 angles

    rest = energies(0.0, 0.0)
    for phase in (0.5, 1.5, 3.0):
        torch.testing.assert_close(energies(0.0, phase), rest, rtol=0.02, atol=0.01)
    for k in range(6):
        assert energies(math.pi * k / 6, 0.3).argmax() == 6 + k


def test_divisive_normalisation_saturates():
    """Heeger (1992): contrast doubles, responses hardly change."""
    maps = torch.rand(1, 8, 6, 6) + 1
    torch.testing.assert_close(normalise(2 * maps), normalise(maps), rtol=0.1, atol=0)
    assert normalise(maps).mean() == pytest.approx(1, abs=0.1)
    assert normalise(0 * maps).abs().max() == 0


def test_mixing_is_orthonormal_and_seeded():
    draw = [orthogonal(6, 4, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*draw)
    torch.testing.assert_close(draw[0].T @ draw[0], torch.eye(4, dtype=torch.float64))
    wide = orthogonal(4, 6, torch.Generator().manual_seed(1))
    torch.testing.assert_close(wide @ wide.T, torch.eye(4, dtype=torch.float64))


def test_same_on_every_machine(stack):
    """Known sums of the fixed filters; the features of v1 must never change."""
    sums = {k: float(v.double().abs().sum()) for k, v in stack.named_buffers()}
    assert sums["first.bank"] == pytest.approx(139.41405, rel=1e-5)
    assert sums["deeper.0.mixing"] == pytest.approx(423.33205, rel=1e-5)
    assert sums["deeper.4.mixing"] == pytest.approx(2127.89407, rel=1e-5)


def test_pictures_are_told_apart_at_every_layer(features):
    for values in features.values():
        z = (values - values.mean(0)) / values.std(0)
        assert np.isfinite(z).all()
        assert np.linalg.matrix_rank(z, tol=1e-2) == min(len(z) - 1, z.shape[1])
        similarity = np.corrcoef(z) - 2 * np.eye(len(z))
        assert similarity.max() < 0.999


def test_layers_differ_more_the_further_apart(features):
    """Linear prediction of the features of one layer from those of another."""
    values = [(v - v.mean(0)) / v.std(0) for v in features.values()]

    def explained(a, b):
        train, test = slice(0, None, 2), slice(1, None, 2)
        gram = a[train] @ a[train].T + 30 * np.eye(len(a[train]))
        predicted = a[test] @ a[train].T @ np.linalg.solve(gram, b[train])
        return 1 - ((predicted - b[test]) ** 2).sum() / (b[test] ** 2).sum()

    from_third = [explained(values[2], v) for v in values]
    assert np.argmax(from_third) == 2
    assert from_third[3] > from_third[4] > from_third[5]
    from_last = [explained(values[5], v) for v in values[:5]]
    assert max(from_last) < 0.5


def test_there_is_one_and_it_has_no_weights():
    with pytest.raises(ValueError, match="Did you mean 'gabor/v1'"):
        load_backbone("gabor/v2")
    with pytest.raises(ValueError, match="has no weights"):
        load_backbone("gabor/v1", weights="random")
