from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.utils import shuffle

from mne_shallowalign.datasets import read_raw_things_eeg2
from mne_shallowalign.datasets._things_eeg2_events import (
    find_presentations,
    read_images,
)


@pytest.fixture(scope="module")
def images(things_eeg2):
    return read_images(things_eeg2 / "image_metadata.npy", "train")


def presentations(raw, images, split="train"):
    return find_presentations(raw, images, split)


def test_the_published_images(test_data):
    """Numbers, files and concepts agree with the official list of THINGS, by name."""
    folder = test_data / "things_meta"
    official = pd.read_csv(folder / "things_images_26107.tsv", sep="\t")
    concepts = {}
    for split, n_images, n_concepts in (("train", 16540, 1654), ("test", 200, 200)):
        images = read_images(folder / "things_eeg2_image_metadata.npy", split)
        assert images.index.tolist() == list(range(1, n_images + 1))
        assert images["concept"].nunique() == n_concepts
        assert images["stim_file"].is_unique
        shown = official[official["things_eeg2"] == split]
        shown = shown.set_index(shown["things_eeg2_condition"].astype(int)).sort_index()
        assert (images["concept"] == shown["concept"]).all()
        assert (images["stim_file"].str.split("/").str[2] == shown["file"]).all()
        concepts[split] = set(images["concept"])
    assert not concepts["train"] & concepts["test"]


def test_table_of_a_recording(things_eeg2, images):
    fname = things_eeg2 / "sub-08" / "ses-01" / "raw_eeg_training.npy"
    raw = read_raw_things_eeg2(fname)
    table = presentations(raw, images)
    events = mne.find_events(raw)
    assert table["sample"].tolist() == events[:, 0].tolist()
    assert table["condition"].tolist() == events[:, 2].tolist()
    targets = table[table["condition"] == 99999]
    assert targets["stim_file"].tolist() == ["n/a"]
    assert targets["trial_type"].tolist() == ["target"]
    shown = table[table["condition"] == 6]
    assert set(shown["stim_file"]) == {
        "training_images/00002_bat_cage/bat_cage_01s.jpg"
    }
    assert set(shown["concept"]) == {"bat_cage"}


def make_raw(conditions, onsets, width=20):
    data = np.zeros((2, onsets[-1] + 500))
    for condition, onset in zip(conditions, onsets, strict=True):
        data[1, onset : onset + width] = condition
    info = mne.create_info(["Pz", "stim"], 1000.0, ["eeg", "stim"])
    return mne.io.RawArray(data, info)


def test_pulses_of_one_sample_and_sequences(images):
    onsets = [100, 300, 500, 2000, 2200]
    table = presentations(make_raw([1, 2, 99999, 3, 1], onsets, width=1), images)
    assert table["sample"].tolist() == onsets
    assert table["sequence"].tolist() == [1, 1, 1, 2, 2]


def test_surplus_presentations_are_those_of_the_authors(images):
    rng = np.random.RandomState(0)
    conditions = rng.permutation(np.repeat([1, 2, 3, 4, 99999], [2, 3, 5, 1, 4]))
    raw = make_raw(conditions, 100 + 200 * np.arange(len(conditions)))
    table = presentations(raw, images)
    for condition, n_shown in ((1, 2), (2, 3), (3, 5), (4, 1)):
        rows = np.flatnonzero(conditions == condition)
        kept = shuffle(rows, random_state=20200220, n_samples=min(n_shown, 2))
        of_image = table[table["condition"] == condition]
        assert set(of_image.index[of_image["surplus"] == 0]) == set(kept)
    assert table.loc[table["condition"] == 99999, "surplus"].sum() == 0
    assert presentations(raw, images, "test")["surplus"].sum() == 0


def test_conditions_of_other_images(images):
    raw = make_raw([1, 9], [100, 300])
    raw._filenames = ["raw.npy"]
    with pytest.raises(ValueError, match=r"values \[9\].*numbered 1 to 8"):
        presentations(raw, images)


def test_not_the_table_of_images(things_eeg2, tmp_path):
    np.save(tmp_path / "a.npy", dict(train_img_concepts=["a"]))
    with pytest.raises(ValueError, match=r"not the image_metadata\.npy"):
        read_images(tmp_path / "a.npy", "train")
