"""THINGS-MEG: the authors' epochs in four files, and the real lists."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.datasets import (
    fetch_things_meg,
    load_things_meg,
    things_images,
)
from mne_shallowalign.datasets._things_meg import THINGS_MEG


def _attributes():
    """Trials as in sample_attributes_P1.csv: exp, test and catch, in two sessions."""
    images = things_images()
    test = images.index[images["things_meg"] == "test"][:2]
    of_test_concept = images["concept"].isin(images.loc[test, "concept"])
    shown = images["things_meg"] == "exp"
    exp = [*images.index[shown & ~of_test_concept][:5]]
    exp += images.index[shown & of_test_concept][:3].tolist()
    rows = []
    for session in (1, 2):
        kinds = [*((n, "exp") for n in exp[session - 1 :: 2])]
        kinds += [*((n, "test") for n in test), (np.nan, "catch")]
        for number, kind in kinds:
            known = {} if kind == "catch" else images.loc[number]
            file = "catch007.jpg" if kind == "catch" else known["image"].split("/")[1]
            folder = f"images_{'' if kind == 'exp' else kind + '_'}meg"
            inside = f"{known['concept']}/{file}" if kind == "exp" else file
            rows.append(
                dict(
                    trial_type=kind,
                    session_nr=session,
                    run_nr=10,
                    image_path=f"{folder}/{inside}",
                    things_image_nr=number,
                    things_category_nr=np.nan
                    if kind == "catch"
                    else known["concept_nr"],
                )
            )
    return pd.DataFrame(rows)


@pytest.fixture
def signal(publish, tmp_path):
    """Publish the authors' epochs, split in four as theirs are."""
    attributes = _attributes()
    n_trials = len(attributes)
    names = ["MLO11-1609", "MRO12-1609", "MLF11-1609"]
    rng = np.random.RandomState(0)
    n_times = 30_000  # enough for several files
    epochs = mne.EpochsArray(
        rng.normal(size=(n_trials, 3, n_times)),
        mne.create_info(names, 200.0, "mag"),
        np.c_[np.arange(n_trials), np.zeros(n_trials, int), np.ones(n_trials, int)],
        -0.1,
        metadata=attributes,
    )
    root = tmp_path / "published"
    folder = root / "derivatives/preprocessed"
    folder.mkdir(parents=True)
    place = folder / "preprocessed_P1-epo.fif"
    epochs.save(place, split_size="2MB", verbose="error")
    (root / "sourcedata").mkdir()
    attributes.to_csv(root / "sourcedata/sample_attributes_P1.csv")
    (root / "README").write_text("THINGS-MEG")
    publish("ds004212", root, "3.0.0")
    assert len(list(folder.iterdir())) > 1
    return epochs.get_data()


def test_the_published_epochs(signal, tmp_path):
    root = fetch_things_meg("P1", path=tmp_path / "data")
    assert (root / "sourcedata/sample_attributes_P1.csv").is_file()
    parts = list((root / "derivatives/preprocessed").iterdir())
    assert len(parts) == len(list((tmp_path / "published/derivatives").rglob("*.fif")))
    attributes = _attributes()
    shows = attributes["trial_type"] != "catch"
    epochs = load_things_meg(1, path=tmp_path / "data", exclude_test_concepts=False)
    assert len(epochs) == shows.sum() == 12
    np.testing.assert_allclose(epochs.get_data(), signal[shows], rtol=1e-6)
    metadata, images = epochs.metadata, things_images()
    expected = images.loc[attributes.loc[shows, "things_image_nr"].astype(int)]
    assert metadata["image"].tolist() == expected["image"].tolist()
    assert metadata["concept"].tolist() == expected["concept"].tolist()
    assert metadata["split"].tolist() == [
        dict(exp="train", test="test")[kind] for kind in expected["things_meg"]
    ]
    test = metadata[metadata["split"] == "test"]
    assert test["repetition"].tolist() == [1, 1, 2, 2]
    assert test["session"].tolist() == ["01", "01", "02", "02"]
    assert set(metadata["run"]) == {"10"}
    assert set(metadata["subject"]) == {"BIGMEG1"}


