"""Standardisation and Euclidean alignment of every subject by itself."""

import mne
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import linalg
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.preprocessing import EuclideanAlignment, SubjectStandardizer

SUBJECTS = np.repeat(["01", "02", "03"], [40, 25, 35])
BOTH = pytest.mark.parametrize("kind", [SubjectStandardizer, EuclideanAlignment])


@pytest.fixture
def signal():
    """Volts; every subject has a gain, an offset and a mixing of their own."""
    rng = np.random.default_rng(0)
    data = rng.standard_normal((len(SUBJECTS), 4, 30))
    for subject in np.unique(SUBJECTS):
        rows = SUBJECTS == subject
        data[rows] = rng.standard_normal((4, 4)) @ data[rows]
        data[rows] = data[rows] * rng.uniform(1, 9) + rng.standard_normal((4, 1))
    return 1e-6 * data


@pytest.fixture
def epochs(signal):
    info = mne.create_info(
        ["O1", "STI", "Oz", "O2", "Pz"], 100.0, ["eeg", "stim"] + ["eeg"] * 3
    )
    n = len(signal)
    whole = np.insert(signal, 1, np.arange(n)[:, None], axis=1)
    events = np.c_[np.arange(n), np.zeros(n, int), np.arange(n) % 2 + 1]
    metadata = pd.DataFrame({"subject": SUBJECTS, "image": np.arange(n) // 2})
    return mne.EpochsArray(
        whole, info, events, -0.1, {"a": 1, "b": 2}, metadata=metadata, verbose="error"
    )


def test_standardised_as_by_scikit_learn_subject_by_subject(signal):
    got = SubjectStandardizer().fit_transform(signal, subjects=SUBJECTS)
    for subject in np.unique(SUBJECTS):
        rows = SUBJECTS == subject
        flat = signal[rows].transpose(0, 2, 1).reshape(-1, 4)
        expected = StandardScaler().fit_transform(flat)
        assert_allclose(got[rows].transpose(0, 2, 1).reshape(-1, 4), expected)


def test_a_channel_that_is_constant_up_to_rounding_stays_small():
    signal = np.random.default_rng(0).standard_normal((7, 2, 31))
    signal[:, 1] = 0.1
    assert signal[:, 1].std() > 0  # of rounding alone
    standardised = SubjectStandardizer().fit_transform(signal)
    assert np.abs(standardised[:, 1]).max() < 1e-12
    assert_allclose(standardised[:, 0].std(), 1)


def mean_covariance(trials):
    return sum(np.cov(one, bias=True) + np.outer(*[one.mean(1)] * 2) for one in trials)


def test_mean_covariance_of_every_subject_becomes_the_identity(signal):
    aligner = EuclideanAlignment()
    got = aligner.fit_transform(signal, subjects=SUBJECTS)
    for subject in np.unique(SUBJECTS):
        rows = SUBJECTS == subject
        covariance = mean_covariance(got[rows]) / rows.sum()
        assert_allclose(covariance, np.eye(4), atol=1e-10)
        published = linalg.fractional_matrix_power(
            mean_covariance(signal[rows]) / rows.sum(), -0.5
        )
        assert_allclose(aligner.learnt_[subject], published.real, rtol=1e-6)


def test_alignment_forgets_the_mixing_of_a_subject(signal):
    """R^-1/2 A X has the same covariance for every invertible A, up to a rotation."""
    mixing = np.array([[2.0, 0.3, 0, 0], [0, 1, 0, 0], [0, 0.1, 1, 0], [0, 0, 0, 5]])
    plain = EuclideanAlignment().fit_transform(signal)
    mixed = EuclideanAlignment().fit_transform(mixing @ signal)
    rotation = mixed[0] @ np.linalg.pinv(plain[0])
    assert_allclose(rotation @ rotation.T, np.eye(4), atol=1e-8)
    assert_allclose(mixed, rotation @ plain, rtol=1e-6, atol=1e-9)


def test_average_reference_leaves_the_other_directions_white(signal):
    referenced = signal - signal.mean(1, keepdims=True)
    got = EuclideanAlignment().fit_transform(referenced)
    covariance = mean_covariance(got) / len(got)
    assert_allclose(covariance, np.eye(4) - 1 / 4, atol=1e-8)


@BOTH
def test_what_is_learnt_is_of_the_training_trials_alone(kind, signal):
    train = np.arange(len(signal)) % 3 > 0
    fitted = kind().fit(signal[train], subjects=SUBJECTS[train])
    got = fitted.transform(signal[~train], subjects=SUBJECTS[~train])
    other = signal.copy()
    other[np.flatnonzero(~train)[1:]] *= 100
    again = fitted.transform(other[~train], subjects=SUBJECTS[~train])
    assert_allclose(again[0], got[0])
    assert not np.allclose(
        fitted.transform(signal, subjects=SUBJECTS)[~train], signal[~train]
    )


@BOTH
def test_epochs_stay_epochs(kind, epochs, signal):
    fitted = kind().fit(epochs)
    got = fitted.transform(epochs)
    expected = kind().fit_transform(signal, subjects=SUBJECTS)
    assert_allclose(got.get_data(picks="eeg"), expected)
    assert_array_equal(got.get_data(picks="STI"), epochs.get_data(picks="STI"))
    assert_array_equal(got.events, epochs.events)
    assert got.event_id == epochs.event_id
    assert got.metadata.equals(epochs.metadata)
    assert got.ch_names == epochs.ch_names
    assert got.tmin == epochs.tmin
    parts = kind().fit_transform([epochs[i] for i in range(len(epochs))])
    assert_allclose(parts.get_data(), got.get_data())
    shuffled = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    assert_allclose(fitted.transform(shuffled).get_data(), got.get_data()[:, ::-1])


@BOTH
def test_type_and_input_are_kept(kind, signal):
    single, before = signal.astype(np.float32), signal.copy()
    got = kind().fit_transform(single, subjects=SUBJECTS)
    expected = kind().fit_transform(signal, subjects=SUBJECTS)
    assert got.dtype == np.float32
    assert_allclose(got, expected, rtol=1e-3, atol=1e-3)
    assert_array_equal(signal, before)


@BOTH
def test_before_the_decoder_in_a_pipeline(kind, epochs):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((50, 6))[epochs.metadata["image"]]
    decoder = ShallowAlignDecoder(
        max_epochs=1, n_components=4, encoder_params={"n_outputs": 8}
    )
    pipeline = clone(make_pipeline(kind(by="subject"), decoder))
    assert pipeline.fit(epochs, features).transform(epochs).shape == (100, 4)


@BOTH
def test_errors(kind, epochs, signal):
    fitted = kind().fit(signal[:60], subjects=SUBJECTS[:60])
    with pytest.raises(ValueError, match="subjects 03 were not there in fit.*01, 02"):
        fitted.transform(signal, subjects=SUBJECTS)
    with pytest.raises(ValueError, match="X has 3 channels.*fitted with 4"):
        fitted.transform(signal[:, :3], subjects=SUBJECTS)
    with pytest.raises(ValueError, match="each of the 100 trials, got shape"):
        kind().fit(signal, subjects=SUBJECTS[:5])
    with pytest.raises(ValueError, match="by='person' must be a column"):
        kind(by="person").fit(epochs)
    with pytest.raises(ValueError, match="got shape \\(100, 4\\)"):
        kind().fit(signal[:, :, 0])


def test_units_are_not_mixed(epochs):
    mixed = epochs.copy().set_channel_types({"Pz": "ecog"})
    with pytest.raises(ValueError, match="types \\['ecog', 'eeg'\\]"):
        EuclideanAlignment().fit(mixed)
    assert SubjectStandardizer().fit(mixed).n_features_in_ == 4


@BOTH
def test_trials_of_nobody_known_are_one_persons_and_that_is_said(kind, signal, caplog):
    with caplog.at_level("INFO", "mne"):
        kind().fit(signal, subjects=SUBJECTS)
        assert "one person's" not in caplog.text
        fitted = kind().fit(signal)
        fitted.transform(signal)
    assert caplog.text.count("All 100 trials are taken as one person's") == 1
    assert list(fitted.learnt_) == ["the only subject"]


@BOTH
def test_people_whom_the_info_tells_apart_are_not_one(kind, epochs):
    parts = [epochs[:40].copy(), epochs[40:].copy()]
    for part, name in zip(parts, ("01", "02"), strict=True):
        part.metadata = None
        part.info["subject_info"] = {"his_id": name}
    with pytest.warns(RuntimeWarning, match=r"names \['01', '02'\]: pass subjects"):
        kind().fit(parts)
    kind().fit(parts, subjects=SUBJECTS)  # says nothing


@BOTH
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(kind, signal, value):
    signal[3, 1, 2] = value
    with pytest.raises(ValueError, match="X has NaN or infinite values"):
        kind().fit(signal, subjects=SUBJECTS)
