"""Models of braindecode as encoders; they need ``pip install --group braindecode``."""

import warnings

import mne
import numpy as np
import pytest

from mne_shallowalign import ShallowAlignDecoder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it warns of when imported is its own
    models = pytest.importorskip("braindecode.models")

N_CHANS, N_TIMES, SFREQ = 8, 150, 100.0


@pytest.fixture(scope="module")
def recording():
    """Epochs whose bumps carry six features of the picture, and these features."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((240, 6))
    bumps = np.exp(-((np.arange(N_TIMES) - np.linspace(25, 125, 6)[:, None]) ** 2) / 50)
    topographies = rng.standard_normal((6, N_CHANS))
    signal = np.einsum("nk,kc,kt->nct", features, topographies, bumps)
    signal += 0.3 * rng.standard_normal(signal.shape)
    info = mne.create_info(N_CHANS, SFREQ, "eeg")
    return mne.EpochsArray(1e-5 * signal, info, verbose="error"), features


def make(name, **params):
    return ShallowAlignDecoder(
        encoder=getattr(models, name),
        encoder_params={"n_outputs": 32, **params},
        n_components=16,
        lr=3e-3,
        batch_size=64,
        max_epochs=20,
        random_state=0,
    )


@pytest.mark.filterwarnings("ignore:.*final_layer_with_constraint:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "params"),
    [("EEGConformer", {"num_layers": 1}), ("EEGNet", {}), ("ShallowFBCSPNet", {})],
)
def test_model_learns_which_picture_was_seen(recording, name, params):
    epochs, features = recording
    decoder = make(name, **params).fit(epochs[:200], features[:200])
    assert isinstance(decoder.encoder_, getattr(models, name))
    assert decoder.encoder_.n_chans == N_CHANS
    assert decoder.encoder_.sfreq == SFREQ
    assert decoder.transform(epochs[200:]).shape == (40, 16)
    assert decoder.score(epochs[200:], features[200:]) > 5 / 40


def test_model_that_needs_the_sampling_rate(recording):
    epochs, features = recording
    signal = epochs.get_data(copy=False)
    with pytest.raises(ValueError, match="As X is an array, sfreq and chs_info are"):
        make("SincShallowNet").fit(signal, features)
    decoder = make("SincShallowNet", sfreq=SFREQ).set_params(max_epochs=1)
    assert decoder.fit(signal, features).encoder_.sfreq == SFREQ


def test_window_that_contradicts_the_epochs_is_refused(recording):
    epochs, features = recording
    with pytest.raises(ValueError, match="input_window_seconds"):
        make("EEGNet", input_window_seconds=3.0).fit(epochs, features)


def test_saved_model_is_read_with_its_class(recording, tmp_path):
    from mne_shallowalign import read_decoder

    epochs, features = recording
    decoder = make("ShallowFBCSPNet").set_params(max_epochs=2).fit(epochs, features)
    decoder.save(tmp_path / "b-decoder.safetensors")
    again = read_decoder(
        tmp_path / "b-decoder.safetensors", encoder=models.ShallowFBCSPNet
    )
    np.testing.assert_allclose(again.transform(epochs), decoder.transform(epochs))
