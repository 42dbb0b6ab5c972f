"""Recordings of datasets, simulated or published; the latter in miniature."""

from __future__ import annotations

import pickle

import mne
import numpy as np
import pandas as pd
import pytest
from things_eeg2_files import write_things_eeg2

from mne_shallowalign.datasets import (
    concept_categories,
    load_things_eeg2,
    things_images,
)
from mne_shallowalign.preprocessing import paper
from mne_shallowalign.protocols import (
    IntraSubject,
    nod_recordings,
    simulated_recordings,
    things_eeg2_recordings,
    things_meg_recordings,
)

# What MNE 1.13 does with pandas when it reads the metadata of epochs.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def test_simulated_people(simulated):
    assert simulated.is_simulated
    train, test = (simulated.load("02", split) for split in ("train", "test"))
    assert (len(train), len(test)) == (24, 12)
    assert set(train.metadata["concept"]).isdisjoint(test.metadata["concept"])
    assert set(train.metadata["n_repetitions"]) == {2}
    assert set(test.metadata["n_repetitions"]) == {3}
    assert set(train.metadata["subject"]) == {"02"}
    assert (train.times[0], train.times[-1]) == (0, pytest.approx(0.59))
    for image in [*train.metadata["image"], *test.metadata["image"]]:
        assert (simulated.image_root / image).is_file()
    concepts = {*train.metadata["concept"], *test.metadata["concept"]}
    assert concepts <= set(simulated.categories)
    assert simulated.categories["rippled_pentagon"] == "pentagon"


def test_people_differ_but_saw_the_same(simulated):
    one, other = (simulated.load(subject, "train") for subject in ("01", "02"))
    assert set(one.metadata["image"]) == set(other.metadata["image"])
    signals = [x.get_data()[np.argsort(x.metadata["image"])] for x in (one, other)]
    assert np.corrcoef(*map(np.ravel, signals))[0, 1] < 0.9


def test_people_are_added_and_kept(tmp_path):
    params = dict(
        n_concepts=3,
        n_images_per_concept=2,
        n_repetitions=1,
        n_test_concepts=2,
        n_test_repetitions=2,
        n_dipoles=4,
        n_runs=1,
    )
    one = simulated_recordings(tmp_path / "x", 1, **params)
    before = one.load("01", "train").get_data()
    two = simulated_recordings(tmp_path / "x", 2, **params)
    assert two.subjects == ("01", "02")
    np.testing.assert_array_equal(two.load("01", "train").get_data(), before)
    with pytest.raises(ValueError, match="n_dipoles=4, now 8"):
        simulated_recordings(tmp_path / "x", 2, **params | {"n_dipoles": 8})


def test_recordings_can_be_sent_to_other_processes(simulated):
    sent = pickle.loads(pickle.dumps(simulated)).load("01", "test")
    expected = simulated.load("01", "test")
    np.testing.assert_array_equal(sent.get_data(), expected.get_data())
    for found in (things_eeg2_recordings(), nod_recordings("meg")):
        assert pickle.loads(pickle.dumps(found)).subjects == found.subjects


def test_published_people_need_no_data_to_be_planned(decoder):
    for found, n_subjects in (
        (things_eeg2_recordings(), 10),
        (things_meg_recordings(), 4),
        (nod_recordings("eeg"), 19),
    ):
        assert len(IntraSubject().plan(decoder(), found, seeds=1)) == n_subjects
    with pytest.raises(ValueError, match="subjects=\\['99'\\] must be among"):
        things_eeg2_recordings(subjects=["99"])
    with pytest.raises(ValueError, match="modality must be"):
        nod_recordings("fmri")
    with pytest.raises(ValueError, match="test_share must lie"):
        nod_recordings(test_share=1)


def test_other_preprocessing_gives_other_ids(decoder):
    people = (
        things_eeg2_recordings(),
        things_eeg2_recordings(preprocess=paper().replace(picks="data", whiten=None)),
    )
    one, other = (IntraSubject().plan(decoder(), of)["id"] for of in people)
    assert set(one).isdisjoint(other)


def test_categories_are_those_of_the_paper():
    assert things_meg_recordings().categories == concept_categories().to_dict()


