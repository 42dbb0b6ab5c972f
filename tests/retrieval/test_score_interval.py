"""Intervals of crossed people and pictures: formulas, and how often they cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm, t

from mne_shallowalign.retrieval import proportion_interval, score_interval


def _crossed_labels(n_subjects, n_images, n_seeds=1):
    subjects, images, _ = np.indices((n_subjects, n_images, n_seeds))
    return {"subjects": subjects.ravel(), "images": images.ravel()}


def _logit_interval(mean, variance, freedom, confidence):
    half = t.ppf((1 + confidence) / 2, freedom) * variance**0.5 / (mean * (1 - mean))
    return mean, expit(logit(mean) - half), expit(logit(mean) + half)


def test_complete_design_is_the_analysis_of_variance():
    """Mean squares written out in loops; seeds are averaged first."""
    hits = np.random.default_rng(0).random((4, 7, 3))
    table, mean = hits.mean(axis=2), hits.mean()
    by_subject = sum((table[s].mean() - mean) ** 2 for s in range(4)) / 3 / 4
    by_image = sum((table[:, i].mean() - mean) ** 2 for i in range(7)) / 6 / 7
    rest = sum(
        (table[s, i] - table[s].mean() - table[:, i].mean() + mean) ** 2
        for s in range(4)
        for i in range(7)
    )
    rest /= 18 * 28
    variance = by_subject + by_image - rest
    if variance < max(by_subject, by_image, rest):
        variance = max(by_subject, by_image, rest)
    freedom = variance**2 / (by_subject**2 / 3 + by_image**2 / 6 + rest**2 / 18)
    found = score_interval(hits.ravel(), **_crossed_labels(4, 7, 3), confidence=0.9)
    assert found == pytest.approx(_logit_interval(mean, variance, freedom, 0.9))


@pytest.mark.parametrize("factor", ["images", "subjects"])
def test_one_factor_is_student(factor):
    """Without the other factor, or with one unit of it, means of units are a sample."""
    rng = np.random.default_rng(1)
    hits, units = rng.random(60), np.repeat(np.arange(12), 5)
    means = hits.reshape(12, 5).mean(axis=1)
    expected = _logit_interval(hits.mean(), means.var(ddof=1) / 12, 11, 0.95)
    other = {"images": "subjects", "subjects": "images"}[factor]
    alone = score_interval(hits, **{factor: units})
    with_one = score_interval(hits, **{factor: units, other: ["only"] * 60})
    assert alone == with_one == pytest.approx(expected)


def test_nested_pictures_leave_the_variance_between_subjects():
    """Where nobody sees the picture of another, subjects are all that vary (CGM)."""
    rng = np.random.default_rng(2)
    subjects, images = np.repeat(np.arange(6), 10), np.arange(60)
    hits = np.clip(0.5 + 0.3 * rng.standard_normal(6)[subjects], 0, 1)
    means = hits.reshape(6, 10).mean(axis=1)
    _, low, high = score_interval(hits, subjects=subjects, images=images)
    # the images' own term and the last one cancel, up to n / (n - 1) of 60 pictures
    expected = _logit_interval(hits.mean(), means.var(ddof=1) / 6, 5, 0.95)
    assert (low, high) == pytest.approx(expected[1:], rel=0.05)


def test_order_and_labels_do_not_matter():
    """Rows may come in any order and names may be anything."""
    rng = np.random.default_rng(3)
    hits, labels = rng.random(60) < 0.6, _crossed_labels(5, 12)
    order = rng.permutation(60)
    renamed = {
        "subjects": np.array(["c", "a", "e", "b", "d"])[labels["subjects"]][order],
        "images": np.array([f"{7 * i % 12}.jpg" for i in range(12)])[labels["images"]][
            order
        ],
    }
    found = score_interval(hits[order], **renamed)
    assert found == pytest.approx(score_interval(hits, **labels))


@pytest.mark.parametrize("value", [0, 1])
def test_always_or_never_right(value):
    """Nothing varies; as many trials as there are pictures."""
    found = score_interval(np.full(60, value), **_crossed_labels(3, 20))
    assert found == (value, *proportion_interval(20 * value, 20))


def test_seeds_add_no_certainty():
    """The same hits once and ten times: the same interval, unlike Wilson's."""
    hits = np.random.default_rng(4).random((5, 12)) < 0.5
    once = score_interval(hits.ravel(), **_crossed_labels(5, 12))
    tenfold = np.repeat(hits.ravel(), 10)
    again = score_interval(tenfold, **_crossed_labels(5, 12, 10))
    assert again == pytest.approx(once)


def test_it_covers_the_truth():
    """300 studies whose effects are known; four standard errors around 0.9.

    Wilson's interval, which takes all hits for independent, covers less than half.
    """
    rng = np.random.default_rng(5)
    labels, threshold = _crossed_labels(8, 40, 3), norm.ppf(0.7) * np.sqrt(1 + 1.39)
    covered, naive = 0, 0
    for _ in range(300):
        hidden = (
            threshold
            + 0.5 * rng.standard_normal((8, 1, 1))
            + 0.8 * rng.standard_normal((1, 40, 1))
            + 0.5**0.5 * rng.standard_normal((8, 40, 1))
            + rng.standard_normal((8, 40, 3))
        )
        hits = (hidden > 0).ravel()
        _, low, high = score_interval(hits, **labels, confidence=0.9)
        covered += low <= 0.7 <= high
        low, high = proportion_interval(int(hits.sum()), hits.size, 0.9)
        naive += low <= 0.7 <= high
    assert covered / 300 == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / 300))
    assert naive / 300 < 0.5


@pytest.mark.parametrize(
    ("hits", "labels", "match"),
    [
        ([1, 0], {}, "at least two subjects or two images"),
        ([1, 0], {"images": ["a", "a"]}, r"got 1 subject\(s\) and 1 image\(s\)"),
        ([1, 0], {"images": ["a"]}, "images must have one label for each of the 2"),
        ([1, 2], {"images": ["a", "b"]}, r"between 0 and 1, got 1.0 \.\. 2.0"),
        ([1, np.nan], {"images": ["a", "b"]}, "between 0 and 1"),
        ([], {"images": []}, "not be empty"),
        ([1, 0], {"images": ["a", "b"], "confidence": 95}, "confidence must lie"),
    ],
)
def test_bad_input(hits, labels, match):
    """Each message names the argument."""
    with pytest.raises(ValueError, match=match):
        score_interval(hits, **labels)


@pytest.mark.parametrize("value", [0.5, 0.1, 1 / 3])
def test_scores_that_are_all_the_same_have_an_interval(value):
    hits = np.full(9, value)
    found = score_interval(hits, images=np.arange(9))
    assert found.estimate == pytest.approx(value)
    assert found.low == proportion_interval(int(9 * value + 1e-9), 9)[0]
    assert found.low < value < found.high
