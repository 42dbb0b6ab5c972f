"""Images of any form as identified features of one or several layers."""

import numpy as np
import pytest

from mne_shallowalign import load_backbone
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features
from mne_shallowalign.features._read_gallery import read_gallery


@pytest.fixture
def array():
    return np.random.default_rng(0).standard_normal((6, 4, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("layer", "positions"),
    [(2, [1]), ([4, 1], [0, 3]), ([2, 2], [1]), ("auto", [0, 1, 2, 3])],
)
def test_layers_of_an_array(array, layer, positions):
    gallery = read_gallery(array, None, layer)
    np.testing.assert_array_equal(gallery.features, array[:, positions].reshape(6, -1))
    assert gallery.layers == tuple(f"features[:, {i}]" for i in positions)
    assert gallery.widths == (3,) * len(positions)
    again = read_gallery(array, None, gallery.layer)
    np.testing.assert_array_equal(again.features, gallery.features)


def test_one_vector_per_image_has_no_layer(array):
    gallery = read_gallery(array[:, 0], None, [1, 2])
    assert (gallery.layer, gallery.layers, gallery.widths) == (None, (), (3,))


def test_rows_that_repeat_are_one_image_in_all_layers(array):
    """An image is told by all its layers, whichever is asked for."""
    array[1, 1:] = array[0, 1:]
    shown = array[[0, 1, 0, 2]]
    gallery = read_gallery(shown, None, 2)
    assert gallery.index.tolist() == [0, 1, 0, 2]
    np.testing.assert_array_equal(gallery.features[gallery.index], shown[:, 1])


def test_only_keeps_some_layers_of_a_backbone(tmp_path):
    pictures = draw_pictures(tmp_path, n_concepts=2, n_per_concept=2)
    backbone = load_backbone("gabor/v1")
    gallery = read_gallery(pictures, backbone, ["final", 1, 3], cache_dir=False)
    expected = extract_features(pictures, backbone, [1, 3, "final"], cache_dir=False)
    assert gallery.layer == list(expected)
    assert gallery.features.shape[1] == sum(gallery.widths)
    for position, (name, features) in enumerate(expected.items()):
        one = gallery.only(position)
        np.testing.assert_allclose(one.features, features, atol=1e-6)
        assert (one.layer, one.widths) == (name, (features.shape[1],))
        assert one.ids == gallery.ids
    names = list(expected)
    two = gallery.only(0, 2)
    np.testing.assert_array_equal(
        two.features,
        np.hstack([gallery.only(0).features, gallery.only(2).features]),
    )
    assert two.layer == [names[0], names[2]]
    assert two.widths == (gallery.widths[0], gallery.widths[2])


def test_views_are_averaged_or_kept(tmp_path):
    pictures = draw_pictures(tmp_path, n_concepts=2, n_per_concept=2)
    backbone, views = load_backbone("gabor/v1"), ["original", "mosaic"]
    settings = dict(views=views, cache_dir=False)
    parts = extract_features(
        pictures, backbone, [1, 2], view_fusion="separate", **settings
    )
    mean = read_gallery(pictures, backbone, [1, 2], **settings)
    kept = read_gallery(pictures, backbone, [1, 2], keep_views=True, **settings)
    widths = [backbone.width(layer) for layer in (1, 2)]
    assert mean.widths == tuple(widths)
    assert kept.widths == (widths[0], widths[0], widths[1], widths[1])
    assert kept.layer == mean.layer == list(parts)
    for position, table in enumerate(parts.values()):
        np.testing.assert_allclose(
            mean.only(position).features, table.mean(1), atol=1e-6
        )
        np.testing.assert_allclose(
            kept.only(position).features, table.reshape(4, -1), atol=1e-6
        )
