from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from mne_shallowalign import (
    LayerExtractor,
    LayerSearchCV,
    ShallowAlignDecoder,
    load_backbone,
)
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features

VIT = "timm/vit_small_patch14_dinov2"


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return draw_pictures(folder, 4, 3, size=64, random_state=0)


@pytest.fixture
def gabor(tmp_path):
    return LayerExtractor("gabor/v1", [1, 3, "final"], cache_dir=tmp_path)


def test_equals_extract_features(gabor, paths):
    found = gabor.fit_transform(paths)
    by_layer = extract_features(paths, "gabor/v1", [1, 3, "final"], cache_dir=False)
    assert gabor.layers_ == ("energy1", "energy3", "final")
    assert gabor.widths_ == (54, 128, 192)
    assert found.dtype == np.float32
    for values, layer in zip(
        np.split(found, np.cumsum(gabor.widths_)[:-1], axis=1), by_layer, strict=True
    ):
        np.testing.assert_array_equal(values, by_layer[layer])


@pytest.mark.parametrize("output", ["concat", "stack"])
def test_equals_hooks_on_the_same_module(output, paths):
    backbone = load_backbone(VIT, weights="random", input_size=42)
    extractor = LayerExtractor(
        backbone, [2, 0.5], output=output, pooling="cls", cache_dir=False
    )
    found = extractor.fit_transform(paths)
    net, caught = backbone.load().model, []
    for layer in ("blocks.1", "blocks.6"):
        net.get_submodule(layer).register_forward_hook(
            lambda module, args, out: caught.append(out[:, 0].numpy())
        )
    with torch.no_grad():
        net(torch.stack([backbone.preprocess(Image.open(path)) for path in paths]))
    join = np.stack if output == "stack" else np.concatenate
    np.testing.assert_allclose(found, join(caught, axis=1), rtol=1e-4, atol=1e-5)


def test_default_is_every_layer(paths):
    everything = LayerExtractor("gabor/v1", cache_dir=False).fit(paths)
    assert everything.layers_ == load_backbone("gabor/v1").layers
    assert everything.transform(paths).shape == (len(paths), sum(everything.widths_))


def test_widths_are_those_of_the_pooling(gabor, paths):
    gabor.set_params(pooling="flatten-20").fit(paths)
    assert gabor.widths_ == (20, 20, 192)  # final is not pooled
    assert gabor.transform(paths).shape[1] == len(gabor.get_feature_names_out()) == 232
    gabor.set_params(layers=[1, 3], output="stack")
    assert gabor.fit_transform(paths).shape == (len(paths), 2, 20)


def test_views_are_averaged(gabor, paths):
    found = gabor.set_params(views=["original", "blur"]).transform(paths)
    each = [
        clone(gabor).set_params(views=view).transform(paths)
        for view in ("original", "blur")
    ]
    assert not np.allclose(*each)
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-5, atol=1e-6)


def test_columns_are_named_after_layers(gabor, paths):
    names = gabor.get_feature_names_out()
    assert len(names) == 54 + 128 + 192
    assert [*names[:2], names[54], names[-1]] == [
        *("energy1_0", "energy1_1", "energy3_0", "final_191")
    ]
    series = pd.Series([str(path) for path in paths], index=range(100, 112))
    table = clone(gabor).set_output(transform="pandas").fit_transform(series)
    assert list(table.columns) == list(names)
    assert list(table.index) == list(series.index)
    np.testing.assert_array_equal(table, gabor.transform(paths))


def test_in_a_feature_union(tmp_path, paths):
    mean, peak = (
        LayerExtractor("gabor/v1", 2, pooling=pooling, cache_dir=tmp_path)
        for pooling in ("mean", "max")
    )
    union = FeatureUnion([("mean", mean), ("max", peak)])
    found = union.fit_transform(paths)
    np.testing.assert_array_equal(
        found, np.hstack([mean.transform(paths), peak.transform(paths)])
    )
    names = union.get_feature_names_out()
    assert names[0] == "mean__energy2_0"
    assert names[-1] == "max__energy2_95"


