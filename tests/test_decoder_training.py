"""How a decoder is fitted: closed form, layers found and fused, going on."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.preprocessing import StandardScaler
from test_decoder import make_decoder, make_epochs

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, read_decoder
from mne_shallowalign.alignment import SubjectMixup, TimeShift, subject_mmd

N, C, T, K = 160, 4, 15, 6
TRAIN, TEST = slice(0, 120), slice(120, N)


def observe(target, rng, noise=1.0, mixing=None):
    """Map a target linearly to the size of a recording, in volts, and add noise."""
    mixing = rng.standard_normal((target.shape[1], C * T)) if mixing is None else mixing
    signal = target @ mixing
    signal += noise * signal.std() * rng.standard_normal(signal.shape)
    return signal.reshape(-1, C, T) * 1e-6


@pytest.fixture(scope="module")
def layers():
    """Five independent layers of image features."""
    return np.random.default_rng(0).standard_normal((N, 5, K))


@pytest.fixture(scope="module")
def third(layers):
    """Activity that comes from the third layer."""
    return observe(layers[:, 2], np.random.default_rng(1))


@pytest.fixture(scope="module")
def mixed(layers):
    """Activity that comes from the second and the fourth layer alike."""
    both = layers[:, [1, 3]].reshape(N, -1)
    return observe(both, np.random.default_rng(2), noise=1.0)


# -- ridge -------------------------------------------------------------------------


def by_scikit_learn(X, features, alpha):
    """Ridge regression between standardised sides, and cosine similarity."""
    mean = X[TRAIN].mean((0, 2), keepdims=True)
    flat = ((X - mean) / X[TRAIN].std((0, 2), keepdims=True)).reshape(len(X), -1)
    target = StandardScaler().fit(features[TRAIN]).transform(features)
    ridge = Ridge(alpha=alpha).fit(flat[TRAIN], target[TRAIN])
    return cosine_similarity(ridge.predict(flat[TEST]), target[TEST])


@pytest.mark.parametrize("alpha", [1.0, 300.0])
def test_ridge_is_that_of_scikit_learn(layers, third, alpha):
    features = layers[:, 2] * 7 + 3
    decoder = ShallowAlignDecoder(solver="ridge", alpha=alpha)
    decoder.fit(third[TRAIN], features[TRAIN])
    found = decoder.decision_function(third[TEST], features[TEST])
    expected = by_scikit_learn(third, features, alpha)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert decoder.alpha_ == alpha
    assert not hasattr(decoder, "screen_")


@pytest.mark.parametrize(("fusion", "width"), [("mean", K), ("concat", 2 * K)])
def test_ridge_on_fused_layers(layers, mixed, fusion, width):
    parts = [layers[:, i] * (i + 1) for i in (1, 3)]
    scaled = [StandardScaler().fit(p[TRAIN]).transform(p) for p in parts]
    target = np.mean(scaled, 0) if fusion == "mean" else np.concatenate(scaled, 1)
    y = layers * np.arange(1, 6)[:, None]
    decoder = ShallowAlignDecoder(
        layer=[2, 4], fusion=fusion, solver="ridge", alpha=10.0
    ).fit(mixed[TRAIN], y[TRAIN])
    alone = ShallowAlignDecoder(solver="ridge", alpha=10.0)
    alone.fit(mixed[TRAIN], target[TRAIN])
    assert decoder.transform(mixed).shape == (N, width)
    if fusion == "concat":
        np.testing.assert_allclose(
            decoder.transform(mixed), alone.transform(mixed), atol=1e-4
        )
    else:  # the mean of standardised layers is not standardised again
        factor = target[TRAIN].std(0)
        expected = alone.transform(mixed) * factor
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(decoder.transform(mixed), expected, atol=1e-4)


def test_penalty_is_chosen_among_those_given_on_held_out_groups(layers, third):
    features, groups = layers[TRAIN, 2], np.arange(120) % 12
    decoder = ShallowAlignDecoder(solver="ridge", alpha=[1e-2, 30.0, 1e9])
    decoder.fit(third[TRAIN], features, groups=groups)
    scores = {
        alpha: cross_val_score(
            ShallowAlignDecoder(solver="ridge", alpha=alpha),
            third[TRAIN],
            features,
            groups=groups,
            cv=GroupKFold(5),
        ).mean()
        for alpha in (1e-2, 30.0, 1e9)
    }
    assert decoder.alpha_ == max(scores, key=scores.get)
    assert decoder.screen_["top1"][0] == pytest.approx(max(scores.values()), abs=0.05)


def test_ridge_saves_reads_and_decodes_pictures_of_many_shapes(layers, third, tmp_path):
    decoder = ShallowAlignDecoder(solver="ridge").fit(third[TRAIN], layers[TRAIN, 2])
    decoder.save(tmp_path / "ridge-decoder.safetensors")
    twin = read_decoder(tmp_path / "ridge-decoder.safetensors")
    np.testing.assert_array_equal(twin.transform(third), decoder.transform(third))
    assert twin.alpha_ == decoder.alpha_
    pd.testing.assert_frame_equal(twin.screen_, decoder.screen_)
    assert twin.score(third[TEST], layers[TEST, 2]) > 0.5
    flat = ShallowAlignDecoder(solver="ridge").fit(third[TRAIN, :, 0], layers[TRAIN, 2])
    assert flat.transform(third[TEST, :, 0]).shape == (40, K)


def test_ridge_does_not_go_on(layers, third):
    decoder = ShallowAlignDecoder(solver="ridge")
    assert not hasattr(decoder, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        decoder.fit(third, layers[:, 2]).partial_fit(third, layers[:, 2])
    assert "solver='contrastive' with init='ridge'" in str(caught.value.__cause__)
    started = make_decoder(init="ridge", max_epochs=1).fit(third, layers[:, 2])
    assert len(started.partial_fit(third, layers[:, 2]).history_) == 2
    with pytest.raises(ValueError, match="warm_start=True goes on training"):
        decoder.set_params(warm_start=True).fit(third, layers[:, 2])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"solver": "svd"}, "solver must be one of"),
        ({"init": "lda"}, "init must be one of"),
        ({"init": "ridge", "projector": "mlp"}, "cannot fill in EEGProject"),
        ({"init": "ridge", "layer": [1, 2], "fusion": "learned"}, "GatedProjector"),
        ({"solver": "ridge", "alpha": 0.0}, "alpha must be positive"),
        ({"solver": "ridge", "alpha": [1, -1]}, "alpha must be positive"),
        ({"solver": "ridge", "alpha": "auto"}, "alpha must be a number"),
        ({"solver": "ridge", "alpha": []}, "alpha must be a number"),
        ({"solver": "ridge", "layer": [1, 2], "fusion": "learned"}, "projections"),
        ({"layer": [1, 2], "fusion": "learned", "fusion_params": {"gain": 1}}, "gain"),
        ({"layer": "auto", "fusion": "concat"}, "fusion='concat' does not go together"),
        (
            {"layer": "auto", "fusion": "learned", "solver": "ridge"},
            "Use fusion='mean'",
        ),
        ({"layer": "auto", "fusion": "learned", "init": "ridge"}, "Use fusion='mean'"),
        ({"layer": "auto", "fusion": "learned", "n_members": 2}, "^n_members=2 does"),
        ({"layer": "auto", "fusion": "learned", "projector": None}, "^projector=None"),
        ({"layer": [1, 0.5]}, "layer=0.5"),
        ({"layer": [1, 9]}, "layer=9"),
        ({"layer": []}, "empty"),
    ],
)
def test_bad_parameters_are_named(layers, third, params, message):
    with pytest.raises(ValueError, match=message):
        make_decoder(**params).fit(third, layers)


def test_training_that_starts_from_ridge_learns_faster(layers, third):
    features = layers[:, 2]
    params = {"max_epochs": 2, "lr": 1e-4, "n_components": K}
    scores = {
        init: make_decoder(init=init, **params)
        .fit(third[TRAIN], features[TRAIN])
        .score(third[TEST], features[TEST])
        for init in ("random", "ridge")
    }
    ridge = make_decoder(solver="ridge").fit(third[TRAIN], features[TRAIN])
    baseline = ridge.score(third[TEST], features[TEST])
    assert scores["ridge"] > scores["random"] + 0.3
    assert scores["ridge"] > baseline - 0.1


# -- the layer that is found -------------------------------------------------------


@pytest.mark.parametrize("solver", ["ridge", "contrastive"])
def test_auto_finds_the_layer_and_fits_to_it_alone(layers, third, solver):
    params = {"solver": solver, "random_state": 3}
    auto = make_decoder(layer="auto", **params).fit(third[TRAIN], layers[TRAIN])
    assert auto.layer_ == "features[:, 2]"
    assert list(auto.screen_["layer"]) == [f"features[:, {i}]" for i in range(5)]
    assert auto.screen_["mrr"].argmax() == auto.screen_["mean_rank"].argmax() == 2
    known = make_decoder(layer=3, alpha=getattr(auto, "alpha_", None), **params)
    known.fit(third[TRAIN], layers[TRAIN])
    np.testing.assert_array_equal(known.transform(third), auto.transform(third))
    assert auto.score(third[TEST], layers[TEST]) > 0.5


def test_auto_takes_what_its_solver_is_good_at():
    """A strong direction suits a net, and many weak ones the best ridge regression."""
    rng = np.random.default_rng(1)
    steep, flat = rng.standard_normal((2, 300, 60))
    steep = steep / np.arange(1, 61) @ np.linalg.qr(rng.standard_normal((60, 60)))[0]
    both = [StandardScaler().fit_transform(layer) for layer in (steep, flat)]
    signal = sum(
        one / one.std() for one in (x @ rng.normal(size=(60, 300)) for x in both)
    )
    signal = signal + 3 * rng.standard_normal(signal.shape)
    X, y = signal.reshape(300, 6, 50) * 1e-6, np.stack(both, axis=1)
    params = {"lr": 1e-3, "n_components": 60, "max_epochs": 30, "batch_size": 64}
    for solver, best in (("contrastive", 1), ("ridge", 2)):
        found, other = (
            make_decoder(layer=layer, solver=solver, **params).fit(X[:200], y[:200])
            for layer in ("auto", 3 - best)
        )
        assert found.layer_ == f"features[:, {best - 1}]"
        assert found.score(X[200:], y[200:]) > other.score(X[200:], y[200:]) + 0.05


def test_auto_never_sees_more_than_it_is_fitted_on(layers, third):
    """Other test images, or other rows behind them, change nothing."""
    other = layers.copy()
    other[TEST] = 0
    one, two = (
        make_decoder(layer="auto").fit(third[TRAIN], y[TRAIN]) for y in (layers, other)
    )
    pd.testing.assert_frame_equal(one.screen_, two.screen_)
    np.testing.assert_array_equal(one.transform(third), two.transform(third))


def test_auto_uses_concepts_of_the_metadata(layers, third):
    concepts = np.arange(N) % 16
    epochs = make_epochs(third, metadata=pd.DataFrame({"concept": concepts}))
    from_metadata = make_decoder(layer="auto").fit(epochs, layers)
    given = make_decoder(layer="auto").fit(third, layers, groups=concepts)
    neither = make_decoder(layer="auto").fit(third, layers)
    pd.testing.assert_frame_equal(from_metadata.screen_, given.screen_)
    assert not from_metadata.screen_.equals(neither.screen_)


@pytest.mark.parametrize("known", [True, False])
def test_auto_warns_if_concepts_are_not_known(layers, third, known, caplog):
    groups = np.arange(len(third)) // 4 if known else None
    make_decoder(layer="auto").fit(third, layers, groups=groups)
    assert ("images of one concept may be on both sides" in caplog.text) != known


def test_a_concept_that_is_missing_is_no_concept(layers, third):
    """Nobody minds where concepts do not matter."""
    concepts = (np.arange(len(third)) // 4).astype(object)
    concepts[[3, 9]] = None, np.nan
    epochs = make_epochs(third, metadata=pd.DataFrame({"concept": concepts}))
    make_decoder(layer=1).fit(epochs, layers)
    for estimator in (
        make_decoder(layer="auto"),
        make_decoder(layer=1, solver="ridge"),
        LayerSearchCV(make_decoder()),
    ):
        with pytest.raises(ValueError, match=r"'concept' .*missing.* being \[3, 9\]"):
            estimator.fit(epochs, layers)
    with pytest.raises(ValueError, match="one entry for each of the 160 epochs"):
        make_decoder(layer="auto").fit(third, layers, groups=[1, 2, 3])


def test_auto_on_pictures(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    names = [tmp_path / f"{i}.png" for i in range(60)]
    for name in names:
        small = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((64, 64), Image.Resampling.BILINEAR).save(name)
    from mne_shallowalign.features import extract_features

    features = extract_features(names, "gabor/v1", cache_dir=tmp_path / "cache")
    name, target = list(features.items())[3]
    X = observe(StandardScaler().fit_transform(target), rng, noise=0.1)
    auto = make_decoder(layer="auto", cache_dir=tmp_path / "cache").fit(X, names)
    assert list(auto.screen_["layer"]) == list(features)
    assert abs(list(features).index(auto.layer_) - 3) <= 1
    assert auto.transform_images(names).shape == (60, 8)
    auto.set_params(warm_start=True, max_epochs=1).fit(X, names)


def test_layer_of_one_vector_is_not_searched(layers, third):
    decoder = make_decoder(layer="auto").fit(third, layers[:, 2])
    assert decoder.layer_ is None
    assert not hasattr(decoder, "screen_")


def test_screen_of_an_earlier_fit_is_forgotten(layers, third):
    decoder = make_decoder(layer="auto").fit(third, layers)
    decoder.set_params(layer=1).fit(third, layers)
    assert not hasattr(decoder, "screen_")


def test_auto_inside_a_grid_search(layers, third):
    grid = {"layer": [1, "auto", [2, 3]]}
    search = GridSearchCV(make_decoder(solver="ridge"), grid, cv=3).fit(third, layers)
    assert search.best_params_ == {"layer": "auto"}


# -- fusion ------------------------------------------------------------------------


def test_fusion_of_the_layers_that_matter_beats_each(layers, mixed):
    everything = [1, 2, 3, 4, 5]

    def score(**params):
        decoder = make_decoder(max_epochs=40, **params)
        decoder.fit(mixed[TRAIN], layers[TRAIN])
        return decoder.score(mixed[TEST], layers[TEST])

    single = max(score(layer=layer) for layer in everything)
    assert score(layer=everything, fusion="learned") > single + 0.1
    assert score(layer=[2, 4], fusion="concat") > single + 0.05


def test_gate_opens_for_the_layers_that_matter(layers, third, mixed):
    for X, true in ((third, [2]), (mixed, [1, 3])):
        decoder = make_decoder(layer=[1, 2, 3, 4, 5], fusion="learned")
        weights = decoder.fit(X[TRAIN], layers[TRAIN]).layer_weights_
        assert weights.sum() == pytest.approx(1)
        assert weights.iloc[true].sum() > 0.8
        assert weights.iloc[true].min() > 0.3
        assert list(weights.index) == decoder.layer_ == list(decoder.screen_["layer"])


def test_auto_fuses_the_layers_that_count(layers, third, mixed, tmp_path):
    """As if they had been listed; one that counts alone is taken alone."""
    params = {"fusion": "learned", "random_state": 3}
    auto = make_decoder(layer="auto", **params).fit(mixed[TRAIN], layers[TRAIN])
    assert auto.layer_ == ["features[:, 1]", "features[:, 3]"]
    weights = auto.screen_.set_index("layer")["weight"]
    assert weights.index[weights >= 0.4 * weights.max()].tolist() == auto.layer_
    assert weights.sum() == pytest.approx(1)
    known = make_decoder(layer=[2, 4], **params).fit(mixed[TRAIN], layers[TRAIN])
    np.testing.assert_array_equal(known.transform(mixed), auto.transform(mixed))
    assert known.layer_weights_.equals(auto.layer_weights_)
    auto.save(tmp_path / "auto-decoder.safetensors")
    again = read_decoder(tmp_path / "auto-decoder.safetensors")
    assert again.score(mixed, layers) == auto.score(mixed, layers)
    again.set_params(warm_start=True, max_epochs=1).fit(third, layers)
    assert again.layer_ == auto.layer_
    alone = make_decoder(layer="auto", **params).fit(third[TRAIN], layers[TRAIN])
    single = make_decoder(layer=3).set_params(random_state=3)
    single.fit(third[TRAIN], layers[TRAIN])
    assert alone.layer_weights_.to_dict() == {"features[:, 2]": 1.0}
    np.testing.assert_array_equal(single.transform(third), alone.transform(third))


@pytest.mark.parametrize("n_layers", [2, 3])
def test_auto_fuses_all_of_few_layers_if_all_count(n_layers):
    rng = np.random.default_rng(0)
    layers = rng.standard_normal((N, n_layers, K))
    mixed = observe(layers.reshape(N, -1), rng, noise=0.5)
    auto = make_decoder(layer="auto", fusion="learned")
    auto.fit(mixed[TRAIN], layers[TRAIN])
    assert len(auto.layer_) == n_layers
    assert auto.screen_["weight"].sum() == pytest.approx(1)
    # the features of layers that are not used are still those of all
    with pytest.raises(ValueError, match="give those of all layers, as in fit"):
        auto.score(mixed[TEST], layers[TEST][:, :1])


def test_auto_takes_one_layer_where_nothing_tells_them_apart(layers):
    rng = np.random.default_rng(0)
    X, same = rng.standard_normal((N, 4, 10)) * 1e-6, np.stack([layers[:, 0]] * 5, 1)
    auto = make_decoder(layer="auto", fusion="learned").fit(X, same)
    assert auto.layer_ == auto.screen_["layer"][auto.screen_["mean_rank"].argmax()]


def test_weights_of_a_mean_are_equal_and_of_one_layer_absent(layers, third):
    decoder = make_decoder(layer=[1, 2]).fit(third, layers)
    assert decoder.layer_weights_.tolist() == [0.5, 0.5]
    for params in ({"layer": 1}, {"layer": [1, 2], "fusion": "concat"}):
        assert not hasattr(make_decoder(**params).fit(third, layers), "layer_weights_")


def test_learned_fusion_saves_reads_and_repeats(layers, mixed, tmp_path):
    params = {"layer": [1, 2, 4], "fusion": "learned", "projector": "mlp"}
    decoder = make_decoder(**params).fit(mixed, layers)
    decoder.save(tmp_path / "decoder.safetensors")
    twin = read_decoder(tmp_path / "decoder.safetensors")
    np.testing.assert_array_equal(twin.transform(mixed), decoder.transform(mixed))
    pd.testing.assert_series_equal(twin.layer_weights_, decoder.layer_weights_)
    again = clone(decoder).fit(mixed, layers)
    np.testing.assert_array_equal(again.transform(mixed), decoder.transform(mixed))


# -- subjects ----------------------------------------------------------------------


def test_subject_bias_of_the_gate(layers, mixed, tmp_path):
    subjects = np.array(["a", "b"])[np.arange(N) % 2]
    params = {"subject_bias": True}
    decoder = make_decoder(layer=[2, 4], fusion="learned", fusion_params=params)
    epochs = make_epochs(mixed, metadata=pd.DataFrame({"subject": subjects}))
    decoder.fit(epochs, layers)
    given = clone(decoder).fit(mixed, layers, subjects=subjects)
    np.testing.assert_array_equal(given.transform(mixed), decoder.transform(mixed))
    bias = decoder.net_.criterion_.projector.bias.weight
    assert decoder.subjects_ == ["a", "b"]
    assert (bias[:2] != 0).any(dim=1).all()
    assert (bias[2] == 0).all()
    with pytest.raises(ValueError, match="needs to know whose trials"):
        clone(decoder).fit(mixed, layers)
    decoder.save(tmp_path / "decoder.safetensors")
    twin = read_decoder(tmp_path / "decoder.safetensors", device="cpu")
    before = bias[:2].clone()
    twin.partial_fit(mixed[:40], layers[:40], subjects=["new"] * 40)
    after = twin.net_.criterion_.projector.bias.weight
    assert (after[2] == 0).all()
    torch.testing.assert_close(after[:2], before, atol=1e-3, rtol=0.1)


def test_subject_mmd_brings_subjects_together(layers, third):
    subjects = np.arange(N) % 2
    drift = np.random.default_rng(3).standard_normal((C, T)) * third.std()
    shifted = third + subjects[:, None, None] * drift

    def distance(weight):
        decoder = make_decoder(layer=3, subject_mmd=weight)
        decoder.fit(shifted, layers, subjects=subjects)
        embedding = torch.from_numpy(decoder.transform(shifted))
        return float(subject_mmd(embedding, torch.from_numpy(subjects)))

    assert distance(5.0) < 0.5 * distance(0.0)


def test_subject_mmd_needs_subjects_and_one_space(layers, third):
    with pytest.raises(ValueError, match="subject_mmd=0.5 needs to know whose"):
        make_decoder(layer=3, subject_mmd=0.5).fit(third, layers)
    with pytest.raises(ValueError, match="n_members=2 does not go together"):
        make_decoder(layer=3, subject_mmd=0.5, n_members=2).fit(third, layers)


def test_augmentations_know_images_and_subjects(layers, third):
    seen = []

    def watch(signals, rows, trials, generator):
        seen.append(trials.subjects[rows].tolist())
        return signals

    subjects = np.array(["a", "b"])[np.arange(N) % 2]
    decoder = make_decoder(layer=3, augment=watch, max_epochs=1)
    decoder.fit(third, layers, subjects=subjects)
    assert sorted(code for batch in seen for code in batch) == [0] * 80 + [1] * 80
    plain = make_decoder(layer=3, max_epochs=1).fit(third, layers)
    np.testing.assert_array_equal(decoder.transform(third), plain.transform(third))


def test_subjects_are_routed_as_metadata(layers, third):
    from sklearn import config_context
    from sklearn.pipeline import make_pipeline

    params = {"layer": [2, 4], "fusion": "learned"}
    decoder = make_decoder(fusion_params={"subject_bias": True}, **params)
    with config_context(enable_metadata_routing=True):
        decoder.set_fit_request(subjects=True)
        pipeline = make_pipeline(decoder)
        pipeline.fit(third, layers, subjects=np.arange(N) % 2)
    assert pipeline[0].subjects_ == [0, 1]


# -- going on ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    """Three people who share a map from images, each with sensors of their own mix."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((240, 12))
    shared = rng.standard_normal((12, C * T))
    recordings = []
    for gain in (1.0, 1.5, 20.0):
        own = np.eye(C) + 0.5 * rng.standard_normal((C, C))
        X = observe(features, rng, noise=1.0, mixing=shared)
        recordings.append(gain * np.einsum("cd,ndt->nct", own, X))
    return recordings, features


