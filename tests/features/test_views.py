from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from mne_shallowalign.features import (
    FoveaBlur,
    GaussianBlur,
    GaussianNoise,
    LowResolution,
    Mosaic,
)
from mne_shallowalign.features._views import VIEWS

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (120, 160, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)


def seen(view):
    return np.asarray(view(PICTURE)).astype(float)


def gaussian(sigma, radius):
    return np.stack(
        [
            gaussian_filter(
                PIXELS[..., c].astype(float), sigma, radius=radius, mode="mirror"
            )
            for c in range(3)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("view", VIEWS.values())
def test_pictures_stay_pictures(view):
    shown = view()(PICTURE)
    assert shown.mode == "RGB"
    assert shown.size == (298, 224)  # shorter side 224, as in the published systems
    assert view(size=None)(PICTURE).size == PICTURE.size
    assert view()(Image.new("RGB", (1, 1))).size == (224, 224)


@pytest.mark.parametrize("view", VIEWS.values())
def test_flat_pictures_stay_flat(view):
    if view is GaussianNoise:
        view = lambda **kwargs: GaussianNoise(0, **kwargs)  # noqa: E731
    flat = np.full((60, 90, 3), 130, np.uint8)
    shown = np.asarray(view(size=None)(Image.fromarray(flat)))
    np.testing.assert_array_equal(shown, flat)


@pytest.mark.parametrize("view", VIEWS.values())
def test_they_say_what_they_do_and_can_be_sent_to_other_processes(view):
    assert repr(view()).startswith(view.__name__ + "(size=224, ")
    assert repr(view()) != repr(view(size=None))
    again = pickle.loads(pickle.dumps(view()))
    np.testing.assert_array_equal(again(PICTURE), view()(PICTURE))


def test_blur():
    ours = seen(GaussianBlur(15, size=None))
    np.testing.assert_allclose(ours, gaussian(2.6, 7), atol=1)


def test_fovea_blurs_the_corners_more_than_the_centre():
    ours = seen(FoveaBlur(51, size=None))
    y, x = np.mgrid[:120, :160]
    eccentricity = np.hypot(y - 60, x - 80) / 100
    weight = 0.5 * np.exp(-3 * eccentricity)[..., None]
    np.testing.assert_allclose(
        ours, weight * PIXELS + (1 - weight) * gaussian(8.0, 25), atol=1
    )
    change = abs(ours - PIXELS).mean(-1)
    assert change[:20, :20].mean() > 1.5 * change[50:70, 70:90].mean()


def test_noise_belongs_to_the_picture():
    grey = np.full((200, 200, 3), 128, np.uint8)
    torch.manual_seed(0)
    first = np.asarray(GaussianNoise(25, size=None)(Image.fromarray(grey)))
    torch.manual_seed(1)
    again = np.asarray(GaussianNoise(25, size=None)(Image.fromarray(grey)))
    np.testing.assert_array_equal(first, again)
    noise = first.astype(float) - 128
    assert abs(noise.mean()) < 4 * 25 / np.sqrt(noise.size)
    assert abs(noise.std() / 25 - 1) < 0.02
    grey[0, 0, 0] = 129
    other = np.asarray(GaussianNoise(25, size=None)(Image.fromarray(grey)))
    correlation = np.corrcoef(first.ravel(), other.ravel())[0, 1]
    assert abs(correlation) < 0.02


def test_low_resolution_keeps_nothing_fine():
    ours = seen(LowResolution(0.1, size=None))
    bilinear = Image.Resampling.BILINEAR
    theirs = PICTURE.resize((16, 12), bilinear).resize((160, 120), bilinear)
    np.testing.assert_allclose(ours, np.asarray(theirs, float), atol=2)


def test_mosaic_has_squares_of_one_colour():
    ours = seen(Mosaic(5, size=None)).reshape(24, 5, 32, 5, 3)
    assert (ours == ours[:, :1, :, :1]).all()
    centres = PIXELS.reshape(24, 5, 32, 5, 3)[:, 2, :, 2]
    np.testing.assert_allclose(ours[:, 0, :, 0], centres, atol=1)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: GaussianBlur(14), "kernel_size"),
        (lambda: FoveaBlur(0), "kernel_size"),
        (lambda: GaussianNoise(-3), "std"),
        (lambda: LowResolution(2), "scale"),
        (lambda: Mosaic(0), "block"),
        (lambda: Mosaic(size=0), "size"),
    ],
)
def test_parameters_are_checked_at_once(make, name):
    with pytest.raises(ValueError, match=name):
        make()
