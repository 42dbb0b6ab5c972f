"""No unit that is held out is learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.commands._folds import (
    count_seen,
    default_hold_out,
    make_folds,
)


@pytest.fixture
def metadata():
    """Two people, two sessions each; runs are counted anew in each session."""
    rows = [
        {"subject": s, "session": ses, "run": run, "image": i, "concept": f"c{i % 6}"}
        for s in ("01", "02")
        for ses in ("a", "b")
        for run in ("1", "2")
        for i in range(12)
    ]
    table = pd.DataFrame(rows)
    return table.assign(split=np.where(table["concept"] < "c2", "test", "train"))


@pytest.mark.parametrize(
    ("hold_out", "columns", "n_folds"),
    [
        ("concept", ["concept"], 6),
        ("run", ["subject", "session", "run"], 8),
        ("session", ["subject", "session"], 4),
        ("subject", ["subject"], 2),
    ],
)
def test_one_unit_at_a_time(metadata, hold_out, columns, n_folds):
    folds = make_folds(metadata, hold_out)
    assert len(folds) == n_folds
    for train, test in folds:
        units = metadata[columns].agg("/".join, axis=1)
        assert units.iloc[test].nunique() == 1
        assert set(units.iloc[train]).isdisjoint(units.iloc[test])
        assert len(train) + len(test) == len(metadata)
    tested = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(metadata)))


@pytest.mark.parametrize(("n_splits", "n_folds"), [(3, 3), (5, 5), (100, 6)])
def test_units_are_dealt_to_folds(metadata, n_splits, n_folds):
    folds = make_folds(metadata, "concept", n_splits)
    assert len(folds) == n_folds
    for train, test in folds:
        concepts = metadata["concept"]
        assert set(concepts.iloc[train]).isdisjoint(concepts.iloc[test])


def test_the_published_split(metadata):
    ((train, test),) = make_folds(metadata, "split")
    assert (metadata["split"].iloc[train] == "train").all()
    assert (metadata["split"].iloc[test] == "test").all()
    assert len(train) + len(test) == len(metadata)


def test_what_cannot_be_held_out_is_told(metadata):
    with pytest.raises(ValueError, match="Invalid value for the 'hold_out'"):
        make_folds(metadata, "day")
    with pytest.raises(ValueError, match="publishes no split"):
        make_folds(metadata.assign(split="train"), "split")
    with pytest.raises(ValueError, match="at least two subjects, got 1"):
        make_folds(metadata[metadata["subject"] == "01"], "subject")
    with pytest.raises(ValueError, match="needs a run for every trial"):
        make_folds(metadata.drop(columns="run"), "run")


def test_other_labels_of_the_split_are_told(metadata):
    split = metadata["split"].where(metadata["concept"] != "c3", "validation")
    with pytest.raises(ValueError, match="also has validation"):
        make_folds(metadata.assign(split=split), "split")
    with pytest.raises(ValueError, match="also has nan"):
        make_folds(metadata.assign(split=split.replace("validation", None)), "split")


def test_what_was_learned_from_is_counted():
    """Two folds: picture a is on both sides of one, concept x of both."""
    images, concepts = list("aabcd"), list("xxxyy")
    folds = [
        (np.array([0, 2]), np.array([1, 3])),
        (np.array([2, 3]), np.array([0, 1])),
    ]
    assert count_seen(folds, images, concepts) == (4, 1, 3)


@pytest.mark.parametrize(
    ("hold_out", "seen"),
    [("split", 0), ("concept", 0), ("run", 96), ("session", 96), ("subject", 96)],
)
def test_only_new_concepts_are_new(metadata, hold_out, seen):
    images = metadata["image"].astype(str)
    counts = count_seen(make_folds(metadata, hold_out), images, metadata["concept"])
    assert counts.n_images == counts.n_concepts == seen


@pytest.mark.parametrize(
    ("columns", "by_class", "expected"),
    [
        ({"split": ["train", "test"], "run": ["1", "2"]}, False, "split"),
        ({"split": ["train", "train"], "run": ["1", "2"]}, False, "concept"),
        ({"run": ["1", "2"], "subject": ["a", "b"]}, True, "run"),
        (
            {"run": ["1", "1"], "session": ["x", "x"], "subject": ["a", "b"]},
            True,
            "subject",
        ),
    ],
)
def test_what_is_held_out_by_default(columns, by_class, expected):
    metadata = pd.DataFrame({"concept": ["cat", "dog"], **columns})
    assert default_hold_out(metadata, by_class) == expected