def test_things_eeg2(tmp_path):
    files = write_things_eeg2(tmp_path)
    found = things_eeg2_recordings(
        files, subjects=["08"], image_root=tmp_path, cache_dir=tmp_path / "cache"
    )
    steps = paper().replace(picks="data")
    for split, n_images in (("train", 8), ("test", 3)):
        epochs = found.load("08", split)
        expected = load_things_eeg2(
            8, split=split, path=files, preprocess=steps, cache_dir=tmp_path / "cache"
        )
        np.testing.assert_array_equal(epochs.get_data(), expected.get_data())
        assert epochs.get_data().shape == (n_images, 63, 250)
    single = load_things_eeg2(
        8, session=1, path=files, preprocess=steps, average=False, cache_dir=False
    )
    onset = single.metadata["onset"].to_numpy()
    steps_of_200_ms = np.diff(onset) / 0.2
    np.testing.assert_allclose(steps_of_200_ms, steps_of_200_ms.round(), atol=1e-9)
    own = found.load_minutes("08", 1.1 / 60)
    early = single[onset - onset[0] < 1.1]
    shown = early.metadata["image"]
    assert 1 < len(early) < len(single)
    assert own.metadata["image"].tolist() == shown.drop_duplicates().tolist()
    for i, image in enumerate(own.metadata["image"]):
        mean = early[(shown == image).to_numpy()].get_data().mean(axis=0)
        np.testing.assert_allclose(own.get_data()[i], mean, rtol=1e-4, atol=1e-5)


def test_things_meg(tmp_path):
    images = things_images()
    test = images.index[images["things_meg"] == "test"][:2].tolist()
    taken = images["concept"].isin(images.loc[test, "concept"])
    exp = images.index[(images["things_meg"] == "exp") & ~taken][:4].tolist()
    shown = exp + test * 3
    trials = pd.DataFrame(
        dict(
            trial_type=["exp"] * 4 + ["test"] * 6,
            session_nr=1,
            run_nr=1,
            things_image_nr=[float(number) for number in shown],
            things_category_nr=images.loc[shown, "concept_nr"].astype(float).tolist(),
        )
    )
    signal = np.random.default_rng(0).normal(3.0, 2.0, (len(shown), 3, 281))
    names = ["MLO11-1609", "MRO12-1609", "MLF11-1609"]
    info = mne.create_info(names, 200.0, "mag")
    epochs = mne.EpochsArray(signal, info, tmin=-0.1, metadata=trials)
    place = tmp_path / "ds004212/derivatives/preprocessed/preprocessed_P1-epo.fif"
    place.parent.mkdir(parents=True)
    epochs.save(place, fmt="double")
    found = things_meg_recordings(
        tmp_path, image_root=tmp_path, cache_dir=tmp_path / "cache"
    )
    kept = signal[:, :2, 20:220]  # two sensors, 0 to 1 s
    train = kept[:4]
    centred = kept - train.mean(axis=(0, 2), keepdims=True)
    scaled = centred / train.std(axis=(0, 2), keepdims=True)
    for _ in range(2):  # computed, and then read
        np.testing.assert_allclose(
            found.load("BIGMEG1", "train").get_data(), scaled[:4], rtol=1e-5, atol=1e-5
        )
        averages = [scaled[4::2].mean(axis=0), scaled[5::2].mean(axis=0)]
        tested = found.load("BIGMEG1", "test")
        np.testing.assert_allclose(tested.get_data(), averages, rtol=1e-5, atol=1e-5)
    assert tested.metadata["n_repetitions"].tolist() == [3, 3]
    assert found.load_minutes is None  # nobody knows when they were


def test_nod(tmp_path):
    concepts = {"01": [f"n{n:08d}" for n in range(60)]}
    concepts["02"] = concepts["01"][20:] + [f"n{n:08d}" for n in range(60, 80)]
    folder = tmp_path / "ds005811/derivatives/preprocessed/epochs"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for subject, names in concepts.items():
        images = [f"{name}_{i}" for name in names for i in range(2)]
        trials = pd.DataFrame(
            dict(
                session="ImageNet01",
                run=1,
                subject=int(subject),
                task="ImageNet",
                image_id=images,
                class_id=[image.split("_")[0] for image in images],
                stim_is_animate=True,
            )
        )
        epochs = mne.EpochsArray(
            rng.normal(size=(120, 2, 181)) * 1e-6,
            mne.create_info(["Oz", "Pz"], 200.0, "eeg"),
            tmin=-0.1,
            metadata=trials,
        )
        epochs.save(folder / f"sub-{subject}_eeg_epo.fif")
    found = nod_recordings("eeg", tmp_path, subjects=["01", "02"], cache_dir=False)
    parts = {
        (subject, split): set(found.load(subject, split).metadata["concept"])
        for subject in found.subjects
        for split in ("train", "test")
    }
    train = parts["01", "train"] | parts["02", "train"]
    test = parts["01", "test"] | parts["02", "test"]
    assert train.isdisjoint(test)  # of anybody, for new people
    assert train | test == {*concepts["01"], *concepts["02"]}
    assert 0.1 < len(test) / 80 < 0.3
    epochs = found.load("01", "test")
    assert (epochs.times[0], len(epochs.times)) == (0, 160)
    assert found.image_root == tmp_path / "ds005811/stimuli"
