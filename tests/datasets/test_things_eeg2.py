from __future__ import annotations

import shutil

import mne
import numpy as np
import pandas as pd
import pytest
import scipy
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

from mne_shallowalign import datasets
from mne_shallowalign.datasets import (
    convert_things_eeg2,
    load_bids,
    load_things_eeg2,
)
from mne_shallowalign.datasets._things_eeg2_events import PARTS
from mne_shallowalign.preprocessing import paper

FIELD = "P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2".split()


@pytest.fixture(scope="module")
def bids(things_eeg2, tmp_path_factory):
    root = tmp_path_factory.mktemp("eeg2") / "bids"
    return convert_things_eeg2(things_eeg2, root, 8)


def the_fields_epochs(fname, n_kept):
    """Epoch, resample, sort and crop as section 2.1 of the published code does."""
    contents = np.load(fname, allow_pickle=True).item()
    info = mne.create_info(
        contents["ch_names"], contents["sfreq"], contents["ch_types"]
    )
    raw = mne.io.RawArray(contents["raw_eeg_data"], info)
    events = mne.find_events(raw, stim_channel="stim")
    events = events[events[:, 2] != 99999]
    raw.drop_channels("stim")
    epochs = mne.Epochs(raw, events, None, -0.2, 1.0, baseline=(None, 0), preload=True)
    epochs.resample(250)
    conditions = np.unique(epochs.events[:, 2])
    rows = [np.flatnonzero(epochs.events[:, 2] == c) for c in conditions]
    rows = [shuffle(r, random_state=20200220, n_samples=n_kept) for r in rows]
    data = epochs.get_data()[np.array(rows)][..., -250:]
    return data, conditions, epochs.ch_names


def the_fields_whitener(data):
    """Fit the whitener of a session: (images, trials, C, T) -> (C, C)."""
    sigma = np.zeros((data.shape[2], data.shape[2]))
    for image in data:
        for trial in image:
            scaler = StandardScaler()
            covariance = ledoit_wolf(scaler.fit_transform(trial.T))[0]
            covariance *= scaler.scale_[:, None] * scaler.scale_[None]
            sigma += covariance / (data.shape[0] * data.shape[1])
    return scipy.linalg.fractional_matrix_power(sigma, -0.5)


@pytest.fixture(scope="module")
def published(things_eeg2):
    """The averaged train and test epochs by the published code."""
    trials = {"train": {}, "test": {}}
    for session in sorted((things_eeg2 / "sub-08").iterdir()):
        train, conditions, _ = the_fields_epochs(session / "raw_eeg_training.npy", 2)
        test, _, names = the_fields_epochs(session / "raw_eeg_test.npy", 20)
        whitener = the_fields_whitener(train)
        for split, data, shown in (
            ("train", train, conditions),
            ("test", test, [1, 2, 3]),
        ):
            for condition, of_image in zip(shown, whitener @ data, strict=True):
                trials[split].setdefault(condition, []).extend(of_image)
    picks = [names.index(name) for name in FIELD]
    return {
        split: np.array([np.mean(of[c], axis=0)[picks] for c in sorted(of)])
        for split, of in trials.items()
    }


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_whole_chain(things_eeg2, published, split):
    epochs = load_things_eeg2(8, split=split, path=things_eeg2)
    assert epochs.ch_names == FIELD
    assert_allclose(epochs.times, np.arange(250) / 250, atol=1e-12)
    scale = np.abs(published[split]).max()
    assert_allclose(epochs.get_data(), published[split], rtol=0, atol=2e-6 * scale)
    assert epochs.metadata["condition"].tolist() == [*range(1, len(epochs) + 1)]
    n_repetitions = {"train": 4, "test": 80}[split]
    assert set(epochs.metadata["n_repetitions"]) == {n_repetitions}
    assert epochs.baseline == pytest.approx((-0.2, 0))
    assert epochs.info["sfreq"] == 250


@pytest.mark.parametrize("split", ["train", "test"])
def test_bids_gives_the_same(things_eeg2, bids, split, tmp_path):
    options = dict(split=split, cache_dir=tmp_path)
    expected = load_things_eeg2(path=things_eeg2, **options)
    epochs = load_things_eeg2(path=bids, **options)
    assert epochs.ch_names == expected.ch_names
    assert epochs.metadata.equals(expected.metadata)
    assert_same(epochs, expected)


