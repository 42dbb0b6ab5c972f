"""LayerSearchCV against brute force, leaks and a known truth."""

import copy
import logging
import pickle

import mne
import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from matplotlib.figure import Figure
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from torch import nn

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, alignment
from mne_shallowalign.alignment import ContrastiveLoss, unstack
from mne_shallowalign.features import extract_features
from mne_shallowalign.retrieval import top_k_scorer

N, L, D, C, T, TRUE = 120, 3, 6, 4, 8, 2
MEASURES = ("top1", "top5", "mrr", "mean_rank")


def make_decoder(**params):
    defaults = {
        "lr": 1e-2,
        "n_components": 8,
        "batch_size": 32,
        "max_epochs": 8,
        "precision": "float32",
        "random_state": 3,
    }
    return ShallowAlignDecoder(**{**defaults, **params})


@pytest.fixture(scope="module")
def data():
    """Three unrelated layers, the second of which drives the signal; 24 concepts."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, L, D)).astype(np.float32)
    signal = features[:, TRUE - 1] @ rng.standard_normal((D, C * T))
    signal += rng.standard_normal(signal.shape)
    return signal.reshape(N, C, T) * 1e-6, features, np.arange(N) // 5


@pytest.fixture(scope="module")
def searched(data):
    """A search of two seeds, whose folds have unequal sizes."""
    X, y, groups = data
    search = LayerSearchCV(make_decoder(), cv=5, n_seeds=2)
    return search.fit(X, y, groups=groups)


def scores(search):
    """All that a search measured."""
    return {k: v for k, v in search.cv_results_.items() if "_test_" in k}


def assert_same_scores(one, other):
    assert scores(one).keys() == scores(other).keys()
    for name, expected in scores(one).items():
        np.testing.assert_allclose(scores(other)[name], expected, err_msg=name)


# -- against brute force -------------------------------------------------------------


@pytest.mark.parametrize(
    "params", [{}, {"loss": "lineage", "projector": "mlp"}, {"projector": None}]
)
def test_the_results_are_those_of_grid_search(data, params):
    X, y, groups = data
    decoder = make_decoder(**params)
    search = LayerSearchCV(decoder, cv=3, scoring="top1")
    search.fit(X, y, groups=groups)
    grid = GridSearchCV(decoder, {"layer": [1, 2, 3]}, cv=GroupKFold(3))
    grid.fit(X, y, groups=groups)
    assert grid.cv_results_.keys() <= search.cv_results_.keys()
    for name, expected in grid.cv_results_.items():
        if "test" in name:
            found = search.cv_results_[name]
            np.testing.assert_allclose(found, expected, err_msg=name)
            assert found.dtype == expected.dtype
    assert search.cv_results_["param_layer"].tolist() == [1, 2, 3]
    assert search.best_layer_ == grid.best_params_["layer"]
    assert search.best_index_ == grid.best_index_
    assert search.best_score_ == pytest.approx(grid.best_score_)
    np.testing.assert_array_equal(search.transform(X), grid.transform(X))
    assert search.score(X, y) == grid.score(X, y)


def test_seeds_are_those_of_decoders_in_turn(data, searched):
    """Brute force over layers, folds and seeds, for all four measures."""
    X, y, groups = data
    folds = list(GroupKFold(5).split(X, groups=groups))
    state = np.random.RandomState(3)
    expected = np.empty((4, 2, L, len(folds)))
    for seed in range(2):
        now = copy.deepcopy(state)
        make_decoder(random_state=state, layer=1).fit(X, y)  # draws its seed
        for layer, fold in np.ndindex(L, len(folds)):
            train, test = folds[fold]
            decoder = make_decoder(layer=layer + 1, random_state=copy.deepcopy(now))
            ranks = decoder.fit(X[train], y[train]).ranks(X[test], y[test])
            expected[:, seed, layer, fold] = (
                np.mean(ranks <= 1),
                np.mean(ranks <= 5),
                np.mean(1 / ranks),
                -np.mean(ranks - 1) / (len(test) - 1),
            )
    results = searched.cv_results_
    for measure, per_seed in zip(MEASURES, expected, strict=True):
        found = [results[f"split{i}_test_{measure}"] for i in range(len(folds))]
        np.testing.assert_allclose(np.transpose(found), per_seed.mean(0))
        found = [results[f"seed{i}_test_{measure}"] for i in range(2)]
        np.testing.assert_allclose(found, per_seed.mean(2))
        mean, std = per_seed.mean(0).mean(1), per_seed.mean(0).std(1)
        np.testing.assert_allclose(results[f"mean_test_{measure}"], mean)
        np.testing.assert_allclose(results[f"std_test_{measure}"], std)


@pytest.mark.parametrize("chunk_size", [1, 2, 7])
def test_chunks_do_not_matter(data, searched, chunk_size):
    X, y, groups = data
    search = clone(searched).set_params(chunk_size=chunk_size, refit=False)
    assert_same_scores(searched, search.fit(X, y, groups=groups))


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"net_params": {"iterator_train__shuffle": True}}, "net_params"),
        ({"n_members": 2}, "ensemble"),
        ({"loss": ContrastiveLoss}, "no stacked form"),
        ({"init": "ridge", "alpha": 10.0}, "init='ridge'"),
    ],
)
def test_one_by_one_the_results_are_the_same(data, caplog, params, reason):
    X, y, groups = data
    decoder = make_decoder(**params)
    search = LayerSearchCV(decoder, [1, 2], cv=2, refit=False, scoring="top1")
    with caplog.at_level(logging.INFO, "mne"):
        search.fit(X, y, groups=groups)
    assert "one by one" in caplog.text
    assert reason in caplog.text
    grid = GridSearchCV(decoder, {"layer": [1, 2]}, cv=GroupKFold(2), refit=False)
    grid.fit(X, y, groups=groups)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], grid.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("alpha", [10.0, None])
def test_in_closed_form_the_results_are_the_same(data, caplog, alpha):
    X, y, groups = data
    decoder = make_decoder(solver="ridge", alpha=alpha)
    search = LayerSearchCV(decoder, cv=3, n_seeds=2, refit=False, scoring="top1")
    with caplog.at_level(logging.INFO, "mne"):
        search.fit(X, y, groups=groups)
    assert "in closed form" in caplog.text
    by_function = clone(search).set_params(scoring=top_k_scorer(1), n_seeds=1)
    by_function.fit(X, y, groups=groups)
    for i in range(3):
        for name in ("top1", "top5", "mrr", "mean_rank"):
            found = search.cv_results_[f"split{i}_test_{name}"]
            one_by_one = by_function.cv_results_[f"split{i}_test_{name}"]
            np.testing.assert_allclose(found, one_by_one)
    grid = GridSearchCV(decoder, {"layer": [1, 2, 3]}, cv=GroupKFold(3), refit=False)
    if alpha is not None:  # else the grid would not know what to hold out together
        np.testing.assert_allclose(
            search.cv_results_["mean_test_score"],
            grid.fit(X, y, groups=groups).cv_results_["mean_test_score"],
        )


@pytest.mark.parametrize("knows", ["metadata", "routing"])
def test_penalties_are_those_of_a_grid_that_knows_the_concepts(data, knows):
    X, y, groups = data
    decoder = make_decoder(solver="ridge", alpha=[1.0, 30.0, 1e3, 1e5])
    known = {"groups": groups}
    if knows == "metadata":
        info, table = (
            mne.create_info(C, 100.0, "eeg"),
            pd.DataFrame({"concept": groups}),
        )
        X, known = mne.EpochsArray(X, info, metadata=table, verbose="error"), {}
    search = LayerSearchCV(decoder, cv=GroupKFold(4), scoring="top1").fit(X, y, **known)
    with sklearn.config_context(enable_metadata_routing=knows == "routing"):
        if knows == "routing":
            decoder = clone(decoder).set_fit_request(groups=True)
        grid = GridSearchCV(decoder, {"layer": [1, 2, 3]}, cv=GroupKFold(4))
        grid.fit(X, y, groups=groups)
    for i in range(4):
        name = f"split{i}_test_score"
        np.testing.assert_array_equal(search.cv_results_[name], grid.cv_results_[name])
    refitted, other = search.best_estimator_, grid.best_estimator_
    pd.testing.assert_frame_equal(refitted.screen_, other.screen_)
    np.testing.assert_array_equal(search.transform(X), grid.transform(X))


def test_what_cannot_be_fitted_in_closed_form_counts_as_failed(data):
    X, y, groups = data
    flat = X.copy()
    flat[groups >= 12, 0] = 0  # when the first half is held out, a channel is flat
    folds = [(np.flatnonzero(groups >= 12), np.flatnonzero(groups < 12))]
    folds.append((folds[0][1], folds[0][0]))
    search = LayerSearchCV(
        make_decoder(solver="ridge", alpha=1.0), cv=folds, refit=False
    )
    with pytest.warns(FitFailedWarning, match="3 of 6"):
        search.fit(flat, y)
    assert np.isnan(search.cv_results_["split0_test_top1"]).all()
    assert np.isfinite(search.cv_results_["split1_test_top1"]).all()
    with pytest.raises(ValueError, match="flat channel"):
        clone(search).set_params(error_score="raise").fit(flat, y)


class Convolution(nn.Module):
    def __init__(self, n_chans, n_times, n_outputs):
        super().__init__()
        self.convolution = nn.Conv1d(n_chans, n_outputs, n_times)

    def forward(self, x):
        return self.convolution(x)[..., 0]


def test_other_encoders_are_fitted_one_by_one(data, caplog):
    X, y, groups = data
    search = LayerSearchCV(make_decoder(encoder=Convolution), cv=2)
    with caplog.at_level(logging.INFO, "mne"):
        search.fit(X, y, groups=groups)
    assert "without a stacked form" in caplog.text
    assert search.best_layer_ == TRUE


def test_a_function_scores_fitted_decoders(data):
    X, y, groups = data
    named = LayerSearchCV(make_decoder(), cv=2, scoring="top5", refit=False)
    given = clone(named).set_params(scoring=top_k_scorer(5))
    for search in (named, given):
        search.fit(X, y, groups=groups)
    assert given.scorer_ is given.scoring
    assert_same_scores(named, given)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_scorer_says_what_is_in_the_table(data, measure):
    X, y, groups = data
    train, test = next(GroupKFold(4).split(X, groups=groups))
    search = LayerSearchCV(make_decoder(), cv=[(train, test)], scoring=measure)
    search.fit(X, y)
    for layer, expected in enumerate(search.cv_results_["split0_test_score"], 1):
        decoder = make_decoder(layer=layer).fit(X[train], y[train])
        assert search.scorer_(decoder, X[test], y[test]) == pytest.approx(expected)


# -- leaks ---------------------------------------------------------------------------


def test_nothing_of_held_out_trials_is_learned(data, monkeypatch):
    """Other signals and pictures there change neither weights nor scales."""
    X, y, _ = data
    train, first, second = np.split(np.arange(N), [60, 90])
    folds = [(train, first), (train, second)]
    weights, compare = [], alignment.compare_member

    def spy(stack, member, *args):
        halves = stack.module_, stack.criterion_
        state = [unstack(half, member).values() for half in halves]
        weights.append([w.clone() for half in state for w in half])
        return compare(stack, member, *args)

    monkeypatch.setattr(alignment, "compare_member", spy)
    corrupt_X, corrupt_y = X.copy(), y.copy()
    corrupt_X[first] = 5e-5 * np.random.default_rng(1).standard_normal((30, C, T))
    corrupt_y[first] = 1 + corrupt_y[first][::-1] ** 2
    clean, corrupt = (
        LayerSearchCV(make_decoder(), cv=folds, refit=False).fit(*given)
        for given in ((X, y), (corrupt_X, corrupt_y))
    )
    n = len(weights) // 2
    assert n == 2 * L
    for before, after in zip(weights[:n], weights[n:], strict=True):
        assert all(map(torch.equal, before, after))
    for measure in MEASURES:
        found = [s.cv_results_[f"split1_test_{measure}"] for s in (clean, corrupt)]
        np.testing.assert_array_equal(*found)
    found = [s.cv_results_["split0_test_mrr"] for s in (clean, corrupt)]
    assert (found[0] != found[1]).all()


def test_repetitions_of_an_image_stay_together(data):
    X, y, _ = data
    y = y[np.arange(N) % 40]
    search = LayerSearchCV(make_decoder(max_epochs=1), verbose="ERROR")
    search.fit(X, y)
    assert search.n_splits_ == 5
    assert search.n_gallery_.tolist() == [8] * 5
    assert search.n_queries_.tolist() == [24] * 5


# -- truth and determinism -----------------------------------------------------------


def test_subjects_reach_every_decoder(data):
    X, y, groups = data
    subjects = np.array(["a", "b"])[np.arange(N) % 2]
    decoder = make_decoder(subject_mmd=1.0, max_epochs=2)
    search = LayerSearchCV(decoder, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="needs to know whose trials"):
        search.fit(X, y, groups=groups)
    given = clone(search).fit(X, y, groups=groups, subjects=subjects)
    table = pd.DataFrame({"subject": subjects, "concept": groups})
    info = mne.create_info(C, 100.0, "eeg")
    epochs = mne.EpochsArray(X, info, metadata=table, verbose=False)
    told = clone(search).fit(epochs, y)
    assert_same_scores(told, given)
    assert given.best_estimator_.subjects_ == ["a", "b"]


def test_the_true_layer_is_found(data, searched):
    X, y, _ = data
    assert searched.best_layer_ == TRUE
    top1 = searched.cv_results_["mean_test_top1"]
    assert top1[TRUE - 1] > 0.5
    assert np.delete(top1, TRUE - 1).max() < 0.2  # chance is 0.04
    assert searched.best_estimator_.layer == TRUE
    assert searched.layer_depths_ == {1: 0.0, 2: 0.5, 3: 1.0}
    expected = make_decoder(layer=TRUE).fit(X, y)
    np.testing.assert_array_equal(searched.transform(X), expected.transform(X))


def test_the_true_layer_or_a_neighbour_is_found_in_noise():
    """Layers that follow from one another, and trials of which few are retrieved."""
    found = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x, layers = rng.standard_normal((300, 12)), []
        for _ in range(6):
            layers.append((x - x.mean(0)) / x.std(0))
            x = np.maximum(layers[-1] @ rng.standard_normal((12, 12)), 0)
        signal = layers[3] @ rng.standard_normal((12, 40))
        signal += 2 * signal.std() * rng.standard_normal(signal.shape)
        search = LayerSearchCV(
            make_decoder(lr=3e-3, max_epochs=20, batch_size=64, random_state=seed),
            cv=3,
            refit=False,
            verbose="ERROR",
        ).fit(signal.reshape(300, 4, 10), np.stack(layers, 1))
        found.append(search.best_layer_)
    assert set(found) <= {3, 4, 5}, found


def test_same_bits_from_run_to_run(data, searched):
    X, y, groups = data
    again = clone(searched).fit(X, y, groups=groups)
    for name, expected in scores(searched).items():
        np.testing.assert_array_equal(scores(again)[name], expected)
    np.testing.assert_array_equal(again.transform(X), searched.transform(X))


def test_the_random_state_is_left_alone(data):
    X, y, groups = data
    before = torch.random.get_rng_state()
    state = np.random.RandomState(0)
    drawn = state.get_state()[1].copy()
    decoder = make_decoder(random_state=state)
    LayerSearchCV(decoder, cv=2).fit(X, y, groups=groups)
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(drawn, state.get_state()[1])


# -- pictures ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Sixty patches of noise, in files."""
    folder, rng = tmp_path_factory.mktemp("stimuli"), np.random.default_rng(0)
    names = [f"{i}.png" for i in range(60)]
    for name in names:
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((64, 64)).save(folder / name)
    return folder, names