def test_calibration_beats_none_and_starting_from_scratch(people):
    (one, two, new), features = people
    few, rest = slice(0, 30), slice(120, 240)
    train = slice(0, 120)
    X = np.concatenate([one[train], two[train]])
    y = np.concatenate([features[train], features[train]])
    decoder = make_decoder(max_epochs=60, warm_start=True).fit(X, y)
    untouched = decoder.score(new[rest], features[rest])
    scratch = make_decoder(max_epochs=60).fit(new[few], features[few])
    scratch = scratch.score(new[rest], features[rest])
    decoder.set_params(max_epochs=20).fit(new[few], features[few])
    calibrated = decoder.score(new[rest], features[rest])
    assert calibrated > max(untouched, scratch) + 0.05, (untouched, scratch, calibrated)


def test_warm_start_relearns_the_scale_of_the_signal_alone(people):
    (one, _, new), features = people
    decoder = make_decoder(warm_start=True, max_epochs=3).fit(one, features)
    images = decoder.image_scaler_
    weights = decoder.encoder_.project.weight.clone()
    decoder.set_params(lr=1e-12).fit(new[:50], features[:50])
    assert len(decoder.history_) == 6
    assert decoder.image_scaler_ is images
    np.testing.assert_allclose(decoder.signal_scaler_.mean, new[:50].mean((0, 2)))
    torch.testing.assert_close(decoder.encoder_.project.weight, weights)
    kept = decoder.signal_scaler_
    decoder.partial_fit(one[:50], features[:50])
    assert decoder.signal_scaler_ is kept