def assert_same(epochs, expected):
    """Equal as far as float32 allows: offsets of 3 mV by noise of 2 uV."""
    atol = 1e-4 * np.abs(expected.get_data(copy=False)).max()
    assert_allclose(epochs.get_data(), expected.get_data(), rtol=0, atol=atol)


@pytest.mark.parametrize("changes", [{}, dict(whiten=None, zscore="session")])
def test_as_load_bids_and_the_recipe_do_it(bids, changes):
    recipe = paper("things-eeg2").replace(**changes)
    for name in (bids / "sub-08").rglob("*_events.tsv"):
        events = pd.read_csv(name, sep="\t").dropna(subset="stim_file")
        for image in events["stim_file"]:
            (bids / "stimuli" / image).parent.mkdir(parents=True, exist_ok=True)
            (bids / "stimuli" / image).touch()
    trials = load_bids(bids, "08", **recipe.epoching)
    trials = trials[trials.metadata["surplus"] == 0]
    parts = recipe.apply(*(trials[trials.metadata["split"] == s] for s in PARTS))
    options = dict(path=bids, preprocess=recipe, cache_dir=False)
    for split, expected in zip(PARTS, parts, strict=True):
        epochs = load_things_eeg2(split=split, **options)
        expected = expected[np.argsort(expected.metadata["condition"])]
        assert epochs.metadata["image"].tolist() == expected.metadata["image"].tolist()
        assert epochs.ch_names == expected.ch_names
        assert_same(epochs, expected)


def test_single_trials(things_eeg2):
    options = dict(path=things_eeg2, picks="data", cache_dir=False)
    trials = load_things_eeg2(average=False, **options)
    assert trials.get_data(copy=False).shape == (4 * 8, 63, 250)
    metadata = trials.metadata
    assert (
        metadata["session"].tolist() == np.repeat(["01", "02", "03", "04"], 8).tolist()
    )
    assert set(metadata["sequence"]) == {1}
    shown = metadata.groupby("image")["repetition"]
    assert shown.size().tolist() == 8 * [4]
    assert shown.max().max() == 6  # surplus presentations count

    averages = load_things_eeg2(**options)
    for i, image in enumerate(averages.metadata["image"]):
        mean = trials[metadata["image"] == image].get_data(copy=False).mean(axis=0)
        assert_allclose(averages.get_data()[i], mean, rtol=0, atol=1e-5)


def test_all_repetitions(things_eeg2):
    options = dict(path=things_eeg2, repetitions="all", cache_dir=False)
    train = load_things_eeg2(**options)
    assert train.metadata["n_repetitions"].sum() == 4 * 9
    trials = load_things_eeg2(split="test", average=False, **options)
    assert len(trials) == 4 * 62
    assert trials.metadata.groupby("image")["repetition"].max().sum() == 4 * 62


def test_one_session(things_eeg2, tmp_path):
    options = dict(path=things_eeg2, cache_dir=tmp_path)
    epochs = load_things_eeg2(session=2, **options)
    assert epochs.metadata["condition"].tolist() == [1, 2, 3, 4]
    assert epochs.metadata["n_repetitions"].tolist() == [2, 2, 2, 2]
    both = load_things_eeg2(session=[2, 4], **options)
    assert both.metadata["n_repetitions"].tolist() == [4, 4, 4, 4]
    with pytest.raises(FileNotFoundError, match=r"ses-07.*has the sessions 01, 02"):
        load_things_eeg2(session=7, **options)


def test_data_may_stay_on_disk(things_eeg2, tmp_path):
    options = dict(path=things_eeg2, cache_dir=tmp_path)
    lazy = load_things_eeg2(preload=False, **options)
    assert not lazy.preload
    assert_array_equal(lazy.get_data(), load_things_eeg2(**options).get_data())
    options |= dict(average=False, preload=False)
    assert len(load_things_eeg2(session=1, **options)) == 8
    with pytest.raises(ValueError, match="Load one session at a time"):
        load_things_eeg2(**options)
    with pytest.raises(ValueError, match="preload=False needs a cache"):
        load_things_eeg2(preload=False, cache_dir=False)


