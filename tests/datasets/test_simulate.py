from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mne_shallowalign.backbones import Backbone, list_layers
from mne_shallowalign.datasets import _simulate, load_bids, simulate_bids
from mne_shallowalign.features import extract_features
from mne_shallowalign.preprocessing import average_repetitions


def retrieve(averages, features, images):
    """Top-1 of a ridge readout among the pictures of the held-out concepts."""
    train = (averages.metadata["split"] == "train").to_numpy()
    signal = averages.copy().crop(0, 0.6).get_data().reshape(len(averages), -1)
    readout = make_pipeline(StandardScaler(), RidgeCV(alphas=10.0 ** np.arange(1, 7)))
    targets = StandardScaler().fit(features[train]).transform(features)
    predicted = readout.fit(signal[train], targets[train]).predict(signal[~train])
    gallery = targets[~train]
    predicted /= np.linalg.norm(predicted, axis=1, keepdims=True)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    return np.mean((predicted @ gallery.T).argmax(1) == np.arange(len(gallery)))


def test_the_true_layer_is_found(small):
    averages = average_repetitions(load_bids(small, "01"))
    images = averages.metadata["image"].tolist()
    features = extract_features(images, "gabor/v1", image_root=small / "stimuli")
    scores = [retrieve(averages, of_layer, images) for of_layer in features.values()]
    best, chance = np.argmax(scores), 1 / 50
    assert abs(best - 2) <= 1
    assert scores[best] > 0.3
    assert scores[best] > 2 * max(scores[0], scores[-1])

    true_layer = features[list_layers("gabor/v1")[2]]
    shuffled = np.random.RandomState(0).permutation(true_layer)
    assert retrieve(averages, shuffled, images) <= 4 * chance


def test_held_out_concepts(small):
    metadata = load_bids(small, "01").metadata
    concepts = {split: set(g["concept"]) for split, g in metadata.groupby("split")}
    assert not concepts["train"] & concepts["test"]
    assert len(concepts["train"]), len(concepts["test"]) == (40, 10)
    shown = metadata.groupby(["split", "image"]).size()
    assert set(shown["train"]) == {2}
    assert set(shown["test"]) == {6}
    assert (metadata["concept"] == metadata["image"].str.split("/").str[0]).all()
    assert set(metadata["run"]) == {"01", "02"}


def test_plausible_eeg(small):
    epochs = load_bids(small, "01")
    assert 5e-6 < epochs.get_data().std() < 30e-6
    spectrum = epochs.compute_psd(fmax=45).average()
    power = dict(zip(spectrum.freqs.round(), spectrum.data.mean(axis=0), strict=True))
    assert power[10] > power[20] > power[40]
    correlation = np.corrcoef(
        epochs.get_data(["O1", "Oz"]).transpose(1, 0, 2).reshape(2, -1)
    )
    assert 0.3 < correlation[0, 1] < 0.99
    before, after = epochs.copy().crop(-0.2, 0).average(), epochs.copy().crop(0.1, 0.4)
    assert after.average().data.std() > 4 * before.data.std()


def test_it_is_bids_and_says_what_it_is(small):
    record = json.loads((small / "code" / "simulation.json").read_text())
    assert record["layer"] == list_layers("gabor/v1")[2]
    assert record["backbone"] == "gabor/v1"
    description = json.loads((small / "dataset_description.json").read_text())
    assert description["GeneratedBy"][0]["Name"] == "mne-shallowalign"
    assert "nobody was recorded" in (small / "README").read_text()
    header, first = (
        (small / "sub-01/eeg/sub-01_task-images_run-01_events.tsv")
        .read_text()
        .splitlines()[:2]
    )
    event = dict(zip(header.split("\t"), first.split("\t"), strict=True))
    assert (small / "stimuli" / event["stim_file"]).is_file()
    assert float(event["onset"]) == int(event["sample"]) / 100


def test_written_as_simulated(tmp_path, monkeypatch, tiny):
    kept = []
    record = _simulate._record
    monkeypatch.setattr(
        _simulate, "_record", lambda *args: kept.extend(record(*args)) or kept
    )
    root = simulate_bids(tmp_path / "bids", **tiny)
    epochs = load_bids(root, "01", baseline=None)
    samples = np.concatenate([trials["sample"] for _, trials in kept])
    n_first = len(kept[0][1])
    assert epochs.events[:n_first, 0].tolist() == samples[:n_first].tolist()
    images = [image for _, trials in kept for image in trials["stim_file"]]
    assert epochs.metadata["image"].tolist() == images
    expected = [
        raw.get_data()[:, sample - 20 : sample + 81]
        for raw, trials in kept
        for sample in trials["sample"]
    ]
    assert_allclose(epochs.get_data(), expected, rtol=1e-6, atol=1e-12)
    assert np.diff(samples[:n_first]).min() >= 80


