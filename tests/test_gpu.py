"""What the CPU tests establish must hold on a GPU too; without one, all skip."""

from __future__ import annotations

import mne
import numpy as np
import pytest
import torch
from PIL import Image

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, read_decoder
from mne_shallowalign.features import extract_features

DEVICE = "cuda"
N, L, D, C, T, TRUE = 600, 3, 32, 8, 100, 2
TRAIN, TEST = slice(0, 500), slice(500, None)
GROUPS = np.arange(N) // 5

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
]


@pytest.fixture(scope="module")
def data():
    """Three unrelated layers, the second of which drives a noisy signal."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, L, D)).astype(np.float32)
    signal = features[:, TRUE - 1] @ rng.standard_normal((D, C * T)) / D**0.5
    signal += 6 * rng.standard_normal(signal.shape)
    return signal.reshape(N, C, T).astype(np.float32), features


def make_decoder(**params):
    defaults = {
        "layer": TRUE,
        "lr": 1e-3,
        "n_components": 64,
        "batch_size": 128,
        "max_epochs": 20,
        "precision": "float32",
        "device": DEVICE,
        "random_state": 3,
    }
    return ShallowAlignDecoder(**{**defaults, **params})


def fit(data, **params):
    X, y = data
    return make_decoder(**params).fit(X[TRAIN], y[TRAIN], groups=GROUPS[TRAIN])


def similarity(decoder, data):
    X, y = data
    return decoder.decision_function(X[TEST], y[TEST])


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_same_seed_same_bits(data, precision):
    first, second = (similarity(fit(data, precision=precision), data) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
def test_fast_precisions_learn_what_float32_learns(data, precision):
    exact, fast = (fit(data, precision=p) for p in ("float32", precision))
    X, y = data
    top5 = [np.mean(one.ranks(X[TEST], y[TEST]) <= 5) for one in (exact, fast)]
    assert top5[0] > 0.2  # of a chance of 0.05
    assert top5[1] == pytest.approx(top5[0], abs=0.1)


def test_search_is_the_same_for_any_chunk_and_from_run_to_run(data):
    found = [
        LayerSearchCV(make_decoder(), cv=2, n_seeds=2, scoring="mrr", chunk_size=size)
        .set_params(refit=False)
        .fit(*data, groups=GROUPS)
        .cv_results_["mean_test_mrr"]
        for size in (None, None, 1, 5)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    for other in found[2:]:
        np.testing.assert_allclose(other, found[0], atol=5e-3)  # ranks are discrete


def test_auto_and_ridge_find_what_the_cpu_finds(data):
    ours, theirs = (
        fit(data, layer="auto", solver="ridge", device=device)
        for device in (DEVICE, "cpu")
    )
    assert ours.layer_ == theirs.layer_ == "features[:, 1]"
    expected = similarity(theirs, data)
    np.testing.assert_allclose(similarity(ours, data), expected, atol=1e-4)


def test_a_decoder_is_read_without_the_gpu(data, tmp_path):
    decoder = fit(data)
    decoder.save(tmp_path / "decoder")
    read = read_decoder(tmp_path / "decoder", device="cpu")
    np.testing.assert_allclose(
        similarity(read, data), similarity(decoder, data), atol=1e-5
    )


@pytest.mark.parametrize(
    "params",
    [
        {"layer": [1, 2, 3], "fusion": "learned"},
        {"n_members": 3},
        {"init": "ridge"},
        {"encoder": "atm"},
        {"encoder": "eegnet"},
        {"encoder": "tsconv"},
        {"encoder": "eegconformer"},
    ],
    ids=str,
)
def test_every_way_to_train_runs_and_repeats(data, params):
    """Whole networks may use kernels without a fixed order; what they find agrees."""
    first, second = (similarity(fit(data, **params), data) for _ in range(2))
    assert np.isfinite(first).all()
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_features_are_those_of_the_cpu(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    pictures = [Image.fromarray(one) for one in pixels]
    ours, theirs = (
        extract_features(
            pictures, "gabor/v1", device=device, precision="float32", cache_dir=False
        )
        for device in (DEVICE, "cpu")
    )
    for layer, expected in theirs.items():
        np.testing.assert_allclose(ours[layer], expected, rtol=1e-3, atol=1e-4)


def test_epochs_stay_where_they_are(data):
    """The GPU holds copies: MNE's own data are as they were."""
    X, y = data
    info = mne.create_info(C, 100.0, "eeg")
    epochs = mne.EpochsArray(X[TRAIN] * 1e-6, info, verbose="ERROR")
    before = epochs.get_data(copy=True)
    make_decoder(max_epochs=1).fit(epochs, y[TRAIN], groups=GROUPS[TRAIN])
    np.testing.assert_array_equal(epochs.get_data(copy=False), before)
