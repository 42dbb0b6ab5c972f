from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from mne_shallowalign.features import FoveaBlur, GaussianBlur, LowResolution
from mne_shallowalign.features._resolve_views import check_fusion, resolve_views

PICTURE = Image.fromarray(
    np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
)


def test_names_transforms_and_sequences():
    assert [view.name for view in resolve_views(None)] == ["original"]
    assert resolve_views("blur") == resolve_views(GaussianBlur())
    names = [
        view.name for view in resolve_views(["noise", "original", v2.RandomCrop(9)])
    ]
    assert names[:2] == ["GaussianNoise(size=224, std=25.0)", "original"]
    assert names[2].startswith("RandomCrop(size=(9, 9)")


def test_the_original_is_left_alone():
    (view,) = resolve_views("original")
    assert view(PICTURE) is PICTURE
    assert view.tag == ()
    (blur,), (other,) = resolve_views("blur"), resolve_views(GaussianBlur(17))
    assert blur.tag != other.tag


def test_random_transforms_depend_on_the_picture_alone():
    (view,) = resolve_views(v2.RandomCrop(20))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = np.asarray(view(PICTURE))
    torch.testing.assert_close(torch.get_rng_state(), before, rtol=0, atol=0)
    torch.manual_seed(1)
    np.testing.assert_array_equal(view(PICTURE), first)


@pytest.mark.parametrize(
    ("views", "error", "message"),
    [
        ("blurx", ValueError, "Did you mean 'blur'"),
        ([], ValueError, "views is empty"),
        (3, TypeError, "not iterable|must be names or transforms"),
        (["blur", 3], TypeError, "must be names or transforms"),
        (lambda image: image, ValueError, "repr that states what it does"),
    ],
)
def test_bad_views(views, error, message):
    with pytest.raises(error, match=message):
        resolve_views(views)


def test_unknown_fusion():
    with pytest.raises(ValueError, match="'mean', 'separate'; got 'max'"):
        check_fusion("max")


def test_names_with_a_strength():
    assert resolve_views("fovea-45") == resolve_views(FoveaBlur(45))
    assert resolve_views("low-resolution-0.2") == resolve_views(LowResolution(0.2))
    assert resolve_views("low-resolution") == resolve_views(LowResolution())
    with pytest.raises(ValueError, match="Unknown view 'fovea-wide'"):
        resolve_views("fovea-wide")
    with pytest.raises(ValueError, match="kernel_size must be odd, got 44"):
        resolve_views("fovea-44")