def test_the_test_set_touches_nothing(things_eeg2, tmp_path):
    copy = shutil.copytree(things_eeg2, tmp_path / "copy")
    for fname in copy.rglob("raw_eeg_test.npy"):
        contents = np.load(fname, allow_pickle=True).item()
        contents["raw_eeg_data"][:63] *= np.linspace(-3, 3, 63)[:, None]
        np.save(fname, contents)
    options = dict(cache_dir=False)
    train = [load_things_eeg2(path=p, **options) for p in (things_eeg2, copy)]
    assert_array_equal(train[0].get_data(), train[1].get_data())
    options["split"] = "test"
    test = [load_things_eeg2(path=p, **options) for p in (things_eeg2, copy)]
    assert not np.allclose(test[0].get_data(), test[1].get_data(), atol=0.1)


def test_cached_epochs_are_for_these_files_and_parameters(things_eeg2, tmp_path):
    copy = shutil.copytree(things_eeg2, tmp_path / "copy")
    cache = tmp_path / "cache"
    options = dict(path=copy, cache_dir=cache)
    load_things_eeg2(**options)
    load_things_eeg2(split="test", **options)  # made together
    assert len(list(cache.glob("things-eeg2/*"))) == 1
    load_things_eeg2(preprocess=paper().replace(sfreq=100), **options)
    load_things_eeg2(repetitions="all", **options)
    assert len(list(cache.glob("things-eeg2/*"))) == 3
    fname = copy / "sub-08" / "ses-01" / "raw_eeg_training.npy"
    contents = np.load(fname, allow_pickle=True).item()
    contents["raw_eeg_data"][:63] *= 2
    np.save(fname, contents)
    load_things_eeg2(**options)
    assert len(list(cache.glob("things-eeg2/*"))) == 4


def test_published_recordings_are_fetched_once(things_eeg2, tmp_path, monkeypatch):
    asked = []

    def fetch(subject, session):
        asked.append((subject, session))
        return things_eeg2 / "sub-08"

    monkeypatch.setattr(datasets, "fetch_things_eeg2", fetch, raising=False)
    first = load_things_eeg2("08", cache_dir=tmp_path)
    again = load_things_eeg2("sub-08", cache_dir=tmp_path)
    assert asked == [(8, None)]
    load_things_eeg2(session=1, cache_dir=tmp_path)
    assert asked == [(8, None), (8, ["01"])]
    assert_array_equal(first.get_data(), again.get_data())


def test_nothing_half_made_is_kept(things_eeg2, tmp_path):
    copy = shutil.copytree(things_eeg2, tmp_path / "copy")
    fname = copy / "sub-08" / "ses-04" / "raw_eeg_test.npy"
    fname.write_bytes(fname.read_bytes()[:-1_000_000])
    with pytest.raises(ValueError, match="raw_eeg_test.npy is not .* too early"):
        load_things_eeg2(path=copy, average=False, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*-epo.fif"))


def test_bad_parameters(things_eeg2):
    with pytest.raises(ValueError, match="split='training' must be one of"):
        load_things_eeg2(split="training")
    with pytest.raises(ValueError, match="repetitions='some' must be one of"):
        load_things_eeg2(repetitions="some")
    with pytest.raises(ValueError, match="subject='eight' must be a number"):
        load_things_eeg2("eight")
    with pytest.raises(FileNotFoundError, match="no recordings of sub-01"):
        load_things_eeg2(1, path=things_eeg2)
    with pytest.raises(FileNotFoundError, match="no recordings of sub-01"):
        load_things_eeg2(1, path=things_eeg2 / "sub-08")
    recipe = paper().replace(whiten=None, zscore="subject")
    with pytest.raises(ValueError, match="zscore='subject' needs all sessions"):
        load_things_eeg2(path=things_eeg2, preprocess=recipe, cache_dir=False)


@pytest.mark.parametrize("session", [2, np.int64(2), "02", ["2"]])
def test_sessions_by_number_or_label(things_eeg2, session):
    options = dict(path=things_eeg2, cache_dir=False, average=False)
    epochs = load_things_eeg2(8, split="test", session=session, **options)
    assert set(epochs.metadata["session"]) == {"02"}


def test_no_session(things_eeg2):
    with pytest.raises(ValueError, match="names none; there are: .*'04'"):
        load_things_eeg2(8, session=[], path=things_eeg2, cache_dir=False)
