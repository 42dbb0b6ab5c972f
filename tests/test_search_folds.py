"""What a search holds out is new to the decoder."""

import logging

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, PredefinedSplit

from mne_shallowalign._decoder_input import TrialLabels
from mne_shallowalign._search_folds import make_folds

N = 60
IMAGES = np.random.default_rng(0).permutation(np.arange(N) % 30)  # each shown twice
CONCEPTS = np.array([f"c{i % 10}" for i in IMAGES])


def labels(groups=None, concepts=None):
    return TrialLabels(groups, concepts if groups is None else groups, None)


def assert_apart(folds, values):
    for train, test in folds:
        assert set(values[train]).isdisjoint(values[test])
    held_out = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(N))


@pytest.mark.parametrize(("cv", "n_folds"), [(None, 5), (3, 3)])
def test_concepts_stay_together(cv, n_folds, caplog):
    with caplog.at_level(logging.INFO, "mne"):
        folds = make_folds(cv, labels(concepts=CONCEPTS), IMAGES)
    assert len(folds) == n_folds
    assert_apart(folds, CONCEPTS)
    assert "held-out concepts" in caplog.text


def test_copies_in_two_concepts_unite_them():
    """Image 0 is of concept 0 and, as a copy, of concept 5."""
    concepts = CONCEPTS.copy()
    concepts[np.flatnonzero(IMAGES == 0)[0]] = "c5"
    folds = make_folds(9, labels(concepts=concepts), IMAGES)
    assert_apart(folds, IMAGES)
    assert_apart(folds, concepts)
    with pytest.raises(ValueError, match="cv=10 folds.*there are 9"):
        make_folds(10, labels(concepts=concepts), IMAGES)


def test_without_concepts_images_stay_together_and_a_warning_is_logged(caplog):
    with caplog.at_level(logging.INFO, "mne"):
        folds = make_folds(None, labels(), IMAGES)
    assert_apart(folds, IMAGES)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "concepts are not known" in record.message


def test_groups_win_over_concepts():
    """Runs, of which all have the same images."""
    runs = np.arange(N) // 20
    folds = make_folds(None, labels(groups=runs), IMAGES)
    assert len(folds) == 3
    assert_apart(folds, runs)


@pytest.mark.parametrize("cv", [GroupKFold(4), LeaveOneGroupOut()])
def test_splitters_get_groups(cv):
    folds = make_folds(cv, labels(concepts=CONCEPTS), IMAGES)
    assert_apart(folds, CONCEPTS)
    expected = cv.split(IMAGES, groups=CONCEPTS)
    assert len(folds) == len(list(expected))


def test_splits_are_taken_as_they_are():
    splits = [(np.arange(30), np.arange(30, N))]
    (found,) = make_folds(splits, labels(groups=np.arange(N)), IMAGES)
    np.testing.assert_array_equal(found, splits[0])
    assert len(make_folds(PredefinedSplit(IMAGES % 2), labels(), IMAGES)) == 2


def test_known_images_are_told():
    n_known = sum(
        np.isin(IMAGES[test], IMAGES[train]).sum()
        for train, test in KFold(2).split(IMAGES)
    )
    with pytest.warns(RuntimeWarning, match=f"In {n_known} of {N} held-out trials"):
        make_folds(KFold(2), labels(), IMAGES)


@pytest.mark.parametrize(
    ("cv", "groups", "message"),
    [
        (None, np.zeros(N), "All trials are of one group"),
        (30, IMAGES, "holds out 2 trial.s. of 1 image"),
    ],
)
def test_nothing_to_hold_out(cv, groups, message):
    with pytest.raises(ValueError, match=message):
        make_folds(cv, labels(groups=groups), IMAGES)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "gives no split"),
        ([(np.arange(40), np.arange(30, 60))], "10 trials on both sides"),
        ([(np.arange(40), np.arange(40, 99))], "beyond those of the 60 trials"),
    ],
)
def test_splits_that_cannot_be(cv, message):
    with pytest.raises(ValueError, match=message):
        make_folds(cv, labels(), IMAGES)