def test_subjects_share_pictures_and_have_their_own_heads(tmp_path, tiny):
    root = simulate_bids(tmp_path / "bids", **tiny)
    before = load_bids(root, "01").get_data()
    assert simulate_bids(root, subject="02", **tiny) == root
    one, two = load_bids(root, "01"), load_bids(root, "02")
    np.testing.assert_array_equal(one.get_data(), before)
    assert set(one.metadata["image"]) == set(two.metadata["image"])
    test_images = [
        set(e.metadata.query("split == 'test'")["image"]) for e in (one, two)
    ]
    assert test_images[0] == test_images[1]
    assert one.metadata["image"].tolist() != two.metadata["image"].tolist()
    participants = (root / "participants.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in participants[1:]] == ["sub-01", "sub-02"]
    assert [p.name for p in tmp_path.iterdir()] == ["bids"]


def test_the_seed_decides(tmp_path, tiny):
    roots = [
        simulate_bids(tmp_path / name, random_state=seed, **tiny)
        for name, seed in [("a", 0), ("b", 0), ("c", 1)]
    ]
    a, b, c = (load_bids(root, "01") for root in roots)
    np.testing.assert_array_equal(a.get_data(), b.get_data())
    assert a.metadata.equals(b.metadata)
    assert not np.array_equal(a.get_data(), c.get_data())


def test_own_pictures_montage_and_time_course(tmp_path):
    for concept in ("owl", "hawk", "eel"):
        (tmp_path / "images" / concept).mkdir(parents=True)
        for i in range(3):
            pixels = np.random.RandomState(i).randint(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / concept / f"{i}.jpg")
    time_course = np.zeros(30)
    time_course[20] = 1
    kwargs = dict(
        images=tmp_path / "images",
        n_concepts=2,
        n_test_concepts=1,
        n_repetitions=40,
        n_test_repetitions=40,
        n_runs=1,
        time_course=time_course,
        montage="easycap-M1",
        ch_names=["Oz", "PO9", "Cz"],
        sfreq=200.0,
        snr=20.0,
    )
    root = simulate_bids(tmp_path / "bids", n_images_per_concept=3, **kwargs)
    epochs = load_bids(root, "01")
    assert epochs.ch_names == ["Oz", "PO9", "Cz"]
    assert epochs.info["sfreq"] == 200
    assert len(epochs) == 9 * 40
    power = (epochs.get_data() ** 2).mean(axis=(0, 1))
    assert epochs.times[power.argmax()] == pytest.approx(0.1)
    with pytest.raises(ValueError, match="has 0 folders with 4 .*; 3 are needed"):
        simulate_bids(tmp_path / "few", n_images_per_concept=4, **kwargs)
    assert not (tmp_path / "few").exists()


def test_another_simulation_is_not_mixed_in(tmp_path, tiny):
    root = simulate_bids(tmp_path / "bids", **tiny)
    with pytest.raises(FileExistsError, match="subject='01' is already in"):
        simulate_bids(root, **tiny)
    with pytest.raises(ValueError, match="layer='energy3', now 'energy2'"):
        simulate_bids(root, subject="02", layer=2, **tiny)
    with pytest.raises(ValueError, match=r"parameters: random_state=0, now 1\. "):
        simulate_bids(root, subject="02", random_state=1, **tiny)
    simulate_bids(root, overwrite=True, **tiny)
    assert len(load_bids(root, "01")) == 3 * 2 * 2 + 2 * 2 * 3


def test_a_folder_of_something_else_is_left_alone(tmp_path, tiny):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="is no simulated dataset"):
        simulate_bids(tmp_path, overwrite=True, **tiny)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_nothing_is_left_when_it_fails(tmp_path, monkeypatch, tiny):
    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(_simulate, "_record", fail)
    with pytest.raises(OSError, match="disk full"):
        simulate_bids(tmp_path / "bids", **tiny)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(n_concepts=0), "n_concepts=0 must be 1 or more"),
        (dict(snr=0), "snr=0.0 must be greater than 0"),
        (dict(sfreq=-1), "sfreq=-1.0"),
        (dict(subject="../x"), "subject='../x' must consist of letters and digits"),
        (dict(layer="energy33"), "energy3"),
        (dict(n_runs=1000), "n_runs=1000 must be at most the number of trials, 24"),
        (dict(time_course=np.ones((3, 5))), r"shape \(3, 5\); expected .*n_dipoles=4"),
        (dict(time_course=np.ones((1, 4, 5))), r"shape \(1, 4, 5\); expected"),
        (dict(time_course=0), r"shape \(\); expected .*\(n_times,\)"),
        (dict(time_course=[]), r"shape \(0,\) and no response; expected"),
        (dict(time_course=[[1, 2], [3]]), r"no array of numbers; expected"),
        (dict(time_course=[0, np.nan]), "expected finite numbers"),
    ],
)
def test_bad_input(tmp_path, bad, message, tiny):
    with pytest.raises(ValueError, match=message):
        simulate_bids(tmp_path / "bids", **tiny | bad)
    assert list(tmp_path.iterdir()) == []


def test_features_of_every_layer_are_kept(tmp_path, tiny, monkeypatch):
    """Who decodes the simulation need not extract again."""
    root = simulate_bids(tmp_path / "bids", cache_dir=tmp_path / "cache", **tiny)
    pictures = load_bids(root, "01").metadata["image"].tolist()

    def fail(*args, **kwargs):
        raise AssertionError("features were computed again")

    monkeypatch.setattr(Backbone, "load", fail)
    kwargs = {"image_root": root / "stimuli", "cache_dir": tmp_path / "cache"}
    assert len(extract_features(pictures, "gabor/v1", **kwargs)) == 6


def test_the_commit_of_the_weights_is_written_down(tiny, tmp_path, monkeypatch):
    commit = "gabor@" + 40 * "a"

    def pinned(backbone):
        return dataclasses.replace(backbone, weights_revision=commit)

    monkeypatch.setattr(Backbone, "pinned", pinned)
    root = simulate_bids(tmp_path / "bids", **tiny)
    design = json.loads((root / "code" / "simulation.json").read_text())
    assert design["weights_revision"] == commit
