"""Ranks against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from mne_shallowalign.retrieval import _ranks, ranks


@pytest.mark.parametrize("n_levels", [2, 5, 1_000_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ranks_are_those_of_scipy(n_levels, dtype):
    """Few levels make many ties, a million makes none."""
    rng = np.random.default_rng(0)
    similarity = rng.integers(n_levels, size=(40, 23)).astype(dtype)
    truth = rng.integers(23, size=40)
    expected = rankdata(-similarity, method="average", axis=1)[np.arange(40), truth]
    np.testing.assert_array_equal(ranks(similarity, truth), expected)


def test_ranks_by_hand():
    """Best, second, a tie of two for the first place, all equal, infinities."""
    similarity = [
        [3, 2, 1, 0],
        [3, 2, 1, 0],
        [5, 5, 1, 0],
        [7, 7, 7, 7],
        [np.inf, -np.inf, 0, np.inf],
    ]
    found = ranks(np.asarray(similarity, float), [0, 1, 1, 2, 0])
    np.testing.assert_array_equal(found, [1, 2, 1.5, 2.5, 1.5])


def test_ranks_do_not_depend_on_the_block_size(monkeypatch):
    """Blocks bound the memory and change nothing else."""
    rng = np.random.default_rng(1)
    similarity = rng.integers(4, size=(31, 7)).astype(float)
    truth = rng.integers(7, size=31)
    whole = ranks(similarity, truth)
    monkeypatch.setattr(_ranks, "_BLOCK", 20)
    np.testing.assert_array_equal(ranks(similarity, truth), whole)
    similarity[17, 3] = np.nan
    with pytest.raises(ValueError, match=r"\[17\]"):
        ranks(similarity, truth)


def test_ranks_follow_a_permutation_of_the_gallery():
    """The order of the gallery is not information."""
    rng = np.random.default_rng(2)
    similarity = rng.integers(3, size=(20, 9))
    truth = rng.integers(9, size=20)
    order = rng.permutation(9)
    np.testing.assert_array_equal(
        ranks(similarity[:, order], np.argsort(order)[truth]), ranks(similarity, truth)
    )


def test_no_query_has_no_rank():
    """An empty query list is not an error here."""
    assert ranks(np.empty((0, 3)), np.empty(0, int)).shape == (0,)


@pytest.mark.parametrize(
    ("similarity", "truth", "error", "match"),
    [
        ([1.0, 2.0], [0], ValueError, "shape"),
        (np.empty((2, 0)), [0, 0], ValueError, "at least one"),
        ([[1.0, 2.0]], [0, 1], ValueError, "one column for each of the 1"),
        ([[1.0, 2.0]], [0.0], TypeError, "integers"),
        ([[1.0, 2.0]], [2], ValueError, r"0 \.\. 1.*query 0 has 2"),
        ([[1.0, 2.0]], [-1], ValueError, "query 0 has -1"),
        ([[1.0, np.nan]], [0], ValueError, "NaN in 1 row"),
    ],
)
def test_bad_input_is_told(similarity, truth, error, match):
    """Each message names the argument and what was expected."""
    with pytest.raises(error, match=match):
        ranks(similarity, truth)
