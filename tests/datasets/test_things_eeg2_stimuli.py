"""Numbers and names of the pictures of the edition on NEMAR."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.datasets import load_bids, load_things_eeg2, things_images
from mne_shallowalign.datasets._things_eeg2_stimuli import name_by_number, read_stimuli

TRIALS = pd.DataFrame(
    dict(
        trial_type=["image", "target", "image"],
        tot_img_number=["5", "n/a", "1"],
        category_name=["00002_bat_cage", "n/a", "00001_ant"],
    )
)


@pytest.fixture
def write_table(tmp_path):
    def write(**columns):
        (tmp_path / "stimuli").mkdir(exist_ok=True)
        fname = tmp_path / "stimuli" / "stimuli.tsv"
        pd.DataFrame(columns).to_csv(fname, sep="\t", index=False)
        return tmp_path

    return write


def test_the_order_of_the_table_does_not_matter(nemar_edition):
    images = read_stimuli(nemar_edition, "train").sort_index()
    assert images.index.tolist() == list(range(1, 9))
    assert (
        images.loc[6, "stim_file"] == "training_images/00002_bat_cage/bat_cage_01s.jpg"
    )
    assert images["concept"].tolist() == 4 * ["ant"] + 4 * ["bat_cage"]
    place = "training_images/00002_bat_cage/stim-train00006_image.jpg"
    assert images.loc[6, "stimulus"] == place
    assert len(read_stimuli(nemar_edition, "test")) == 3


def test_the_real_numbers(write_table):
    """As the edition makes its table: the number of the image within its split."""
    known = things_images().query("things_eeg2 != ''")
    names = {"train": "training_images", "test": "test_images"}
    digits = {"train": 5, "test": 3}
    rows = [
        (f"stim-{split}{number:0{digits[split]}d}", names[split], concept, image)
        for split, number, concept, image in zip(
            known["things_eeg2"],
            known["things_eeg2_condition"],
            known["concept"],
            known["image"],
            strict=True,
        )
    ]
    root = write_table(
        stimulus_id=[row[0] for row in rows],
        description=[
            f'THINGS, original filename "{r[3].split("/")[1]}".' for r in rows
        ],
        filename=[f"{r[1]}/00000_{r[2]}/{r[0]}_image.jpg" for r in rows],
    )
    for split, n_images in (("train", 16540), ("test", 200)):
        images = read_stimuli(root, split).sort_index()
        assert images.index.tolist() == list(range(1, n_images + 1))
        expected = known[known["things_eeg2"] == split].sort_values(
            "things_eeg2_condition"
        )
        files = images["stim_file"].str.rpartition("/")[2]
        assert (images["concept"] + "/" + files).tolist() == expected["image"].tolist()
    assert read_stimuli(root, "train").loc[131, "stim_file"].endswith("/aloe_01b.jpg")


def test_names(nemar_edition):
    named = name_by_number(TRIALS, nemar_edition, "train")
    assert named["stim_file"].tolist() == [
        "training_images/00002_bat_cage/bat_cage_00s.jpg",
        "n/a",
        "training_images/00001_ant/ant_00s.jpg",
    ]
    assert named["concept"].tolist() == ["bat_cage", "n/a", "ant"]
    assert named["condition"].tolist() == [5, 99999, 1]


def test_what_does_not_fit(nemar_edition, tmp_path):
    swapped = TRIALS.assign(category_name=TRIALS["category_name"][::-1].to_numpy())
    with pytest.raises(
        ValueError, match=r"2 events .* disagree; .* picture 5, 'ant' in"
    ):
        name_by_number(swapped, nemar_edition, "train")
    with pytest.raises(ValueError, match=r"1 events of task-test .* as number 5"):
        name_by_number(TRIALS, nemar_edition, "test")
    with pytest.raises(FileNotFoundError, match=r"fetch_nemar\('nm000232', include="):
        name_by_number(TRIALS, tmp_path, "train")


def test_a_table_that_is_not_what_it_should_be(write_table):
    root = write_table(stimulus_id=["stim-test001"], filename=["a/00001_cat/b.jpg"])
    with pytest.raises(
        ValueError, match=r"has \['stimulus_id', 'filename'\]; expected"
    ):
        read_stimuli(root, "test")
    columns = dict(filename=3 * ["a/00001_cat/b.jpg"])
    columns["stimulus_id"] = ["stim-test001", "stim-test002", "stim-test001"]
    columns["description"] = ['original filename "a.jpg"', "none", '"a.jpg"']
    root = write_table(**columns)
    with pytest.raises(ValueError, match=r"2 pictures .*: stim-test002, stim-test001"):
        read_stimuli(root, "test")


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_edition_gives_what_the_authors_files_give(
    things_eeg2, nemar_edition, split
):
    """24 bits over 10 mV are steps of 0.6 nV, where noise has 2 uV."""
    options = dict(split=split, cache_dir=False)
    expected = load_things_eeg2(path=things_eeg2, **options)
    epochs = load_things_eeg2(path=nemar_edition, **options)
    assert epochs.ch_names == expected.ch_names
    pd.testing.assert_frame_equal(epochs.metadata, expected.metadata, check_dtype=False)
    atol = 1e-3 * expected.get_data(copy=False).std()
    np.testing.assert_allclose(
        epochs.get_data(), expected.get_data(), rtol=0, atol=atol
    )


def test_single_trials_of_the_edition(things_eeg2, nemar_edition):
    options = dict(session=2, average=False, repetitions="all", cache_dir=False)
    expected = load_things_eeg2(path=things_eeg2, **options)
    epochs = load_things_eeg2(path=nemar_edition, **options)
    assert len(epochs) == 9  # of ten presentations one is a target
    pd.testing.assert_frame_equal(epochs.metadata, expected.metadata, check_dtype=False)


def test_a_run_is_missing(nemar_edition, tmp_path):
    for fname in nemar_edition.glob("sub-08/ses-01/eeg/*task-t*"):
        if "run-01" not in fname.name:
            place = tmp_path / fname.relative_to(nemar_edition)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(fname.read_bytes())
    with pytest.raises(
        FileNotFoundError, match=r"task-train_.*the runs \[1\] are miss"
    ):
        load_things_eeg2(path=tmp_path, cache_dir=False)


def _lay_out(edition, root, original):
    """Copy a session, with the pictures under one of their two names."""
    for fname in edition.rglob("*"):
        name = fname.relative_to(edition)
        picture = "images" in name.parts[1] if len(name.parts) > 2 else False
        if fname.is_file() and not picture and "ses-03" not in name.parts:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(fname.read_bytes())
    column = "stim_file" if original else "stimulus"
    for split in ("train", "test"):
        for _, picture in read_stimuli(edition, split).iterrows():
            place = root / "stimuli" / picture[column]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((edition / "stimuli" / picture["stimulus"]).read_bytes())


@pytest.mark.parametrize("original", [True, False])
def test_load_bids(nemar_edition, tmp_path, original):
    _lay_out(nemar_edition, tmp_path, original)
    epochs = load_bids(tmp_path, "08", session=[1, 2], tmin=-0.1, tmax=0.09)
    metadata = epochs.metadata
    assert metadata.groupby("split").size().to_dict() == dict(train=18, test=124)
    for (split, number), of_image in metadata.groupby(["split", "condition"]):
        contents = {(tmp_path / "stimuli" / i).read_text() for i in of_image["image"]}
        width = dict(train=5, test=3)[split]
        assert contents == {f"stim-{split}{number:0{width}d}"}
        assert of_image["repetition"].tolist() == [*range(1, len(of_image) + 1)]
    assert set(metadata["concept"]) == {"ant", "bat_cage", "cat", "dog", "elk"}
    assert set(metadata["run"]) == {"01", "02", "n/a"}
    train = load_bids(tmp_path, "08", session=1, task="train", tmin=-0.1, tmax=0.09)
    assert set(train.metadata["split"]) == {"train"}
    assert len(train) == 9


def test_pictures_in_another_folder_have_their_original_names(nemar_edition, tmp_path):
    options = dict(session=1, task="test", tmin=-0.1, tmax=0.09)
    for picture in read_stimuli(nemar_edition, "test")["stim_file"]:
        (tmp_path / picture).parent.mkdir(parents=True)
        (tmp_path / picture).touch()
    with pytest.raises(FileNotFoundError, match="are not in the folder of pictures"):
        load_bids(nemar_edition, "08", stimuli=tmp_path, **options)
