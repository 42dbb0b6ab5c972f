"""Nothing of the test set may reach anything that is learned, chosen or reported."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_clip import tiny_clip

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, recipes
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import FoveaBlur, GaussianBlur, Mosaic
from mne_shallowalign.protocols import (
    FewShotCalibration,
    IntraSubject,
    LeaveOneSubjectOut,
    read_arrays,
)
from mne_shallowalign.retrieval import proportion_interval

PROTOCOLS = {
    "intra-subject": IntraSubject(),
    "inter-subject": LeaveOneSubjectOut(),
    "few-shot": FewShotCalibration(minutes=(0.2,), max_epochs=2),
}

# Every recipe belongs here: a function of the defaults that make fits quick.
RECIPES = {
    "plain": lambda quick: ShallowAlignDecoder("gabor/v1", 3, **quick),
    "ridge": lambda quick: ShallowAlignDecoder("gabor/v1", 3, solver="ridge"),
    "auto": lambda quick: ShallowAlignDecoder("gabor/v1", "auto", **quick),
    "auto, fused": lambda quick: ShallowAlignDecoder(
        "gabor/v1", "auto", fusion="learned", **quick
    ),
    "gated": lambda quick: ShallowAlignDecoder(
        "gabor/v1", [1, 2, 3], fusion="learned", **quick
    ),
    "search": lambda quick: LayerSearchCV(
        ShallowAlignDecoder("gabor/v1", 3, **quick), [1, 3, 5], cv=2
    ),
}
SHORT = {"kernel_size": 3, "pool_size": 5}
# What cuts published systems down to the recordings here.
PUBLISHED = {
    "atm": {"backbone": tiny_clip()},
    "cross_subject": {},
    "neural_mcrl": {"backbone": tiny_clip()},
    "neurobridge": {"views": [GaussianBlur(5, size=None), Mosaic(size=None)]},
    "nice": {},
    "samga": {"layer": [1, 2, 3, 4, 5], "pooling": "flatten-16"},
    "shallow_alignment": {},
    "shallow_fusion": {},
    "ubp": {"views": [FoveaBlur(size, size=None) for size in (3, 5, 7)]},
}


def published(name, quick, setting):
    """Take a published system whose decoder, or search, is cut down."""
    decoder = getattr(recipes, name)(setting=setting).decoder
    params = {"backbone": "gabor/v1", "batch_size": 8, **quick, **PUBLISHED[name]}
    if isinstance(decoder, LayerSearchCV):
        decoder.set_params(layers=[1, 3], cv=2)
        params = {f"decoder__{key}": value for key, value in params.items()}
    elif decoder.encoder != "eegproject":
        params["encoder_params"] = SHORT
    return decoder.set_params(**params)


CASES = [
    pytest.param(protocol, recipe, id=f"{name}-{recipe}")
    for name, protocol in PROTOCOLS.items()
    for recipe in RECIPES
    if (name, recipe) != ("few-shot", "ridge")  # a closed form cannot be adapted
]
QUICK = dict(n_components=8, lr=1e-2, max_epochs=3, precision="float32")

# What a row may owe to the test set, and to the clock.
OF_THE_TEST = {"n_queries", "n_gallery", "top1", "top5", "mean_rank", "median_rank"}
OF_THE_TEST |= {"mrr", "two_way", "concept5", "score_seconds", "fit_seconds"}


@pytest.fixture(scope="session")
def other_test(recordings):
    """The same training recordings; other test signals, pictures and concepts."""
    rng = np.random.default_rng(0)
    root = recordings.image_root
    drawn = draw_pictures(root / "other", 3, 2, size=64, random_state=99)
    images = [path.relative_to(root).as_posix() for path in drawn]

    def load(subject, split):
        epochs = recordings.load(subject, split)
        if split == "train":
            return epochs
        epochs = epochs.copy()[: len(images)]
        epochs._data[:] = rng.standard_t(2, epochs._data.shape)
        concepts = [f"new {image.split('/')[1]}" for image in images]
        epochs.metadata = epochs.metadata.assign(image=images, concept=concepts)
        return epochs

    return dataclasses.replace(recordings, load=load, categories=None)


def assert_no_leak(protocol, recipe, recordings, other_test, folder, subject="02"):
    """Run on two test sets; all that is learned or chosen must be equal to the bit."""
    rows, curves = [], []
    for name, found in (("one", recordings), ("other", other_test)):
        if protocol.name == "intra-subject":
            found = dataclasses.replace(found, subjects=(subject,))
        table = protocol.run(recipe, found, seeds=1, folder=folder / name)
        row = table[table["subject"] == subject].iloc[0].to_dict()
        arrays = read_arrays(folder / name, row["id"])
        curves.append(arrays.get("train_loss", np.zeros(0)))
        rows.append({k: v for k, v in row.items() if k not in OF_THE_TEST})
    assert len(rows[0]["digest"]) == 64
    assert rows[0] == rows[1]
    np.testing.assert_array_equal(*curves)


@pytest.mark.parametrize(("protocol", "recipe"), CASES)
def test_nothing_depends_on_the_test_set(
    protocol, recipe, recordings, other_test, tmp_path
):
    estimator = RECIPES[recipe](QUICK)
    assert_no_leak(protocol, estimator, recordings, other_test, tmp_path)


class LearnsFromTest(ShallowAlignDecoder):
    """Trains on the test set, too."""

    recordings = None

    def fit(self, X, y, *, groups=None, subjects=None):
        peeked = self.recordings.load("02", "test").copy().pick(X.ch_names)
        return super().fit([X, peeked], [*y, *peeked.metadata["image"]])


class ScalesByTest(ShallowAlignDecoder):
    """Learns nothing of the pictures, but the scale of the channels."""

    recordings = None

    def fit(self, X, y, *, groups=None, subjects=None):
        super().fit(X, y, groups=groups)
        peeked = self.recordings.load("02", "test").copy().pick(X.ch_names)
        self.signal_scaler_ = type(self.signal_scaler_).fit(peeked.get_data())
        return self


class ChoosesByTest(ShallowAlignDecoder):
    """Learns from the training set only, with the layer that the test set likes."""

    recordings = None

    def fit(self, X, y, *, groups=None, subjects=None):
        peeked, scores = self.recordings.load("02", "test"), {}
        self.layer = 1
        for layer in range(1, 6):
            super().fit(X, y, groups=groups)
            scores[layer] = self.score(peeked, peeked.metadata["image"])
            self.layer = layer + 1
        self.layer = max(scores, key=scores.get)
        return super().fit(X, y, groups=groups)


@pytest.mark.parametrize("leaking", [LearnsFromTest, ScalesByTest, ChoosesByTest])
def test_a_leak_is_caught(leaking, recordings, other_test, tmp_path, monkeypatch):
    def load(subject, split, *, of):
        monkeypatch.setattr(leaking, "recordings", of)
        return of.load(subject, split)

    watched = [
        dataclasses.replace(of, load=lambda *key, of=of: load(*key, of=of))
        for of in (recordings, other_test)
    ]
    peeking = leaking("gabor/v1", 3, **QUICK)
    with pytest.raises(AssertionError, match="digest"):
        assert_no_leak(IntraSubject(), peeking, *watched, tmp_path)


@pytest.mark.parametrize("selection", ["train", "test"])
def test_the_test_set_is_loaded_after_the_fit(selection, counted, decoder, monkeypatch):
    recordings, events = counted
    fit = ShallowAlignDecoder.fit

    def noted(self, *args, **kwargs):
        events.append("fit")
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(ShallowAlignDecoder, "fit", noted)
    only = dataclasses.replace(recordings, subjects=("01",))
    IntraSubject().run(decoder(), only, seeds=1, selection=selection)
    train, test = ("01", "train"), ("01", "test")
    honest, published = [train, "fit", test], [train, test, "fit", test]
    assert events == (honest if selection == "train" else published)


@pytest.fixture
def shuffled(recordings):
    """The same recordings, with the training pictures in another order."""
    rng = np.random.default_rng(1)

    def shuffle(epochs):
        epochs = epochs.copy()
        order = rng.permutation(len(epochs))
        shown = epochs.metadata[["image", "concept"]].iloc[order]
        epochs.metadata = epochs.metadata.assign(**shown.reset_index(drop=True))
        return epochs

    def load(subject, split):
        epochs = recordings.load(subject, split)
        return shuffle(epochs) if split == "train" else epochs

    return dataclasses.replace(
        recordings,
        load=load,
        load_minutes=lambda *key: shuffle(recordings.load_minutes(*key)),
    )


def assert_chance(rows):
    """Chance lies in the interval of all queries of a recipe."""
    hits = round((rows["top1"] * rows["n_queries"]).sum())
    low, high = proportion_interval(hits, int(rows["n_queries"].sum()), 0.99)
    assert low <= 1 / rows["n_gallery"].iloc[0] <= high


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_shuffled_pictures_give_chance(protocol, shuffled):
    names = [name for name in RECIPES if (protocol.name, name) != ("few-shot", "ridge")]
    recipes = {name: RECIPES[name](QUICK) for name in names}
    table = protocol.run(recipes, shuffled, seeds=2)
    for _, rows in table.groupby("recipe"):
        assert_chance(rows)


def test_right_pictures_give_more_than_chance(recordings):
    rows = IntraSubject().run(RECIPES["ridge"](QUICK), recordings, seeds=1)
    hits = round((rows["top1"] * rows["n_queries"]).sum())
    low, _ = proportion_interval(hits, int(rows["n_queries"].sum()), 0.99)
    assert low > 1 / rows["n_gallery"].iloc[0]


@pytest.mark.parametrize("name", recipes.list_recipes())
def test_nothing_of_a_published_system_depends_on_the_test_set(
    name, recordings, other_test, tmp_path
):
    setting = "inter" if name == "cross_subject" else "intra"
    protocol = getattr(recipes, name)(setting=setting).protocol
    estimator = published(name, QUICK, setting)
    assert_no_leak(protocol, estimator, recordings, other_test, tmp_path)


@pytest.mark.parametrize("name", recipes.list_recipes())
def test_every_published_system_runs_between_subjects(name, recordings):
    estimator = published(name, QUICK | {"max_epochs": 1}, "inter")
    found = dataclasses.replace(recordings, subjects=("01", "02"))
    table = LeaveOneSubjectOut().run(estimator, found, seeds=1)
    assert table["top1"].between(0, 1).all()


@pytest.mark.parametrize("name", recipes.list_recipes())
def test_shuffled_pictures_give_every_published_system_chance(name, shuffled):
    setting = "inter" if name == "cross_subject" else "intra"
    protocol = getattr(recipes, name)(setting=setting).protocol
    assert_chance(protocol.run(published(name, QUICK, setting), shuffled, seeds=2))
