"""Concepts, categories and pictures of THINGS."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mne_shallowalign.datasets import concept_categories, things_concepts, things_images


def _read(test_data, name, **options):
    path = test_data / "things_meta" / name
    return pd.read_csv(path, sep="\t", keep_default_na=False, **options)


def test_concepts_in_the_official_order(test_data):
    concepts = things_concepts()
    theirs = _read(test_data, "things_concepts.tsv")
    assert concepts["concept"].tolist() == theirs["uniqueID"].tolist()
    assert concepts["word"].tolist() == theirs["Word"].tolist()
    assert (concepts.index[0], concepts.index[-1]) == (1, 1854)


def test_the_27_categories(test_data):
    theirs = _read(test_data, "category_mat_manual.tsv").astype(bool)
    ours = things_concepts().iloc[:, 3:30]
    assert list(ours) == list(theirs)
    np.testing.assert_array_equal(ours, theirs)


def test_the_53_categories(test_data):
    theirs = _read(test_data, "Categories_final_20200131_fixedUniqueID.tsv", dtype=str)
    ours = things_concepts().iloc[:, 3:]
    assert list(ours) == list(theirs.columns[2:])
    np.testing.assert_array_equal(ours, theirs.iloc[:, 2:] == "1")


def test_six_categories_of_the_test_pictures():
    concepts, images = things_concepts().set_index("concept"), things_images()
    test = images.loc[images["things_eeg2"] == "test", "concept"]
    counts = concepts.loc[test, "category"].value_counts().to_dict()
    assert counts == dict(
        other=62, food=46, animal=38, vehicle=19, tool=19, clothing=16
    )


def test_concept_accuracy_of_real_features(test_data):
    """Known: 0.705 among five by CLIP ViT-L/14, 0.206 by chance."""
    images = things_images()
    test = images[images["things_eeg2"] == "test"].sort_values("things_eeg2_condition")
    category = things_concepts().set_index("concept").loc[test["concept"], "category"]
    label = category.to_numpy()
    (path,) = (test_data / "features").glob("*vitl14*test*.npy")
    features = np.load(path).reshape(200, -1)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    similarity = features @ features.T
    np.fill_diagonal(similarity, -np.inf)
    five = np.argsort(-similarity, axis=1)[:, :5]
    assert round((label[five] == label[:, None]).mean(), 3) == 0.705
    counts = category.value_counts()
    assert round((counts * (counts - 1)).sum() / 200 / 199, 3) == 0.206


def test_pictures_by_number(test_data):
    images = things_images()
    theirs = _read(test_data, "things_images_26107.tsv", dtype=str)
    assert (
        images["image"].tolist() == (theirs["concept"] + "/" + theirs["file"]).tolist()
    )
    assert images["concept"].tolist() == theirs["concept"].tolist()
    for column in ("concept_nr", "things_meg", "things_eeg2"):
        assert images[column].astype(str).tolist() == theirs[column].tolist()
    names = (test_data / "things_meta" / "file_names_THINGS.txt").read_text().split()
    assert sorted(images["image"].str.split("/").str[1]) == sorted(names)


def test_the_order_is_not_that_of_a_sorted_folder():
    images = things_images()
    by_listing = sorted(images["image"], key=lambda path: path.split("/"))
    wrong = images["image"] != by_listing
    assert (wrong.sum(), wrong[images["things_meg"] != ""].sum()) == (285, 240)


def test_conditions_of_things_eeg2():
    images = things_images()
    for part, n_images in (("train", 16540), ("test", 200)):
        numbers = images.loc[images["things_eeg2"] == part, "things_eeg2_condition"]
        assert sorted(numbers) == list(range(1, n_images + 1))
    train, test = (
        set(images.loc[images["things_eeg2"] == part, "concept"])
        for part in ("train", "test")
    )
    assert (len(train), len(test), len(train & test)) == (1654, 200, 0)


def test_parts_of_things_meg():
    images = things_images()
    assert images["things_meg"].value_counts()[["exp", "test"]].tolist() == [22248, 200]
    shown = images[images["things_meg"] == "exp"]
    assert set(shown.groupby("concept").size()) == {12}


def test_a_change_stays_with_the_caller():
    for table in (things_concepts(), things_images()):
        table.loc[1, "concept"] = "changed"
    assert things_concepts().loc[1, "concept"] == "aardvark"
    assert things_images().loc[1, "concept"] == "aardvark"


def test_concept_categories_are_the_first_that_applies():
    """Six classes, from the columns of the whole table, in its order."""
    table, found = things_concepts().set_index("concept"), concept_categories()
    assert list(found.index) == list(table.index)
    assert found["crab"] == "animal"
    assert table.loc["crab", "food"]
    order = ("animal", "food", "vehicle", "tool", "clothing")
    for concept, category in found.items():
        expected = [name for name in order if table.loc[concept, name]] + ["other"]
        assert category == expected[0]
