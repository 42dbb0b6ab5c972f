"""Numbers of an evaluation, against the decoder's own and against formulas."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign._evaluation import Evaluation, evaluate, measure, score_row


@pytest.fixture(scope="module")
def tested():
    """A decoder of features, and test trials of which some repeat a picture."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 4))
    X = (features @ rng.standard_normal((4, 10))).reshape(60, 2, 5)
    X += rng.standard_normal(X.shape)
    decoder = ShallowAlignDecoder(
        n_components=4, lr=1e-2, max_epochs=5, random_state=0, device="cpu"
    )
    decoder.fit(X[:40], features[:40])
    rows = np.array([45, 41, 45, 50, 59, 41])
    return decoder, X[rows], features[rows]


def test_the_right_column_is_that_of_the_picture(tested):
    decoder, X, features = tested
    found = evaluate(decoder, X, features)
    assert found.truth.tolist() == [0, 1, 0, 2, 3, 1]
    assert found.gallery == ["0", "1", "3", "4"]
    assert found.pictures is found.concepts is None
    expected = decoder.decision_function(X, features[[0, 1, 3, 4]])
    np.testing.assert_allclose(found.similarity, expected, atol=1e-6)
    metrics = measure(found).set_index("metric")
    assert metrics.loc["top1", "value"] == decoder.score(X, features)
    assert metrics.loc["mean_rank", "value"] == decoder.ranks(X, features).mean()


def test_concepts_come_from_the_metadata(tested):
    decoder, X, features = tested
    epochs = mne.EpochsArray(
        X,
        mne.create_info(2, 100.0, "eeg"),
        metadata=pd.DataFrame({"concept": list("abacdb")}),
        verbose=False,
    )
    found = evaluate(decoder, epochs, features)
    assert found.concepts == ["a", "b", "c", "d"]
    assert not found.has_categories  # each picture is the only one of its own


def test_epochs_and_images_must_be_as_many(tested):
    decoder, X, features = tested
    with pytest.raises(ValueError, match="6.*5|5.*6"):
        evaluate(decoder, X, features[:5])


def test_guessing_gets_chance_and_intervals_hold_the_value():
    """Over many random similarities, every metric is its chance level."""
    rng = np.random.default_rng(1)
    n = 12
    guess = Evaluation(
        similarity=rng.standard_normal((6000, n)),
        truth=np.arange(6000) % n,
        gallery=[str(i) for i in range(n)],
        concepts=[str(i // 3) for i in range(n)],
    )
    metrics = measure(guess).set_index("metric")
    assert metrics.loc["concept5", "chance"] == pytest.approx(2 / 11)
    assert metrics.loc["mrr", "chance"] == pytest.approx(sum(1 / np.arange(1, 13)) / 12)
    spread = {"mean_rank": 0.2, "median_rank": 1}
    for name, row in metrics.iterrows():
        assert row["value"] == pytest.approx(row["chance"], abs=spread.get(name, 0.02))
        assert row["low"] <= row["value"] <= row["high"]


def test_the_row_of_a_sentence():
    perfect = Evaluation(np.eye(8), np.arange(8), list("abcdefgh"))
    row = score_row(measure(perfect)).iloc[0]
    assert row["top1"] == row["top1_high"] == row["top5"] == 1
    assert row["chance1"] == 1 / 8
    assert (row["n_queries"], row["n_gallery"]) == (8, 8)