@pytest.fixture(scope="module")
def shown(pictures):
    """Sixty epochs of noise whose metadata say what was shown."""
    rng = np.random.default_rng(1)
    table = {"image": pictures[1], "concept": np.arange(60) // 6}
    info = mne.create_info(C, 50.0, "eeg")
    data = rng.standard_normal((60, C, T)) * 1e-6
    return mne.EpochsArray(data, info, metadata=pd.DataFrame(table), verbose="error")


def picture_search(pictures, **params):
    decoder = make_decoder(
        backbone="gabor/v1",
        image_root=pictures[0],
        cache_dir=pictures[0] / "cache",
        encoder_params={"n_outputs": 16},
        max_epochs=2,
    )
    return LayerSearchCV(decoder, **params)


def test_layers_of_pictures_by_any_name(pictures, shown, caplog):
    search = picture_search(pictures, layers=["final", 2, 1.0, 0.0, 2])
    with caplog.at_level(logging.INFO, "mne"):
        search.fit(shown, pictures[1])
    assert "held-out concepts" in caplog.text
    assert search.n_splits_ == 5
    names = search.best_estimator_.backbone_.layers
    expected = [names[0], names[1], names[-1], "final"]
    assert search.cv_results_["param_layer"].tolist() == expected
    assert search.cv_results_["param_pooling"].tolist() == ["mean"] * 4
    depths = [search.layer_depths_[name] for name in expected]
    np.testing.assert_allclose(depths, [0, 1 / 5, 1, np.nan])
    found = search.predict(shown[:2], gallery=pictures[1])
    assert set(found) <= set(pictures[1])


def test_pictures_and_their_features_give_the_same(pictures, shown):
    """Of layers that differ in width, each given by itself."""
    search = picture_search(pictures, refit=False).fit(shown, pictures[1])
    assert len(search.cv_results_["params"]) == 6
    features = extract_features(
        pictures[1], "gabor/v1", image_root=pictures[0], cache_dir=False
    )
    for i, layer in enumerate(features.values()):
        one = picture_search(pictures, refit=False).fit(shown, layer)
        for name, expected in scores(search).items():
            if not name.startswith("rank"):
                found = scores(one)[name][0]
                assert found == pytest.approx(expected[i], abs=1e-6), name


def test_poolings_are_compared_too(pictures, shown):
    search = picture_search(pictures, layers=[1, 3], poolings=["mean", "max"], cv=2)
    search.fit(shown, pictures[1])
    table = pd.DataFrame(search.cv_results_["params"])
    assert table["pooling"].tolist() == ["mean", "mean", "max", "max"]
    assert search.best_params_ == {
        "layer": search.best_layer_,
        "pooling": search.best_pooling_,
    }
    assert search.best_estimator_.pooling == search.best_pooling_
    for pooling, rows in (("mean", slice(2)), ("max", slice(2, 4))):
        axes = search.plot(pooling=pooling, show=False).axes[0]
        [top1] = [line for line in axes.lines if line.get_label() == "top-1"]
        expected = search.cv_results_["mean_test_top1"][rows]
        np.testing.assert_allclose(top1.get_ydata(), expected)
    with pytest.raises(ValueError, match="pooling='cls' was not compared"):
        search.plot(pooling="cls")


# -- the tools of scikit-learn -------------------------------------------------------


def test_in_nested_cross_validation_with_routed_groups(data):
    X, y, groups = data
    with sklearn.config_context(enable_metadata_routing=True):
        search = LayerSearchCV(make_decoder(), cv=2).set_fit_request(groups=True)
        scores = cross_val_score(
            search, X, y, cv=GroupKFold(2), params={"groups": groups}
        )
    assert scores.min() > 0.15  # chance is 1 in 60


def test_pickled_and_cloned(data, searched):
    X, y, _ = data
    again = pickle.loads(pickle.dumps(searched))
    np.testing.assert_array_equal(again.ranks(X, y), searched.ranks(X, y))
    with pytest.raises(NotFittedError):
        clone(searched).predict(X)


def test_without_refit_there_is_no_decoder(data):
    X, y, groups = data
    search = LayerSearchCV(make_decoder(), cv=2, refit=False).fit(X, y, groups=groups)
    assert search.best_layer_ == TRUE
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "predict")


