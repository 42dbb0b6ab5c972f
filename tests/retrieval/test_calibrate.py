"""What a calibration says of itself, what it refuses, what it looks at."""

from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.retrieval import (
    Calibrated,
    calibrate,
    hubness,
    proportion_interval,
    top_k_accuracy,
)
from mne_shallowalign.retrieval._calibrations import csls, hungarian
from mne_shallowalign.retrieval._whitening import cosine, whiten_gallery

SIMILARITY_METHODS = (
    "csls",
    "inverted-softmax",
    "sinkhorn",
    "mutual-neighbours",
    "hungarian",
)
TRANSDUCTIVE = ("query-whitening", *SIMILARITY_METHODS)
ALL = ("gallery-whitening", *TRANSDUCTIVE)


def _embeddings(n=100, noise=2.0, seed=0):
    """Queries with noise and a common offset, which makes hubs."""
    rng = np.random.default_rng(seed)
    gallery = rng.standard_normal((n, 24))
    offset = 1.5 * rng.standard_normal(24)
    return gallery + noise * rng.standard_normal((n, 24)) + offset, gallery


@pytest.mark.parametrize("method", TRANSDUCTIVE)
def test_transductive_methods_must_be_asked_for(method):
    """Off by default; the result carries the word and the number of queries."""
    embeddings = _embeddings()
    with pytest.raises(ValueError, match=f"'{method}' is transductive.*=True"):
        calibrate(embeddings, method)
    found = calibrate(embeddings, method, transductive=True)
    assert repr(found) == (
        f"Calibrated(method='{method}', kind='transductive', n_queries=100)"
    )
    assert found.similarity.shape == (100, 100)


def test_gallery_only_is_the_default():
    """Queries are decoded one by one: alone or together, it is the same."""
    queries, gallery = _embeddings()
    found = calibrate((queries, gallery), "gallery-whitening")
    assert (found.kind, found.method) == ("gallery-only", "gallery-whitening")
    alone = calibrate((queries[:1], gallery), "gallery-whitening")
    np.testing.assert_allclose(alone.similarity, found.similarity[:1])


@pytest.mark.parametrize("method", TRANSDUCTIVE)
def test_transductive_methods_do_use_the_other_queries(method):
    """The same query with 40 and with 100 others is not ranked the same."""
    queries, gallery = _embeddings(noise=4)
    some = calibrate((queries[:40], gallery), method, transductive=True)
    every = calibrate((queries, gallery), method, transductive=True)
    order = (np.argsort(-one.similarity[:40], axis=1) for one in (some, every))
    assert not np.array_equal(*order)


def test_similarities_and_embeddings_are_the_same():
    """Cosines are taken of embeddings."""
    embeddings = _embeddings()
    for method in SIMILARITY_METHODS:
        one = calibrate(embeddings, method, transductive=True)
        other = calibrate(cosine(embeddings), method, transductive=True)
        np.testing.assert_array_equal(one.similarity, other.similarity)


def test_parameters_are_handed_on():
    """Each to its method."""
    similarity = cosine(_embeddings())
    found = calibrate(similarity, "csls", transductive=True, k=3)
    np.testing.assert_array_equal(found.similarity, csls(similarity, k=3))


def test_steps_add_up():
    """Whitening, then CSLS, then the assignment: named, and the strictest kind."""
    embeddings = _embeddings()
    first = calibrate(embeddings, "gallery-whitening")
    second = calibrate(first, "csls", transductive=True)
    third = calibrate(second, "hungarian", transductive=True)
    assert third.method == "gallery-whitening + csls + hungarian"
    assert (first.kind, second.kind, third.kind) == (
        "gallery-only",
        "transductive",
        "transductive",
    )
    expected = hungarian(csls(cosine(whiten_gallery(embeddings))))
    np.testing.assert_allclose(third.similarity, expected)
    after = calibrate(embeddings, "query-whitening", transductive=True)
    assert calibrate(after, "gallery-whitening").kind == "transductive"


def test_taking_queries():
    """Rows of similarities and of embeddings, candidates untouched."""
    first = calibrate(_embeddings(), "gallery-whitening")
    taken = first.take(np.array([4, 4, 1]))
    assert isinstance(taken, Calibrated)
    assert taken.n_queries == 3
    np.testing.assert_array_equal(taken.similarity, first.similarity[[4, 4, 1]])
    np.testing.assert_array_equal(taken.similarity, cosine(taken.embeddings))


@pytest.mark.parametrize("method", TRANSDUCTIVE)
def test_a_bijection_is_worth_something(method):
    """On the benchmark's own terms no method loses, and hubs become fewer."""
    embeddings, truth = _embeddings(200), np.arange(200)
    before = cosine(embeddings)
    after = calibrate(embeddings, method, transductive=True).similarity
    assert top_k_accuracy(after, truth) >= top_k_accuracy(before, truth)
    assert hubness(after, 1).largest <= hubness(before, 1).largest


@pytest.mark.parametrize("method", ALL)
def test_shuffled_truth_gives_chance(method):
    """Label noise: 20 studies of 100 queries, one in a hundred is right."""
    n_hits = 0
    for seed in range(20):
        shuffled = np.random.default_rng(seed).permutation(100)
        found = calibrate(_embeddings(seed=seed), method, transductive=True)
        n_hits += round(100 * top_k_accuracy(found.similarity, shuffled))
    low, high = proportion_interval(n_hits, 2000, 0.99)
    assert low <= 0.01 <= high


@pytest.mark.parametrize(
    ("given", "method", "params", "error", "match"),
    [
        (np.eye(3), "softmax", {}, ValueError, "one of .*'csls'.*got 'softmax'"),
        (np.eye(3), "gallery-whitening", {}, ValueError, "changes embeddings"),
        (np.eye(3), "csls", {"tau": 1}, TypeError, "no parameter 'tau'; it has k"),
        ([[1, np.nan]], "csls", {}, ValueError, "similarity must be finite"),
        (np.ones(3), "csls", {}, ValueError, r"the shape \(3,\)"),
        (np.empty((0, 3)), "csls", {}, ValueError, "something in each"),
        ((np.eye(3), np.ones((3, 2))), "csls", {}, ValueError, "equally many comp"),
    ],
)
def test_bad_input(given, method, params, error, match):
    """Each message says what was expected."""
    with pytest.raises(error, match=match):
        calibrate(given, method, transductive=True, **params)
