from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.protocols import IntraSubject, Recordings, estimate

PEOPLE = Recordings(name="people", subjects=("01", "02"), load=print)


@pytest.fixture
def plan(decoder):
    recipes = {"a": decoder(1), "b": decoder(2)}
    return IntraSubject().plan(recipes, PEOPLE, seeds=5)


def test_hours_follow_from_seconds(plan):
    assert estimate(plan, seconds_per_fit=36).n_fits == 20
    assert estimate(plan, seconds_per_fit=36).gpu_hours == pytest.approx(0.2)
    by_recipe = estimate(plan, seconds_per_fit={"a": 36, "b": 72})
    assert by_recipe.gpu_hours == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no entry for b"):
        estimate(plan, seconds_per_fit={"a": 36})


def test_hours_follow_from_what_was_measured(plan, recordings, decoder):
    rows = IntraSubject().run({"a": decoder(1)}, recordings, seeds=1)
    seconds = (rows["fit_seconds"] + rows["score_seconds"]).mean()
    found = estimate(plan, seconds_per_fit=rows)
    assert found.gpu_hours == pytest.approx(20 * seconds / 3600)


def test_disk_is_what_is_written(recordings, decoder, tmp_path):
    plan = IntraSubject().plan(decoder(), recordings, seeds=1)
    IntraSubject().run(decoder(), recordings, seeds=1, folder=tmp_path)
    written = sum(path.stat().st_size for path in tmp_path.glob("*.*"))
    found = estimate(plan, seconds_per_fit=1, n_queries=12, n_gallery=12)
    assert written / 2 < found.result_bytes < 2 * written


def test_features_are_those_of_all_layers(plan):
    from mne_shallowalign.features import extract_features

    picture = np.zeros((1, 8, 8, 3), np.uint8)
    backbone = load_backbone("gabor/v1")
    layers = [*backbone.layers, "final"]
    found = extract_features(picture, backbone, layers, cache_dir=False)
    n_bytes = sum(array.nbytes for array in found.values())
    assert estimate(plan, seconds_per_fit=1, n_images=10).feature_bytes == 10 * n_bytes


def test_it_says_what_it_costs():
    recipes = {layer: ShallowAlignDecoder("vit-b-16", layer) for layer in range(1, 11)}
    plan = IntraSubject().plan(recipes, PEOPLE, seeds=5)
    said = str(estimate(plan, seconds_per_fit=90, n_images=0))
    assert said.startswith("100 fits, 2.5 GPU hours, 0.02 GB of results")