def test_everything_is_asked_of_the_refitted_decoder(data, searched):
    X, y, _ = data
    best = searched.best_estimator_
    for name in ("predict", "transform", "decision_function"):
        expected = getattr(best, name)(X)
        np.testing.assert_array_equal(getattr(searched, name)(X), expected)
    np.testing.assert_array_equal(
        searched.transform_images(y), best.transform_images(y)
    )
    np.testing.assert_array_equal(searched.ranks(X, y), best.ranks(X, y))
    found = searched.kneighbors(X, y, n_neighbors=3, return_distance=False)
    np.testing.assert_array_equal(found, best.kneighbors(X, y, 3, False))
    assert searched.score(X, y, gallery=y) == best.score(X, y)


def test_the_curve_shows_mean_and_spread(searched):
    figure = searched.plot(show=False)
    assert isinstance(figure, Figure)
    axes, results = figure.axes[0], searched.cv_results_
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(lines["top-1"], results["mean_test_top1"])
    np.testing.assert_allclose(lines["top-5"], results["mean_test_top5"])
    chance = np.mean([1 / n for n in searched.n_gallery_])
    np.testing.assert_allclose(lines["chance, top-1"], chance)
    band = axes.collections[-1].get_paths()[0].vertices[:, 1]
    spread = results["mean_test_top1"] + results["std_test_top1"]
    assert band.max() == pytest.approx(spread.max())
    assert "chosen" in [text.get_text() for text in axes.texts]


