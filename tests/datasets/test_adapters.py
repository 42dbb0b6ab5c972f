"""Events in words of their own, on the real sidecars."""

from __future__ import annotations

import tarfile
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.datasets import things_images
from mne_shallowalign.datasets._adapters import name_pictures, nod_pictures


@pytest.fixture(scope="module")
def sidecars(test_data, tmp_path_factory):
    """Unpack the real sidecars of a dataset."""

    def unpack(accession):
        root = tmp_path_factory.getbasetemp() / "sidecars"
        if not (root / accession).exists():
            (archive,) = (test_data / "events").glob(f"{accession}_*.tar.xz")
            with tarfile.open(archive) as tar:
                tar.extractall(root, filter="data")
        return root / accession

    return unpack


def _read(path):
    return pd.read_csv(path, sep="\t", keep_default_na=False)


@pytest.fixture(scope="module")
def things_meg(sidecars):
    """All trials of THINGS-MEG, named as mne-bids names events."""
    tables = []
    for path in sorted(sidecars("ds004212").glob("sub-*/ses-*/meg/*_events.tsv")):
        events = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        tables.append(events.assign(file=path.name))
    events = pd.concat(tables, ignore_index=True)
    number = events["value"].replace("N/A", "")
    named = events["trial_type"] + np.where(number == "", "", "/" + number)
    concept_nr = pd.to_numeric(events["things_category_nr"], errors="coerce")
    return name_pictures(
        pd.DataFrame(
            {
                "things_category_nr": concept_nr,
                "trial_type": named,
                "file": events["file"],
            }
        ),
        None,
    )


def test_all_trials_of_things_meg(things_meg):
    assert things_meg["file"].nunique() == 480
    subject = things_meg["file"].str.split("_").str[0]
    counts = things_meg.groupby([subject, "trial_type"]).size().unstack()
    assert len(counts) == 4
    for kind, n_trials in dict(exp=22248, test=2400, catch=2400).items():
        assert set(counts[kind]) == {n_trials}


def test_no_mismatched_picture_in_things_meg(things_meg):
    """Each subject sees each of 22,248 pictures once, and 200 twelve times."""
    shown = things_meg[things_meg["trial_type"] != "catch"]
    images = things_images()
    known = images.loc[shown["image_nr"]]
    assert known["image"].tolist() == shown["stim_file"].tolist()
    assert known["concept"].tolist() == shown["concept"].tolist()
    assert known["things_meg"].tolist() == shown["trial_type"].tolist()
    split = shown["trial_type"].map(dict(exp="train", test="test"))
    assert shown["split"].tolist() == split.tolist()
    times = shown.groupby([shown["file"].str[:11], "split", "stim_file"]).size()
    for (_, part), of_part in times.groupby(level=[0, 1]):
        assert len(of_part) == dict(train=22248, test=200)[part]
        assert set(of_part) == {dict(train=1, test=12)[part]}
    catch = things_meg[things_meg["trial_type"] == "catch"]
    assert set(catch["stim_file"]) == {"n/a"}


def test_numbers_that_do_not_belong_together():
    trials = pd.DataFrame(
        {"trial_type": ["exp/1.0", "exp/15.0"], "things_category_nr": [1.0, 1.0]}
    )
    with pytest.raises(ValueError, match=r"1 events.*image 15 \(abacus/abacus_01b"):
        name_pictures(trials, None)


def test_things_eeg1(sidecars):
    for subject in ("02", "49"):
        (path,) = sidecars("ds003825").glob(f"sub-{subject}/eeg/*_events.tsv")
        events = _read(path)
        assert events["stim"].str.contains("\\", regex=False).all()
        assert set(events["duration"]) == {50}  # milliseconds where seconds are meant
        named = name_pictures(events, None)
        images = things_images().set_index("image")
        known = images.loc[named["stim_file"]]
        assert known["concept"].tolist() == named["concept"].tolist()
        part = named["split"].map(dict(train="exp", test="test"))
        assert known["things_meg"].tolist() == part.tolist()
        counts = named.groupby("split")["stim_file"].agg(["size", "nunique"])
        assert counts.loc["train"].tolist() == [22248, 22248]
        assert counts.loc["test"].tolist() == [2400, 200]


def _nod_table(path, n_images, **changes):
    table = pd.DataFrame(
        {
            "subject": 1,
            "session": "ImageNet01",
            "run": 1,
            "image_id": [f"n0144076{i % 3}_{i}" for i in range(n_images)],
            "stim_is_animate": True,
        }
    ).assign(**changes)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


@pytest.mark.parametrize("accession", ["ds005810", "ds005811"])
def test_nod_joins_the_table_of_all_trials(sidecars, tmp_path, accession):
    (path,) = sidecars(accession).glob("sub-01/ses-ImageNet01/*/*_run-01_events.tsv")
    events = _read(path)[["trial_type", "StimulusPresentation"]]
    n_images = (events["trial_type"] == "stim_on").sum()
    _nod_table(tmp_path / "derivatives/detailed_events/sub-01_events.csv", n_images)
    recording = dict(root=tmp_path, subject="01", session="ImageNet01", run="01")
    here = SimpleNamespace(**recording, basename="run-01")
    named = name_pictures(events, here)
    shown = named[named["stim_file"] != "n/a"]
    assert shown["trial_type"].eq("stim_on").all()
    expected = [f"ImageNet/n0144076{i % 3}_{i}.JPEG" for i in range(n_images)]
    assert shown["stim_file"].tolist() == expected
    assert shown["concept"].tolist()[:2] == ["n01440760", "n01440761"]
    assert set(named["trial_type"]) == set(events["trial_type"])

    other = SimpleNamespace(**(recording | dict(run="02")), basename="run-02")
    with pytest.raises(
        ValueError, match=rf"run-02 shows {n_images} pictures.* lists 0"
    ):
        name_pictures(events, other)


def test_nod_without_image_ids():
    with pytest.raises(ValueError, match="no column image_id; they have: a, b"):
        nod_pictures(pd.DataFrame(columns=["a", "b"]))


def test_others_are_left_alone():
    here = SimpleNamespace(root="nowhere", subject="01")
    for trials in (
        pd.DataFrame({"stim_file": ["a"], "things_category_nr": [1.0]}),
        pd.DataFrame({"trial_type": ["a"]}),
    ):
        assert name_pictures(trials, here) is trials
