"""An assignment cannot serve two queries of one picture."""

from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.retrieval import duplicate_query_test, top_k_accuracy


def _similarity(noise, n=100, seed=0):
    return np.eye(n) + noise * np.random.default_rng(seed).standard_normal((n, n))


def test_a_perfect_decoder_loses_exactly_the_copies():
    """One of each pair of equal queries must take a wrong picture."""
    found = duplicate_query_test(np.eye(100), np.arange(100), n_duplicates=20)
    assert found.loc["as given"].tolist() == [1, 1]
    assert found.loc["duplicated"].tolist() == [1, pytest.approx(0.8)]
    assert list(found.columns) == ["independent", "hungarian"]


def test_the_gain_turns_into_a_loss():
    """A good decoder: better by assignment as given, worse with copies."""
    similarity = _similarity(0.2)
    found = duplicate_query_test(similarity, np.arange(100))
    assert found.loc["as given", "hungarian"] > found.loc["as given", "independent"]
    assert found.loc["duplicated", "hungarian"] < found.loc["duplicated", "independent"]
    assert found.loc["as given", "independent"] == top_k_accuracy(
        similarity, np.arange(100)
    )


def test_independent_scores_are_the_same_on_average():
    """Each query is as likely to be copied as to be replaced; four standard errors."""
    similarity = _similarity(0.35)
    found = duplicate_query_test(similarity, np.arange(100), n_draws=200)
    before, after = found["independent"]
    error = np.sqrt(2 * 20 * before * (1 - before)) / 100 / np.sqrt(200)
    assert after == pytest.approx(before, abs=4 * error)


def test_embeddings_metrics_and_parameters():
    """Whitening needs embeddings; the metric may be any of ranks."""
    rng = np.random.default_rng(1)
    gallery = rng.standard_normal((50, 12))
    queries = gallery + rng.standard_normal((50, 12))
    found = duplicate_query_test(
        (queries, gallery),
        np.arange(50),
        calibration="query-whitening",
        metric="mrr",
        n_duplicates=25,
        n_draws=3,
        shrinkage=0.5,
    )
    assert found.columns[1] == "query-whitening"
    assert np.all((found > 0) & (found <= 1))


def test_the_seed_decides():
    """The same seed, the same draws."""
    one, same, other = (
        duplicate_query_test(
            _similarity(0.3), np.arange(100), n_draws=3, random_state=seed
        )
        for seed in (0, 0, 1)
    )
    assert one.equals(same)
    assert not one.equals(other)


def test_bad_input():
    """Too many copies, a truth that does not fit, no draw."""
    with pytest.raises(ValueError, match="at most half of the 30 queries, got 20"):
        duplicate_query_test(np.eye(30), np.arange(30))
    with pytest.raises(ValueError, match="one column for each"):
        duplicate_query_test(np.eye(50), np.arange(49))
    with pytest.raises(ValueError, match="n_draws"):
        duplicate_query_test(np.eye(50), np.arange(50), n_draws=0)
