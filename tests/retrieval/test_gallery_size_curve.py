"""The closed form against every gallery, and against drawing them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mne_shallowalign.retrieval import (
    chance_level,
    gallery_size_curve,
    score_interval,
    top_k_accuracy,
    two_way_accuracy,
)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("n_levels", [3, 1_000_000], ids=["ties", "no ties"])
def test_every_gallery_there_is(k, n_levels):
    """Seven candidates: all subsets of the others, ties by their average rank."""
    rng = np.random.default_rng(0)
    similarity = rng.integers(n_levels, size=(12, 7)).astype(float)
    truth = rng.integers(7, size=12)
    curve = gallery_size_curve(similarity, truth, range(1, 8), k=k)
    for size, found in zip(curve["size"], curve[f"top{k}"], strict=True):
        hits = [
            top_k_accuracy(row[[right, *others]][np.newaxis], [0], k)
            for row, right in zip(similarity, truth, strict=True)
            for others in combinations(np.delete(np.arange(7), right), size - 1)
        ]
        assert found == pytest.approx(np.mean(hits))


def test_drawing_galleries_agrees():
    """200 candidates, 2,000 random galleries of 20; four standard errors."""
    rng = np.random.default_rng(1)
    similarity = 2.5 * np.eye(200) + rng.standard_normal((200, 200))
    drawn = []
    for _ in range(2000):
        right, others = rng.integers(200), rng.permutation(200)
        gallery = [right, *others[others != right][:19]]
        drawn.append(similarity[right, gallery].argmax() == 0)
    found = gallery_size_curve(similarity, np.arange(200), [20])["top1"][0]
    assert found == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 2000**0.5)


def test_ends_of_the_curve():
    """One candidate: always; two: two-way accuracy; all: the usual accuracy."""
    rng = np.random.default_rng(2)
    similarity, truth = rng.standard_normal((50, 30)), rng.integers(30, size=50)
    curve = gallery_size_curve(similarity, truth, [1, 2, 30]).set_index("size")
    assert curve["top1"].tolist() == pytest.approx(
        [1, two_way_accuracy(similarity, truth), top_k_accuracy(similarity, truth)]
    )


def test_columns():
    """Chance and the interval over pictures belong to each size."""
    rng = np.random.default_rng(3)
    similarity, truth = rng.standard_normal((60, 20)), np.arange(60) % 20
    curve = gallery_size_curve(similarity, truth, confidence=0.9)
    assert curve["size"].tolist() == [2, 4, 8, 16, 20]
    assert curve["chance"].tolist() == [chance_level(n) for n in curve["size"]]
    assert set(curve["n_queries"]) == {60}
    hits = similarity.argmax(axis=1) == truth
    expected = score_interval(hits, images=truth, confidence=0.9)
    assert curve.loc[4, ["top1", "low", "high"]].tolist() == pytest.approx(expected)
    assert gallery_size_curve(np.eye(2), [0, 1])["size"].tolist() == [2]


def test_guessing_follows_chance():
    """Shuffled truth: every size within its interval."""
    rng = np.random.default_rng(4)
    similarity = np.eye(100) + 0.1 * rng.standard_normal((100, 100))
    curve = gallery_size_curve(similarity, rng.permutation(100), confidence=0.999)
    assert (curve["low"] <= curve["chance"]).all()
    assert (curve["chance"] <= curve["high"]).all()


@pytest.mark.parametrize(
    ("sizes", "match"),
    [
        ([0, 2], r"1 \.\. 5, the size of the gallery, got \[0, 2\]"),
        ([6], r"1 \.\. 5"),
        ([2.5], "sequence of integers"),
        ([], "sequence of integers"),
        (3, "sequence of integers"),
    ],
)
def test_bad_sizes(sizes, match):
    """Refused by name."""
    with pytest.raises(ValueError, match=match):
        gallery_size_curve(np.eye(5), np.arange(5), sizes)


def test_bad_input():
    """No query, a bad k, one picture."""
    with pytest.raises(ValueError, match="at least one query"):
        gallery_size_curve(np.empty((0, 3)), np.empty(0, int))
    with pytest.raises(ValueError, match="k must be"):
        gallery_size_curve(np.eye(3), np.arange(3), k=0)
    with pytest.raises(ValueError, match="at least two subjects or two images"):
        gallery_size_curve([[1.0, 2.0]], [0])
