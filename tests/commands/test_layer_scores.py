"""Layers are compared on trials that were never learned from."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.base import BaseEstimator

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
from mne_shallowalign.commands._layer_scores import (
    choose_layer,
    decode_chosen,
    evaluate_layers,
)
from mne_shallowalign.retrieval import proportion_interval

N_CONCEPTS, N_PER_CONCEPT, N_LAYERS, TRUE_LAYER = 20, 10, 3, 2


@pytest.fixture(scope="module")
def data():
    """Pictures with three unrelated layers, the second of which drives the signal."""
    rng = np.random.default_rng(0)
    n = N_CONCEPTS * N_PER_CONCEPT
    features = rng.standard_normal((n, N_LAYERS, 6)).astype(np.float32)
    signal = features[:, TRUE_LAYER - 1] @ rng.standard_normal((6, 4 * 5))
    signal = (signal + 0.5 * rng.standard_normal(signal.shape)).reshape(n, 4, 5)
    metadata = pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(n)],
            "concept": np.repeat([f"c{i:02d}" for i in range(N_CONCEPTS)], 10),
            "subject": "01",
            "session": "1",
            "run": np.tile(["1", "2"], n // 2),
        }
    )
    metadata["split"] = np.where(metadata["concept"] < "c05", "test", "train")
    info = mne.create_info(4, 100.0, "eeg")
    epochs = mne.EpochsArray(1e-6 * signal, info, metadata=metadata)
    return epochs, features


@pytest.fixture
def decoder():
    return ShallowAlignDecoder(
        n_components=8, lr=1e-2, max_epochs=20, batch_size=64, random_state=0
    )


class LoggingDecoder(BaseEstimator):
    """Notes which trials it was fitted on and asked about; ranks all pictures third."""

    log = []

    def __init__(self, layer=1, image_root=None):
        self.layer = layer
        self.image_root = image_root

    def fit(self, X, y):
        self.train_ = X.metadata
        assert len(X) == len(y)
        return self

    def ranks(self, X, y):
        self.log.append((self.layer, self.train_, X.metadata))
        return np.full(len(y), 3.0)


@pytest.fixture
def log():
    LoggingDecoder.log.clear()
    return LoggingDecoder.log


@pytest.mark.parametrize(
    ("hold_out", "column", "n_folds"),
    [("split", "concept", 1), ("concept", "concept", 5), ("run", "run", 2)],
)
def test_what_is_held_out_is_never_fitted(data, log, hold_out, column, n_folds):
    evaluate_layers(LoggingDecoder(), *data, [1, 3], hold_out=hold_out)
    assert [layer for layer, *_ in log] == [1] * n_folds + [3] * n_folds
    for _, train, test in log:
        assert set(train[column]).isdisjoint(test[column])
    if hold_out == "split":
        assert set(log[0][2]["split"]) == {"test"}


def test_the_layer_is_chosen_without_the_test_trials(data, decoder, monkeypatch):
    """The search is given training trials alone, and folds of whole concepts."""
    epochs, features = data
    searched, fit = [], LayerSearchCV.fit

    def spy(self, X, y, *, groups):
        searched.append((X.metadata, self.cv))
        return fit(self, X, y, groups=groups)

    monkeypatch.setattr(LayerSearchCV, "fit", spy)
    chosen = decode_chosen(decoder, epochs, features, [1, 2, 3])
    [(seen, folds)] = searched
    assert set(seen["split"]) == {"train"}
    assert len(folds) == 3
    concepts = seen["concept"].to_numpy()
    for train, test in folds:
        assert set(concepts[train]).isdisjoint(concepts[test])
    assert set(epochs.metadata["split"].iloc[chosen.test]) == {"test"}


def test_the_chosen_layer_is_fitted_without_the_test_trials(data, log):
    decode_chosen(LoggingDecoder(), *data, [2])
    [(_, train, test)] = log
    assert set(test["split"]) == {"test"}
    assert set(train["split"]) == {"train"}


def test_the_numbers_are_pooled_over_folds(data, log):
    """Rank 3 always: never top-1, always top-5; two galleries of 100."""
    scores = evaluate_layers(LoggingDecoder(), *data, [1], hold_out="run")
    row = scores.iloc[0]
    assert (row["top1"], row["top5"], row["median_rank"]) == (0, 1, 3)
    assert (row["n_queries"], row["n_gallery"], row["n_folds"]) == (200, 100, 2)
    assert row["chance1"] == pytest.approx(1 / 100)
    assert row["chance5"] == pytest.approx(5 / 100)
    assert (row["top1_low"], row["top1_high"]) == proportion_interval(0, 200)


def test_chance_follows_galleries_of_unequal_size(data, log):
    """Three folds of 20 concepts: two of 70 pictures and one of 60."""
    row = evaluate_layers(
        LoggingDecoder(), *data, [1], hold_out="concept", n_splits=3
    ).iloc[0]
    assert row["chance1"] == pytest.approx(3 / 200)  # (70 + 70 + 60 queries) / own size
    assert row["n_gallery"] == pytest.approx((70**2 + 70**2 + 60**2) / 200)


def test_the_true_layer_wins(data, decoder):
    scores = evaluate_layers(decoder, *data, [3, 2, 1])
    assert scores["layer"].tolist() == ["1", "2", "3"]
    assert scores["depth"].tolist() == [0, 0.5, 1]
    top1 = scores["top1"].to_numpy()
    assert top1[TRUE_LAYER - 1] > 0.5
    chance = scores["chance1"].iloc[0]
    assert chance == 1 / 50
    for wrong in (0, 2):  # an unrelated layer is at chance
        hits = round(top1[wrong] * 50)
        assert binomtest(hits, 50, chance, alternative="greater").pvalue > 0.001
    assert not hasattr(decoder, "net_")  # clones are fitted
    chosen = decode_chosen(decoder, *data, [1, 2, 3])
    assert chosen.layers == [str(TRUE_LAYER)]
    assert chosen.scores["top1"].iloc[0] == top1[TRUE_LAYER - 1]


def test_shuffled_pictures_are_at_chance(data, decoder):
    epochs, features = data
    order = np.random.default_rng(1).permutation(len(features))
    row = evaluate_layers(decoder, epochs, features[order], [2]).iloc[0]
    assert row["top1_low"] <= row["chance1"] <= row["top1_high"]
    assert row["top5_low"] <= row["chance5"] <= row["top5_high"]


def test_one_layer_is_not_chosen(data, log):
    assert choose_layer(LoggingDecoder(), *data, [3]) == "3"
    assert not log


def test_what_cannot_be_done_is_told(data, log):
    epochs, features = data
    with pytest.raises(ValueError, match="cannot be chosen.*of one run only"):
        decode_chosen(LoggingDecoder(), epochs, features, [1, 2], hold_out="run")
    bare = mne.EpochsArray(epochs.get_data(), epochs.info)
    with pytest.raises(ValueError, match="epochs has no metadata"):
        evaluate_layers(LoggingDecoder(), bare, features, [1])


def test_a_split_that_shares_concepts_warns(data, log):
    """Every third picture of every concept is for the test."""
    epochs, features = data
    crossing = epochs.copy()
    third = np.arange(len(crossing)) % 3 == 0
    crossing.metadata["split"] = np.where(third, "test", "train")
    with pytest.warns(RuntimeWarning, match="67 of 67 test trials .* were in training"):
        chosen = decode_chosen(LoggingDecoder(), crossing, features, [1])
    assert chosen.seen == (67, 0, 67)
    assert decode_chosen(LoggingDecoder(), *data, [1]).seen == (50, 0, 0)


def test_pictures_are_known_by_their_content(data, log):
    """A copy in another concept is the same picture; of held-out runs, none is new."""
    epochs, features = data
    features = features.copy()
    features[0] = features[-1]  # of a test and of a training concept
    assert decode_chosen(LoggingDecoder(), epochs, features, [1]).seen == (50, 1, 0)
    features[::2] = features[1::2]
    seen = decode_chosen(
        LoggingDecoder(), epochs, features, [1], hold_out="run", n_splits=2
    ).seen
    assert seen == (200, 200, 200)