def test_in_cross_validation_over_paths(gabor, paths, monkeypatch):
    """Scores equal those on precomputed features; no picture is computed twice."""
    seen = []
    run = GaborStack.run

    def counted(self, images, *args):
        seen.append(len(images))
        return run(self, images, *args)

    monkeypatch.setattr(GaborStack, "run", counted)
    y = np.random.default_rng(0).standard_normal(len(paths))
    pipeline = make_pipeline(gabor, StandardScaler(), Ridge())
    scores = cross_val_score(pipeline, paths, y, cv=3)
    assert sum(seen) == len(paths)
    features = gabor.transform(paths)
    expected = cross_val_score(pipeline[1:], features, y, cv=3)
    np.testing.assert_allclose(scores, expected)


def test_a_stack_is_what_the_decoder_takes(paths):
    """Fitting on the second of the stacked layers is fitting on that layer."""
    stack = LayerExtractor("gabor/v1", [5, 6], output="stack", cache_dir=False)
    features = stack.fit_transform(paths)
    assert features.shape == (len(paths), 2, 192)
    X = np.random.default_rng(0).standard_normal((len(paths), 3, 4))
    settings = {"max_epochs": 2, "n_components": 4, "random_state": 0}
    given = ShallowAlignDecoder(layer=2, **settings).fit(X, features)
    own = ShallowAlignDecoder("gabor/v1", "energy6", cache_dir=False, **settings)
    np.testing.assert_array_equal(
        given.transform(X), own.fit(X, [str(path) for path in paths]).transform(X)
    )


def test_a_stack_is_what_the_search_takes(paths):
    """Searching the stacked layers scores as searching the layers by name does."""
    layers, groups = ["energy5", "energy6"], [path.parent.name for path in paths]
    stack = LayerExtractor("gabor/v1", layers, output="stack", cache_dir=False)
    X = np.random.default_rng(0).standard_normal((len(paths), 3, 4))
    decoder = ShallowAlignDecoder(
        "gabor/v1", cache_dir=False, max_epochs=2, n_components=4, random_state=0
    )
    by_name, by_number = (
        LayerSearchCV(decoder, names, cv=GroupKFold(2)).fit(X, y, groups=groups)
        for names, y in ((layers, paths), ([1, 2], stack.transform(paths)))
    )
    for result in ("mean_test_score", "split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(
            by_name.cv_results_[result], by_number.cv_results_[result]
        )


def test_needs_no_fit_and_survives_clone_and_pickle(gabor, paths):
    expected = gabor.transform(paths)
    assert not [name for name in vars(gabor) if name.endswith("_")]
    gabor.fit(paths)
    for other in (clone(gabor), pickle.loads(pickle.dumps(gabor))):
        np.testing.assert_array_equal(other.transform(paths), expected)
        assert list(other.get_feature_names_out()) == list(
            gabor.get_feature_names_out()
        )


def test_pictures_in_memory(gabor, paths):
    images = [Image.open(path).convert("RGB") for path in paths]
    pixels = np.stack([np.asarray(image) for image in images])
    expected = gabor.transform(paths)
    np.testing.assert_array_equal(gabor.transform(images), expected)
    np.testing.assert_array_equal(gabor.transform(pixels), expected)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"output": "dict"}, "output must be 'concat' or 'stack'; got 'dict'"),
        ({"output": "stack"}, "needs layers of one width: energy1 has 54, energy3"),
        ({"layers": 9}, r"layers 1\.\.6"),
        ({"pooling": "median"}, "pooling must be one of"),
        ({"pooling": ["mean", "max"]}, "pooling must be one of"),
        ({"backbone": "gabor/v2"}, "Did you mean 'gabor/v1'"),
    ],
)
def test_wrong_parameters_are_found_in_fit(params, message, gabor, paths):
    gabor.set_params(**params)
    with pytest.raises(ValueError, match=message):
        gabor.fit(paths)
    with pytest.raises(ValueError, match=message):
        gabor.transform(paths)


def test_a_table_is_not_a_sequence_of_pictures(gabor, paths):
    table = pd.DataFrame({"image": [str(path) for path in paths]})
    for X in (table, table.to_numpy()):
        with pytest.raises(ValueError, match="pass the column of paths"):
            gabor.transform(X)
    np.testing.assert_array_equal(
        gabor.transform(table["image"]), gabor.transform(paths)
    )
