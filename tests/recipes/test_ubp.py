"""UBP, cut down; its objective is tested with the blur prior."""

import numpy as np
import pytest

from mne_shallowalign import read_decoder
from mne_shallowalign.features import FoveaBlur, extract_features
from mne_shallowalign.recipes import BlurPriorLoss, ubp


def test_above_chance(small, score):
    views = [FoveaBlur(size, size=None) for size in (45, 51, 57)]
    decoder = small(ubp(), views=views)
    assert score(decoder) > 0.15
    assert len(decoder.net_.criterion_.level) == 160


def test_views_are_the_three_levels(small, seen, tiny_clip, tmp_path):
    names, rows = seen.names[:4], np.arange(4)
    decoder = small(ubp(), max_epochs=1).fit(seen.epochs(rows), names)
    levels = [FoveaBlur(size) for size in (45, 51, 57)]
    parts = extract_features(
        names,
        tiny_clip,
        "final",
        image_root=seen.folder,
        views=levels,
        view_fusion="separate",
        cache_dir=False,
    )["final"]
    gallery = decoder._read_candidates(names)
    np.testing.assert_allclose(gallery.features, parts.reshape(4, -1), atol=1e-6)
    assert gallery.widths == (24, 24, 24)
    medium = parts[:, 1] / np.linalg.norm(parts[:, 1], axis=1, keepdims=True)
    np.testing.assert_allclose(decoder.transform_images(names), medium, atol=1e-5)
    decoder.save(tmp_path / "ubp.safetensors")
    again = read_decoder(tmp_path / "ubp.safetensors", backbone=tiny_clip)
    assert again.loss is BlurPriorLoss
    np.testing.assert_array_equal(
        again.set_params(cache_dir=False).transform_images(names),
        decoder.transform_images(names),
    )


def test_learning_rate_between_subjects():
    assert ubp(setting="inter").decoder.lr == pytest.approx(1e-5)