def test_training_trials_of_test_concepts_are_left_out(signal, tmp_path):
    fetch_things_meg(1, path=tmp_path / "data")
    epochs = load_things_meg(1, path=tmp_path / "data", picks=["MRO12-1609"])
    metadata = epochs.metadata
    assert metadata["split"].value_counts().to_dict() == dict(train=5, test=4)
    concepts = {part: set(of["concept"]) for part, of in metadata.groupby("split")}
    assert concepts["train"] & concepts["test"] == set()
    kept = epochs.events[:, 0]
    np.testing.assert_allclose(epochs.get_data()[:, 0], signal[kept, 1], rtol=1e-6)
    back = load_things_meg(1, path=tmp_path / "data", picks="occipito-parietal")
    assert back.ch_names == ["MLO11-1609", "MRO12-1609"]
    one = load_things_meg(1, path=tmp_path / "data", session=2, preload=False)
    assert not one.preload
    with pytest.raises(ValueError, match="preload=False needs picks='data'"):
        load_things_meg(1, path=tmp_path / "data", picks="mag", preload=False)
    assert set(one.metadata["session"]) == {"02"}
    with pytest.raises(ValueError, match=r"session=13 is not among.*: 01, 02"):
        load_things_meg(1, path=tmp_path / "data", session=13)


def test_1654_concepts_are_left_for_training():
    images = things_images()
    test = set(images.loc[images["things_meg"] == "test", "concept"])
    assert len(test) == 200
    shown = images[images["things_meg"] == "exp"]
    train = shown[~shown["concept"].isin(test)]
    assert train["concept"].nunique() == 1654
    assert len(train) == 1654 * 12


# What MNE 1.13 does with pandas when it reads the metadata of epochs.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_name_that_is_not_that_of_the_number(signal, tmp_path):
    root = fetch_things_meg(1, path=tmp_path / "data")
    (place, *rest) = sorted((root / "derivatives/preprocessed").iterdir())
    epochs = mne.read_epochs(root / "derivatives/preprocessed/preprocessed_P1-epo.fif")
    epochs.metadata.loc[0, "image_path"] = "images_meg/abacus/abacus_99x.jpg"
    for path in (place, *rest):
        path.unlink()
    place = root / "derivatives/preprocessed/preprocessed_P1-epo.fif"
    epochs.save(place, split_size="2MB", verbose="error")
    with pytest.raises(ValueError, match=r"1 trials name another.*abacus_99x\.jpg"):
        load_things_meg(1, path=tmp_path / "data")
    epochs.metadata = None
    epochs.save(place, split_size="2MB", overwrite=True, verbose="error")
    with pytest.raises(ValueError, match="epochs of sub-BIGMEG1 have no metadata"):
        load_things_meg(1, path=tmp_path / "data")


def test_wrong_arguments(tmp_path):
    for message, options in [
        ("subject='5' is not in THINGS-MEG; it has: BIGMEG1", dict(subject=5)),
        ("kind='epochs' must be 'preprocessed' or 'raw'", dict(kind="epochs")),
        ("session=13, run=None; BIGMEG1 has sessions", dict(kind="raw", session=13)),
    ]:
        with pytest.raises(ValueError, match=message):
            fetch_things_meg(**{"subject": 1, "path": tmp_path} | options)
    with pytest.raises(FileNotFoundError, match=r"fetch_things_meg\(1\)"):
        load_things_meg(1, path=tmp_path)
    with pytest.raises(TypeError, match="tmin can be given with kind='raw' only"):
        load_things_meg(1, path=tmp_path, tmin=0)
    with pytest.raises(ValueError, match="kind='epochs' must be"):
        load_things_meg(1, path=tmp_path, kind="epochs")


def test_what_the_real_lists_hold():
    sizes = [sum(f.size for f in THINGS_MEG.files(n)) for n in range(1, 5)]
    assert np.median(sizes) == pytest.approx(THINGS_MEG.size, abs=1)
    run = THINGS_MEG.files("BIGMEG2", kind="raw", session="03", run=4)
    (signal,) = (f for f in run if f.path.endswith("run-04_meg.meg4"))
    assert signal.size == 517_824_008
    assert sum(f.size for f in run) == pytest.approx(530e6, rel=0.01)
    assert not any("run-05" in f.path or "ses-04" in f.path for f in run)
    every = THINGS_MEG.files(3, kind="raw")
    assert sum("_meg.meg4" in f.path for f in every) == 120
    assert sum(f.size for f in every) == pytest.approx(63.8e9, rel=0.01)
