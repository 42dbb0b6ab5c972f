"""Whitened sides have the covariance that they should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power
from sklearn.covariance import LedoitWolf

from mne_shallowalign.retrieval._whitening import cosine, whiten_gallery, whiten_queries


@pytest.fixture
def embeddings():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((6, 6))
    return tuple(rng.standard_normal((n, 6)) @ mixing + 3 for n in (50, 70))


@pytest.mark.parametrize(("whiten", "side"), [(whiten_gallery, 1), (whiten_queries, 0)])
def test_one_side_becomes_white(embeddings, whiten, side):
    """Zero mean and unit covariance without shrinkage; the other side stays."""
    found = whiten(embeddings, shrinkage=0)
    np.testing.assert_allclose(found[side].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.cov(found[side].T, bias=True), np.eye(6), atol=1e-9)
    assert found[1 - side] is embeddings[1 - side]


def test_it_is_the_inverse_root(embeddings):
    """By default of the covariance of Ledoit and Wolf."""
    queries = embeddings[0]
    root = fractional_matrix_power(LedoitWolf().fit(queries).covariance_, -0.5)
    expected = (queries - queries.mean(axis=0)) @ root
    np.testing.assert_allclose(whiten_queries(embeddings)[0], expected)


def test_full_shrinkage_only_centres(embeddings):
    """The identity is left, up to a factor."""
    gallery = embeddings[1]
    found = whiten_gallery(embeddings, shrinkage=1)[1]
    ratio = found / (gallery - gallery.mean(axis=0))
    np.testing.assert_allclose(ratio, ratio[0, 0])


def test_fewer_rows_than_components():
    """What does not vary is left out; nothing explodes."""
    rng = np.random.default_rng(1)
    embeddings = rng.standard_normal((4, 9)), rng.standard_normal((5, 9))
    found = whiten_gallery(embeddings, shrinkage=0)[1]
    np.testing.assert_allclose(
        np.linalg.eigvalsh(np.cov(found.T, bias=True)), [0] * 5 + [1] * 4, atol=1e-9
    )


def test_cosine_by_hand():
    """0, 45 and 180 degrees."""
    found = cosine((np.array([[2.0, 0.0]]), np.array([[1.0, 0], [3, 3], [-1, 0]])))
    np.testing.assert_allclose(found, [[1, 0.5**0.5, -1]])


def test_bad_shrinkage(embeddings):
    """Outside of 0 .. 1."""
    with pytest.raises(ValueError, match="shrinkage == 2, must be <= 1"):
        whiten_gallery(embeddings, shrinkage=2)
