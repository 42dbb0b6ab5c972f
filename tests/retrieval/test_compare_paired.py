"""Paired tests against SciPy, and what they promise under no difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_rel, wilcoxon

from mne_shallowalign.retrieval import compare_paired


@pytest.mark.parametrize("n", [2, 7, 10])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_it_is_scipy(n, confidence):
    """Exact Wilcoxon, exact sign flips, Student's interval, d from t."""
    a, b = np.random.default_rng(n).random((2, n))
    found = compare_paired(a, b, confidence=confidence)
    assert found.p_wilcoxon == pytest.approx(wilcoxon(a, b, method="exact").pvalue)
    flips = permutation_test(
        (a - b,), lambda x: x.mean(), permutation_type="samples", n_resamples=np.inf
    )
    assert found.p_sign_flip == pytest.approx(flips.pvalue)
    student = ttest_rel(a, b)
    bounds = student.confidence_interval(confidence)
    assert found[:3] == pytest.approx((np.mean(a - b), bounds.low, bounds.high))
    assert found.effect_size == pytest.approx(student.statistic / np.sqrt(n))
    assert found.n == n


def test_ten_subjects_have_a_smallest_p():
    """All ten better: 2 of 1,024 ways."""
    found = compare_paired(np.arange(10) + 1.0, np.zeros(10))
    assert found.p_wilcoxon == found.p_sign_flip == 2 / 1024


def test_ties_and_zeros_by_hand():
    """Of 2, 2, -1, 0 signed ranks are 2.5, 2.5, -1; |4| or more in 4 of 8 ways."""
    found = compare_paired([2, 2, -1, 0], [0, 0, 0, 0])
    sums = [a * 2.5 + b * 2.5 + c for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    assert found.p_wilcoxon == np.mean(np.abs(sums) >= 4) == 0.5


def test_no_difference_at_all():
    """Equal scores, and equal differences, are no error."""
    same = compare_paired([0.5, 0.6, 0.7], [0.5, 0.6, 0.7])
    assert same == (0, 0, 0, 1, 1, 0, 3)
    shifted = compare_paired([2, 3, 4], [1, 2, 3])
    assert shifted[:3] == (1, 1, 1)
    assert shifted.effect_size == np.inf


def test_drawn_signs_agree_with_all_of_them():
    """Of 18 pairs 65,536 ways are drawn; all are 262,144; four standard errors."""
    a, b = np.random.default_rng(5).normal(0.4, 1, 18), np.zeros(18)
    found = compare_paired(a, b, random_state=1)
    exact = wilcoxon(a, b, method="exact").pvalue
    error = np.sqrt(exact * (1 - exact) / 2**16)
    assert found.p_wilcoxon == pytest.approx(exact, abs=4 * error)
    assert found == compare_paired(a, b, random_state=1)
    assert found != compare_paired(a, b, random_state=2)


def test_false_alarms_are_as_rare_as_promised():
    """P(p <= .05) of an exact test is at most .05; 600 studies of ten."""
    rng = np.random.default_rng(6)
    studies = [compare_paired(*rng.random((2, 10))) for _ in range(600)]
    for name in ("p_wilcoxon", "p_sign_flip"):
        share = np.mean([getattr(study, name) <= 0.05 for study in studies])
        assert share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 600)
        assert share > 0.01


@pytest.mark.parametrize(
    ("a", "b", "params", "match"),
    [
        ([1, 2], [1, 2, 3], {}, r"got the shapes \(2,\) and \(3,\)"),
        ([1], [1], {}, "at least two"),
        ([1, np.nan], [1, 2], {}, "finite"),
        ([1, 2], [1, 3], {"confidence": 95}, "confidence must lie"),
    ],
)
def test_bad_input(a, b, params, match):
    """Each message says what was expected."""
    with pytest.raises(ValueError, match=match):
        compare_paired(a, b, **params)


def test_equal_differences_tie_though_their_floats_differ():
    ours, theirs = [62, 52, 42, 32, 22, 72], [60, 50, 40, 30, 24, 74]
    counted = compare_paired(ours, theirs)
    shares = compare_paired(np.array(ours) / 100, np.array(theirs) / 100)
    # two minuses among six equal steps: all of the 64 signs but the balanced ones
    assert counted.p_wilcoxon == 44 / 64
    assert shares.p_wilcoxon == counted.p_wilcoxon
    assert shares.p_sign_flip == counted.p_sign_flip