def test_warm_start_of_an_unfitted_decoder_is_a_fit(layers, third):
    warm = make_decoder(warm_start=True).fit(third, layers[:, 2])
    cold = make_decoder().fit(third, layers[:, 2])
    np.testing.assert_array_equal(warm.transform(third), cold.transform(third))


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_only_the_same_layer_and_channels_can_be_gone_on_with(layers, third, call):
    decoder = make_decoder(layer=3, warm_start=True, max_epochs=1).fit(third, layers)
    with pytest.raises(ValueError, match=r"layer=2 is .*1\].*only the same layer"):
        getattr(decoder.set_params(layer=2), call)(third, layers)
    with pytest.raises(ValueError, match="3 features, but ShallowAlignDecoder"):
        getattr(decoder.set_params(layer=3), call)(third[:, :3], layers)
    with pytest.raises(ValueError, match="5 features, but the decoder was fitted"):
        getattr(decoder, call)(third, layers[:, 2, :5])


@pytest.mark.parametrize(
    "changed",
    [
        {"n_components": 3},
        {"encoder": "tsconv"},
        {"n_members": 2},
        {"temperature": 0.1},
        {"weight_decay": 0.5},
        {"augment": TimeShift(1)},
        {"subject_mmd": 1.0},
        {"net_params": {"iterator_train__shuffle": False}},
    ],
)
def test_what_goes_on_keeps_its_net(layers, third, changed):
    decoder = make_decoder(layer=3, warm_start=True).fit(third, layers)
    decoder.set_params(**changed)
    name = next(iter(changed))
    with pytest.raises(ValueError, match=f"{name}=.*but the decoder was fitted with"):
        decoder.fit(third, layers)
    with pytest.raises(ValueError, match="Set it back"):
        decoder.partial_fit(third, layers)


def test_mixtures_of_subjects_need_subjects(layers, third):
    with pytest.raises(ValueError, match=r"SubjectMixup\(\) needs to know whose"):
        make_decoder(layer=3, augment=[SubjectMixup()]).fit(third, layers)
    with pytest.raises(TypeError, match="augment must be a callable"):
        make_decoder(layer=3, augment="smooth").fit(third, layers)
    with pytest.raises(TypeError, match="augment must be a callable"):
        make_decoder(layer=3, augment=TimeShift).fit(third, layers)  # not an instance