# -- what is refused, and what is told -----------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_seeds": 0}, "n_seeds == 0"),
        ({"chunk_size": 0}, "chunk_size == 0"),
        ({"scoring": "accuracy"}, "scoring must be one of 'top1'"),
        ({"poolings": ["mean"]}, "needs pictures, but y holds features"),
        ({"layers": [1, 4]}, "layer=4, but the features have 3 layers"),
        ({"layers": ["final"]}, "integer from 1 to 3"),
        ({"layers": [[1, 2], 3]}, "layers must be a sequence of layers"),
        ({"layers": np.ones((2, 2), int)}, "layers must be a sequence of layers"),
        ({"layers": []}, "layers must be a sequence of layers"),
        ({"decoder": make_decoder(n_components=0)}, "n_components == 0"),
        ({"cv": 30}, "cv=30 folds.*there are 24"),
    ],
)
def test_wrong_parameters(data, params, message):
    X, y, groups = data
    search = LayerSearchCV(make_decoder()).set_params(**params)
    with pytest.raises(ValueError, match=message):
        search.fit(X, y, groups=groups)


def test_layers_need_a_layer_axis(data):
    X, y, groups = data
    with pytest.raises(ValueError, match="layers=.2. needs pictures, or features"):
        LayerSearchCV(make_decoder(), [2]).fit(X, y[:, 0], groups=groups)


def test_one_vector_per_image_is_one_layer_whatever_the_decoder_asks_for(data):
    X, y, groups = data
    searches = [
        LayerSearchCV(make_decoder(layer=layer, max_epochs=2), cv=2)
        for layer in (1, [1, 2])
    ]
    found = [one.fit(X, y[:, 0], groups=groups) for one in searches]
    assert found[1].best_layer_ == 1
    assert found[0].best_score_ == found[1].best_score_


def test_decoders_that_diverge_count_as_nan(data):
    X, y, groups = data
    search = LayerSearchCV(make_decoder(lr=1e12, max_epochs=3), cv=2, refit=False)
    with pytest.raises(RuntimeError, match="Training diverged with {'layer': 1"):
        clone(search).set_params(error_score="raise").fit(X, y, groups=groups)
    with pytest.raises(
        ValueError, match=r"All 6 fits failed, .*diverged with lr=1e\+12"
    ):
        search.fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"net_params": {"verbose": 0}}, "net_params sets 'verbose'"),
        ({"solver": "ridge", "alpha": [1e-30]}, "alpha=1e-30 is too small"),
    ],
)
def test_why_all_failed_is_told(data, params, reason):
    X, y, groups = data
    X = np.tile(X, (1, 1, 12))  # more inputs than trials
    X = X + np.random.default_rng(0).standard_normal(X.shape)
    search = LayerSearchCV(make_decoder(**params), cv=2, refit=False)
    with pytest.raises(ValueError, match=f"All 6 fits failed, the first .*{reason}"):
        search.fit(X, y, groups=groups)


def test_few_trials_are_told_of_before(data, caplog):
    X, y, groups = data
    decoder = make_decoder(batch_size=1024, verbose="info")
    LayerSearchCV(decoder, cv=2, refit=False, verbose="info").fit(X, y, groups=groups)
    assert caplog.text.count("trials are fewer than batch_size=1024") == 1


def test_a_layer_that_diverges_comes_last(data, monkeypatch):
    X, y, groups = data
    compare = alignment.compare_member

    def spoil(stack, member, *args):
        return compare(stack, member, *args) * (np.nan if member % L == 0 else 1)

    monkeypatch.setattr(alignment, "compare_member", spoil)
    search = LayerSearchCV(make_decoder(), cv=2, refit=False)
    with pytest.warns(FitFailedWarning, match="2 of 6 fits failed, and count as nan"):
        search.fit(X, y, groups=groups)
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    assert search.cv_results_["rank_test_score"].tolist() == [3, 1, 2]
    assert search.best_layer_ == TRUE
