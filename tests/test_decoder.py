"""ShallowAlignDecoder with MNE objects, pictures and bad input."""

import copy
import io
import logging
import pickle

import mne
import numpy as np
import pandas as pd
import pytest
import torch
from mne.utils import catch_logging
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EpochTimer
from skorch.dataset import ValidSplit

from mne_shallowalign import ShallowAlignDecoder, load_backbone, read_decoder
from mne_shallowalign.alignment import ContrastiveLoss
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.features import Mosaic
from mne_shallowalign.retrieval import top_k_scorer

N, C, T, K = 120, 4, 12, 6


def make_decoder(**params):
    defaults = {
        "backbone": "gabor/v1",
        "layer": 2,
        "lr": 5e-3,
        "n_components": 8,
        "max_epochs": 15,
        "encoder_params": {"n_outputs": 32},
        "random_state": 0,
    }
    return ShallowAlignDecoder(**{**defaults, **params})


def make_epochs(data, ch_types="eeg", metadata=None, sfreq=50.0):
    info = mne.create_info(data.shape[1], sfreq, ch_types)
    return mne.EpochsArray(data, info, metadata=metadata, verbose="error")


@pytest.fixture(scope="module")
def linear():
    """Signals that are a noisy linear map of image features."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, K))
    signal = features @ rng.standard_normal((K, C * T))
    signal += 0.2 * rng.standard_normal(signal.shape)
    return signal.reshape(N, C, T) * 1e-5, features


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """120 files of 40 noisy colour fields, each shown three times."""
    folder = tmp_path_factory.mktemp("stimuli")
    rng = np.random.default_rng(0)
    names = [f"{i % 8}/{i:02d}.png" for i in range(40)]
    for name in names:
        base = rng.integers(40, 200, (6, 6, 3)).astype(np.uint8)
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(base).resize((48, 48), Image.Resampling.NEAREST).save(
            folder / name
        )
    return folder, np.array(names)[np.arange(N) % 40]


@pytest.fixture
def cached(pictures, tmp_path_factory):
    folder, names = pictures
    cache = tmp_path_factory.getbasetemp() / "decoder-cache"
    return make_decoder(image_root=folder, cache_dir=cache), names


# -- what goes in ------------------------------------------------------------------


def test_epochs_list_and_array_are_the_same(linear):
    X, features = linear
    epochs = make_epochs(X)
    one = make_decoder().fit(X, features).transform(X)
    for form in (epochs, [epochs[i] for i in range(N)], [epochs[:50], epochs[50:]]):
        np.testing.assert_array_equal(
            make_decoder().fit(form, features).transform(form), one
        )


@pytest.mark.parametrize("ch_types", [["mag", "grad", "grad", "eeg"]])
def test_sensor_types_and_units_do_not_matter(linear, ch_types):
    X, features = linear
    units = np.array([1e-8, 1e-7, 3e-7, 1.0])[:, None]
    plain = make_decoder().fit(make_epochs(X), features)
    mixed = make_decoder().fit(make_epochs(X * units, ch_types), features)
    np.testing.assert_allclose(
        mixed.transform(X * units), plain.transform(X), atol=1e-4
    )


def test_stimulus_and_bad_channels_are_left_out(linear):
    X, features = linear
    stim = np.arange(N)[:, None, None] * np.ones((1, 1, T))
    epochs = make_epochs(np.concatenate([X, stim], axis=1), ["eeg"] * C + ["stim"])
    epochs.info["bads"] = [epochs.ch_names[0]]
    decoder = make_decoder().fit(epochs, features)
    assert decoder.info_["ch_names"] == epochs.ch_names[1:C]
    shuffled = epochs.copy().reorder_channels(epochs.ch_names[::-1])
    np.testing.assert_array_equal(
        decoder.transform(shuffled), decoder.transform(epochs)
    )


def test_fit_leaves_epochs_and_random_states_alone(linear):
    X, features = linear
    epochs = make_epochs(X)
    before = epochs.get_data(copy=True)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    state, np_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    make_decoder().fit(epochs, features)
    np.testing.assert_array_equal(epochs.get_data(copy=False), before)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], np_state[1])  # noqa: NPY002


def test_same_seed_same_bits(linear):
    X, features = linear
    same = [make_decoder().fit(X, features).transform(X) for _ in range(2)]
    other = make_decoder(random_state=1).fit(X, features).transform(X)
    np.testing.assert_array_equal(*same)
    assert not np.allclose(same[0], other)


def test_layer_axis_of_feature_arrays(linear):
    X, features = linear
    rng = np.random.default_rng(1)
    layers = np.stack([rng.standard_normal(features.shape), features], axis=1)
    good, bad = (
        make_decoder(layer=layer).fit(X[:90], layers[:90]).score(X[90:], layers[90:])
        for layer in (2, 1)
    )
    assert good > 0.5 > bad
    with pytest.raises(ValueError, match="layer=3, but the features have 2 layers"):
        make_decoder(layer=3).fit(X, layers)


@pytest.mark.parametrize("fusion", ["mean", "concat"])
def test_fusion_of_one_layer_is_that_layer(linear, fusion):
    X, features = linear
    layers = np.stack([features, features[::-1]], axis=1)
    one = make_decoder(layer=1).fit(X, layers)
    fused = make_decoder(layer=[1], fusion=fusion).fit(X, layers)
    np.testing.assert_array_equal(fused.transform(X), one.transform(X))
    assert fused.layer_ == one.layer_ == "features[:, 0]"


def test_fused_layers_are_standardised_first(linear):
    X, features = linear
    second = np.random.default_rng(1).standard_normal(features.shape)
    layers = np.stack([features, second], axis=1)
    scaled = np.stack([10 * features + 3, second / 7], axis=1)
    by_hand = [(part - part.mean(0)) / part.std(0) for part in (features, second)]
    for fusion, expected in (
        ("mean", np.mean(by_hand, axis=0)),
        ("concat", np.concatenate(by_hand, axis=1)),
    ):
        params = {"fusion": fusion, "image_scaling": False}
        fused = make_decoder(layer=[2, 1], **params).fit(X, scaled)
        plain = make_decoder(layer=[1, 2], **params).fit(X, layers)
        alone = make_decoder(image_scaling=fusion == "mean").fit(X, expected)
        np.testing.assert_allclose(fused.transform(X), plain.transform(X), atol=1e-3)
        if fusion == "concat":
            np.testing.assert_allclose(
                plain.transform(X), alone.transform(X), atol=1e-3
            )
        assert fused.layer_ == ["features[:, 0]", "features[:, 1]"]


def test_several_layers_of_a_backbone(linear, cached, tmp_path):
    X, _ = linear
    decoder, names = cached
    decoder.set_params(layer=["final", 3, 0.0], fusion="concat").fit(X, names)
    layers = decoder.backbone_.layers
    assert decoder.layer_ == [layers[0], layers[2], "final"]
    decoder.save(tmp_path / "decoder.safetensors")
    twin = read_decoder(tmp_path / "decoder.safetensors")
    assert twin.layer_ == decoder.layer_
    assert twin.score(X, names) == decoder.score(X, names)


def test_width_of_the_encoder_is_that_of_the_widest_layer(linear, cached):
    X, _ = linear
    decoder, names = cached
    decoder.set_params(layer=[1, 2, "final"], encoder_params=None, max_epochs=1)
    widths = [decoder.set_params(fusion="concat").fit(X, names).layer_widths_]
    width = decoder.encoder_.project.out_features
    assert width == max(*widths) < sum(*widths)
    decoder.set_params(projector=None).fit(X, names)
    assert decoder.transform(X).shape == (N, sum(*widths))


def test_pictures_in_any_form_are_the_same(linear, pictures, cached):
    X, _ = linear
    folder, names = pictures
    decoder, _ = cached
    files = [folder / name for name in names]
    images = [Image.open(file) for file in files]
    pixels = np.stack([np.asarray(image) for image in images])
    expected = decoder.fit(X, names).transform(X)
    assert decoder.layer_ == decoder.backbone_.layers[1]
    for form in (list(names), pd.Series(names), files, images, pixels):
        np.testing.assert_allclose(
            clone(decoder).fit(X, form).transform(X), expected, atol=1e-5
        )


# -- what comes out ----------------------------------------------------------------


def test_retrieval_surface_agrees_with_itself(linear, cached):
    X, _ = linear
    decoder, names = cached
    decoder.fit(X, names)
    gallery = np.unique(names)[5:25]
    similarity = decoder.decision_function(X, gallery)
    expected = decoder.transform(X) @ decoder.transform_images(gallery).T
    np.testing.assert_allclose(similarity, expected, atol=1e-6)
    assert np.abs(similarity).max() <= 1 + 1e-6
    np.testing.assert_allclose(np.linalg.norm(decoder.transform(X), axis=1), 1, 1e-5)
    distances, indices = decoder.kneighbors(X, gallery, n_neighbors=3)
    np.testing.assert_allclose(
        distances, np.sort(1 - similarity, axis=1)[:, :3], atol=1e-6
    )
    np.testing.assert_array_equal(gallery[indices[:, 0]], decoder.predict(X, gallery))
    assert set(decoder.predict(X)) <= set(names)
    np.testing.assert_array_equal(decoder.gallery_, names[:40])
    hits = decoder.predict(X, names[:40]) == names
    assert decoder.score(X, names) == hits.mean()


def test_default_gallery_of_features_is_row_numbers(linear):
    X, features = linear
    repeated = features[np.arange(N) % 30]
    decoder = make_decoder().fit(X, repeated)
    np.testing.assert_array_equal(decoder.gallery_, np.arange(30))
    assert decoder.decision_function(X).shape == (N, 30)


def test_ranks_in_a_larger_gallery(linear):
    X, features = linear
    decoder = make_decoder().fit(X[:90], features[:90])
    small = decoder.ranks(X[90:], features[90:])
    large = decoder.ranks(X[90:], features[90:], gallery=features[::-1])
    assert (large >= small).all()
    with pytest.raises(ValueError, match="30 images of y are not in the gallery"):
        decoder.ranks(X[90:], features[90:], gallery=features[:90])


def test_held_out_images_are_retrieved_and_shuffled_ones_are_not(linear):
    X, features = linear
    score = make_decoder().fit(X[:90], features[:90]).score(X[90:], features[90:])
    shuffled = np.random.default_rng(3).permutation(features[:90])
    chance = make_decoder().fit(X[:90], shuffled).score(X[90:], features[90:])
    assert score > 0.6
    assert chance < 0.25


@pytest.mark.parametrize("loss", ["cosine", "lineage"])
@pytest.mark.parametrize("projector", ["linear", "mlp", None])
def test_every_loss_and_projector_learns(linear, loss, projector):
    X, features = linear
    params = {"encoder_params": None} if projector is None else {}
    decoder = make_decoder(loss=loss, projector=projector, max_epochs=40, **params)
    score = decoder.fit(X[:90], features[:90]).score(X[90:], features[90:])
    assert score > 5 / 30


def test_pandas_output_and_names(linear):
    X, features = linear
    frame = make_decoder().set_output(transform="pandas").fit_transform(X, features)
    assert list(frame.columns[:2]) == ["shallowaligndecoder0", "shallowaligndecoder1"]
    assert frame.shape == (N, 8)


# -- scikit-learn and MNE around it ------------------------------------------------


def test_cross_val_score_on_epochs_by_concept(linear):
    X, features = linear
    concepts = np.arange(N) % 10
    scores = [
        cross_val_score(
            make_decoder(), form, features, groups=concepts, cv=GroupKFold(3)
        )
        for form in (make_epochs(X), X)
    ]
    np.testing.assert_array_equal(*scores)
    assert scores[0].mean() > 0.5


def test_leave_one_subject_out_and_top_k(linear):
    X, features = linear
    subjects = np.arange(N) // 40
    top1, top5 = (
        cross_val_score(
            make_decoder(),
            X,
            features,
            groups=subjects,
            cv=LeaveOneGroupOut(),
            scoring=top_k_scorer(k),
        )
        for k in (1, 5)
    )
    assert (top5 >= top1).all()
    assert top5.mean() > 0.8


def test_grid_search_over_layers_extracts_once(linear, pictures, tmp_path, monkeypatch):
    X, _ = linear
    folder, names = pictures
    load_backbone("gabor/v1")  # measures its widths by a blank image, once
    passed = []
    run = GaborStack.run
    monkeypatch.setattr(
        GaborStack, "run", lambda *a: (passed.append(len(a[1])), run(*a))[1]
    )
    decoder = make_decoder(image_root=folder, cache_dir=tmp_path, max_epochs=2)
    search = GridSearchCV(decoder, {"layer": [1, 3, 0.8, "final"]}, cv=2)
    search.fit(X, names)
    assert sum(passed) == 40  # each picture once
    assert search.best_params_["layer"] in (1, 3, 0.8, "final")


def test_sliding_estimator_gives_a_time_course(linear):
    _, features = linear
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, 8, 3))
    X[:, :, 1] += 3 * features @ rng.standard_normal((K, 8))
    frame = pd.Series([f"image{i}" for i in range(N)])
    sliding = mne.decoding.SlidingEstimator(make_decoder(), verbose="error")
    assert sliding.fit(X[:90], features[:90, 0]).score(
        X[90:], features[90:, 0]
    ).shape == (3,)
    with pytest.raises(FileNotFoundError):
        sliding.fit(X, frame)


def test_sliding_estimator_on_pictures(pictures, cached):
    decoder, names = cached
    signal = decoder.fit(np.random.default_rng(0).standard_normal((N, 4, 2)), names)
    target = signal.transform_images(names)[:, :8]
    rng = np.random.default_rng(1)
    X = rng.standard_normal((N, 8, 2))
    X[:, :, 1] = target * 20 + 0.1 * rng.standard_normal((N, 8))
    sliding = mne.decoding.SlidingEstimator(clone(decoder), verbose="error")
    before, after = sliding.fit(X, names).score(X, names)
    assert after > before


def test_pipeline_with_mne_scaler(linear):
    X, features = linear
    scaler = mne.decoding.Scaler(scalings="mean")
    pipeline = make_pipeline(scaler, make_decoder())
    assert pipeline.fit(X[:90], features[:90]).score(X[90:], features[90:]) > 0.6


def test_partial_fit_goes_on(linear):
    X, features = linear
    decoder = make_decoder(max_epochs=5).fit(X[:90], features[:90])
    before = decoder.transform(X)
    decoder.set_params(max_epochs=3).partial_fit(X[90:], features[90:])
    assert len(decoder.history_) == 8
    assert not np.allclose(decoder.transform(X), before)
    assert len(decoder.gallery_) == 30
    before = decoder.transform(X)
    decoder.set_params(lr=1e-12, max_epochs=1).partial_fit(X[90:], features[90:])
    np.testing.assert_allclose(decoder.transform(X), before, atol=1e-6)


# -- keeping -----------------------------------------------------------------------


def test_clone_pickle_and_deepcopy(linear):
    X, features = linear
    decoder = make_decoder().fit(X, features)
    expected = decoder.transform(X)
    for twin in (pickle.loads(pickle.dumps(decoder)), copy.deepcopy(decoder)):
        np.testing.assert_array_equal(twin.transform(X), expected)
    assert not hasattr(clone(decoder), "net_")


@pytest.mark.parametrize("form", ["epochs", "array"])
def test_save_and_read(linear, cached, tmp_path, form):
    X, _ = linear
    decoder, names = cached
    X = make_epochs(X) if form == "epochs" else X
    decoder.fit(X, names)
    fname = tmp_path / "one-decoder.safetensors"
    decoder.save(fname)
    twin = read_decoder(fname)
    np.testing.assert_array_equal(twin.transform(X), decoder.transform(X))
    np.testing.assert_array_equal(twin.predict(X), decoder.predict(X))
    assert twin.score(X, names) == decoder.score(X, names)
    assert twin.layer_ == decoder.layer_
    assert mne.utils.object_diff(twin.info_, decoder.info_) == ""
    assert twin.history_[:, "train_loss"] == decoder.history_[:, "train_loss"]
    with pytest.raises(FileExistsError, match="overwrite"):
        decoder.save(fname)
    twin.save(fname, overwrite=True)
    assert list(tmp_path.iterdir()) == [fname]


def test_saving_names_what_a_file_cannot_say(linear, tmp_path):
    X, features = linear
    split = {"train_split": ValidSplit(3), "callbacks": [EpochTimer()]}
    for params, missing in (
        ({"random_state": 0}, ""),
        ({"random_state": np.random.RandomState(0)}, "random_state"),
        ({"net_params": split}, "net_params and validation losses"),
    ):
        decoder = make_decoder(**params).fit(X, features)
        with catch_logging(verbose="INFO") as log:
            decoder.save(tmp_path / "decoder.safetensors", overwrite=True)
        said = f"decoder.safetensors does not say {missing}." if missing else ""
        told = log.getvalue().strip()
        assert told.endswith(said)
        assert bool(told) == bool(missing)


def test_a_decoder_of_another_machine_uses_the_device_of_this_one(linear, cached):
    """As when it was fitted with device='cuda' and unpickled without CUDA."""
    X, _ = linear
    decoder, names = cached
    decoder.fit(X, names)
    expected = decoder.score(X, names)
    decoder.set_params(device="cuda:7", layer=5, cache_dir=False)
    assert decoder.score(X, names) == expected


def test_going_on_with_a_decoder_that_was_read(linear, pictures, tmp_path):
    X, _ = linear
    folder, names = pictures
    other = load_backbone("gabor/v1", preprocess=small_pictures())
    decoder = make_decoder(backbone=other, image_root=folder, cache_dir=False)
    fname = tmp_path / "decoder.safetensors"
    decoder.fit(X, names).save(fname)
    twin = read_decoder(fname, backbone=other, device="cpu")
    assert twin.device == "cpu"
    twin.partial_fit(X, names)
    assert twin.backbone_ == other


def test_read_what_is_no_decoder_or_from_the_future(linear, tmp_path, monkeypatch):
    from mne_shallowalign import _decoder_file

    X, features = linear
    fname = tmp_path / "decoder.safetensors"
    with pytest.raises(FileNotFoundError):
        read_decoder(fname)
    decoder = make_decoder().fit(X, features)
    with monkeypatch.context() as patch:
        patch.setattr(_decoder_file, "FORMAT_VERSION", 99)
        decoder.save(fname)
    with pytest.raises(ValueError, match="Update mne-shallowalign"):
        read_decoder(fname)
    fname.write_bytes(fname.read_bytes()[:-10])
    with pytest.raises(ValueError, match="whole safetensors"):
        read_decoder(fname)


def test_a_flipped_bit_is_noticed(linear, tmp_path):
    X, features = linear
    fname = tmp_path / "decoder.safetensors"
    make_decoder().fit(X, features).save(fname)
    content = bytearray(fname.read_bytes())
    content[-100] ^= 1
    fname.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        read_decoder(fname)


def test_wrong_encoder_is_a_clear_error(linear, tmp_path):
    X, features = linear
    fname = tmp_path / "decoder.safetensors"
    make_decoder(encoder_params=None).fit(X, features).save(fname)
    with pytest.raises(ValueError, match="does not fit"):
        read_decoder(fname, encoder=OwnEncoder)


def test_own_encoder_must_be_given_when_reading(linear, tmp_path):
    X, features = linear
    fname = tmp_path / "decoder.safetensors"
    decoder = make_decoder(encoder=OwnEncoder, encoder_params=None)
    decoder.fit(X, features).save(fname)
    with pytest.raises(ValueError, match="pass its class or factory as encoder="):
        read_decoder(fname)
    twin = read_decoder(fname, encoder=OwnEncoder)
    np.testing.assert_array_equal(twin.transform(X), decoder.transform(X))


class Halves(ContrastiveLoss):
    """Trains on the second of two parts; candidates are known by the first."""

    numbers_trials = True
    seen = ()

    def begin(self, n_trials):
        self.seen = [0] * n_trials

    def forward(self, signals, target):
        features, identity, subject, trial = target
        for row in trial.tolist():
            self.seen[row] += 1
        part = features[:, self.n_features :]
        return super().forward(signals, (part, identity, subject))

    def candidate_features(self, features):
        return features[:, : self.n_features]


@pytest.mark.parametrize("name", ["decoder:Path", "_decoder_file:os.system"])
def test_a_file_names_nothing_but_encoders_and_losses(name):
    from mne_shallowalign._decoder_file import _class_of_ours

    with pytest.raises(ValueError, match="is no encoder or loss"):
        _class_of_ours(f"mne_shallowalign.{name}")


def test_loss_of_ones_own_takes_parts_apart(linear, tmp_path):
    X, features = linear
    swapped = np.random.default_rng(3).permutation(len(X))
    y = np.stack([features, features[swapped]], axis=1)
    params = dict(loss=Halves, fusion="separate", image_scaling=False, max_epochs=3)
    decoder = make_decoder(layer=[1, 2], **params).fit(X, y)
    assert decoder.net_.criterion_.seen == [3] * len(X)
    linear_map = decoder.net_.criterion_.projector
    with torch.no_grad():
        expected = linear_map(torch.from_numpy(np.float32(features[:5])))
    expected = torch.nn.functional.normalize(expected, dim=1)
    got = decoder.transform_images(y[:5])
    np.testing.assert_allclose(got, expected, atol=1e-5)
    fname = tmp_path / "decoder.safetensors"
    decoder.save(fname)
    with pytest.raises(ValueError, match="pass its class or factory as loss="):
        read_decoder(fname)
    twin = read_decoder(fname, loss=Halves)
    np.testing.assert_array_equal(twin.transform_images(y[:5]), got)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "cosine"}, "fusion='separate' needs a loss that takes its parts"),
        ({"layer": "auto"}, "does not go together with layer='auto'"),
        ({"n_members": 2}, "n_members=2 needs a loss that can be stacked"),
    ],
)
def test_parts_that_nothing_takes_apart(linear, params, message):
    X, features = linear
    settings = {"loss": Halves, "fusion": "separate", "layer": [1, 2]} | params
    with pytest.raises(ValueError, match=message):
        make_decoder(**settings).fit(X, np.stack([features] * 2, axis=1))


def test_views_are_those_of_training_and_candidates(linear, pictures, tmp_path):
    X, _ = linear
    folder, names = pictures
    params = dict(image_root=folder, cache_dir=tmp_path / "cache")
    decoder = make_decoder(views=["original", "mosaic-9"], **params).fit(X, names)
    plain = make_decoder(**params).fit(X, names)
    assert not np.allclose(decoder.image_scaler_.mean, plain.image_scaler_.mean)
    fname = tmp_path / "decoder.safetensors"
    decoder.save(fname)
    np.testing.assert_array_equal(
        read_decoder(fname).transform_images(names[:4]),
        decoder.transform_images(names[:4]),
    )
    odd = decoder.set_params(views=[Mosaic(9)], warm_start=True)
    with pytest.raises(ValueError, match=r"views=\[Mosaic.* was\s+fitted with"):
        odd.fit(X, names)
    with pytest.raises(ValueError, match="transforms, which a file cannot say"):
        odd.save(tmp_path / "odd.safetensors")
    assert not (tmp_path / "odd.safetensors").exists()


def test_backbone_that_cannot_be_restored_is_said(linear, pictures, tmp_path):
    X, _ = linear
    folder, names = pictures
    other = load_backbone("gabor/v1", preprocess=small_pictures())
    decoder = make_decoder(backbone=other, image_root=folder, cache_dir=False)
    fname = tmp_path / "decoder.safetensors"
    decoder.fit(X, names).save(fname)
    with pytest.warns(RuntimeWarning, match="cannot be restored"):
        twin = read_decoder(fname)
    with pytest.raises(ValueError, match="has no backbone"):
        twin.score(X, names)
    again = read_decoder(fname, backbone=other)
    assert again.score(X, names) == decoder.score(X, names)


class OwnEncoder(torch.nn.Module):
    """A minimal encoder with braindecode's keywords."""

    def __init__(self, n_chans, n_times, n_outputs, sfreq=None, chs_info=None):
        super().__init__()
        self.linear = torch.nn.Linear(n_chans * n_times, n_outputs)

    def forward(self, x):
        return self.linear(x.flatten(1))


def small_pictures():
    from mne_shallowalign.backbones import build_preprocess

    return build_preprocess(64)


# -- bad input ---------------------------------------------------------------------


def spoil(X, value):
    X = X.copy()
    X[7, 1, ...] = value
    return X


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(linear, value):
    X, features = linear
    with pytest.raises(ValueError, match=r"1 of 120 epochs, the first being \[7\]"):
        make_decoder().fit(spoil(X, value), features)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite(linear, value):
    X, features = linear
    with pytest.raises(ValueError, match=r"y \(the images\) must be .* finite"):
        make_decoder().fit(X, spoil(features, value))


@pytest.mark.parametrize("wrong", [np.zeros((N, 2)), np.zeros(N + 1), 3])
@pytest.mark.parametrize("name", ["groups", "subjects"])
def test_labels_of_another_shape(linear, name, wrong):
    X, features = linear
    with pytest.raises(ValueError, match=f"{name} must have one entry for each of"):
        make_decoder().fit(X, features, **{name: wrong})


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("name", ["groups", "subjects"])
def test_labels_with_gaps(linear, name, missing):
    X, features = linear
    labels = [f"a{i % 7}" for i in range(N)]
    labels[3] = missing
    with pytest.raises(ValueError, match=rf"{name} is missing .*1 epochs, .* \[3\]"):
        make_decoder().fit(X, features, **{name: labels})


def test_signals_of_another_number_of_axes(linear):
    X, features = linear
    with pytest.raises(ValueError, match=r"X must have shape \(n_epochs, n_channels"):
        make_decoder().fit(X[..., None], features)
    assert make_decoder().fit(X[:, :, 0], features).n_times_ == 1


def test_flat_channel_is_named(linear):
    X, features = linear
    X = X.copy()
    X[:, 2] = 1e-6
    epochs = make_epochs(X)
    with pytest.raises(ValueError, match=r"1 flat channel.*: 2\. Mark them bad"):
        make_decoder().fit(epochs, features)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (slice(0, 100), "X has 120 epochs but y has 100 images"),
        (np.zeros(N, int), "all are the same one"),
    ],
)
def test_images_that_do_not_fit(linear, rows, message):
    X, features = linear
    with pytest.raises(ValueError, match=message):
        make_decoder().fit(X, features[rows])


def test_no_epochs(linear):
    X, features = linear
    with pytest.raises(ValueError, match="0 sample"):
        make_decoder().fit(X[:0], features[:0])


def test_other_width_samples_and_channels(linear):
    X, features = linear
    decoder = make_decoder().fit(make_epochs(X), features)
    with pytest.raises(ValueError, match="5 features, but the decoder was fitted"):
        decoder.transform_images(features[:, :5])
    with pytest.raises(ValueError, match="11 time samples.*fitted with 12"):
        decoder.transform(X[:, :, :11])
    with pytest.raises(ValueError, match="lacks 1 of the 4 channels"):
        decoder.transform(make_epochs(X[:, :3]))
    with pytest.raises(ValueError, match="3 features, but ShallowAlignDecoder"):
        decoder.transform(X[:, :3])


def test_mixed_feature_widths(linear):
    X, features = linear
    ragged = [row[: 3 + i % 2] for i, row in enumerate(features)]
    with pytest.raises(ValueError, match="of one width"):
        make_decoder().fit(X, ragged)


def test_rows_in_another_order_than_the_metadata(linear, cached):
    X, _ = linear
    decoder, names = cached
    epochs = make_epochs(X, metadata=pd.DataFrame({"image": names}))
    decoder.fit(epochs, epochs.metadata["image"])
    wrong = np.sort(names)
    parts = [epochs[:50], epochs[50:]]
    for call in (decoder.fit, decoder.score, decoder.partial_fit):
        for form in (epochs, parts):
            with pytest.raises(ValueError, match=r"another order.*metadata"):
                call(form, wrong)
    with pytest.raises(ValueError, match="another order"):
        cross_val_score(decoder, epochs, wrong, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="all are the same one"):
        decoder.fit(epochs, names[[0] * N])


def test_gray_pixels_are_not_features(linear):
    X, _ = linear
    with pytest.raises(ValueError, match="uint8"):
        make_decoder().fit(X, np.zeros((N, 16, 16), np.uint8))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ([None] + ["a.png"] * (N - 1), ValueError, "None at 1 rows"),
        ({}, TypeError, "must be a sequence"),
        ("a.png", TypeError, "single path"),
        (np.geomspace(1, 1e60, N), ValueError, "beyond float32"),
    ],
)
def test_what_is_no_image(linear, images, error, message):
    X, _ = linear
    with pytest.raises(error, match=message):
        make_decoder().fit(X, images)


def test_what_is_no_signal(linear):
    X, features = linear
    epochs = make_epochs(X)
    for wrong in (epochs.average(), [epochs, X]):
        with pytest.raises(TypeError, match="X must be Epochs"):
            make_decoder().fit(wrong, features)


def test_other_sampling_rate(linear):
    X, features = linear
    decoder = make_decoder().fit(make_epochs(X), features)
    with pytest.raises(ValueError, match="fitted at 50 Hz"):
        decoder.transform(make_epochs(X, sfreq=100.0))


def test_pictures_leave_the_random_state_alone(linear, pictures):
    X, _ = linear
    folder, names = pictures
    state = torch.get_rng_state()
    make_decoder(image_root=folder, cache_dir=False).fit(X, names)
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_get_the_same_bits(linear):
    from joblib import parallel_config

    X, features = linear
    serial = cross_val_score(make_decoder(), X, features, cv=4)
    with parallel_config("threading"):
        threads = cross_val_score(make_decoder(), X, features, cv=4, n_jobs=2)
    np.testing.assert_array_equal(serial, threads)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"layer": "layr2"}, "layer"),
        ({"layer": 99}, "layer=99"),
        ({"layer": []}, "layers is empty"),
        ({"layer": [1, 2], "fusion": "sum"}, "fusion"),
        ({"backbone": "gabro/v1"}, "gabor"),
        ({"pooling": "median"}, "pooling"),
        ({"device": "warp"}, "device"),
        ({"precision": "int8"}, "precision"),
        ({"loss": "l2"}, "loss"),
        ({"n_components": 0}, "n_components"),
        ({"lr": 0}, "lr"),
        ({"batch_size": 1}, "batch_size"),
        ({"net_params": {"lr": 1}}, "net_params"),
        ({"temperature": 2.0}, "temperature"),
    ],
)
def test_bad_parameters_are_named(linear, cached, params, message):
    X, _ = linear
    decoder, names = cached
    with pytest.raises(ValueError, match=message):
        decoder.set_params(**params).fit(X, names)


def test_small_training_sets_are_said(linear):
    X, features = linear
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    mne.utils.logger.addHandler(handler)
    try:
        make_decoder(max_epochs=1, verbose="INFO").fit(X, features)
    finally:
        mne.utils.logger.removeHandler(handler)
    assert "120 trials are fewer than batch_size=1024" in stream.getvalue()


def test_divergence_is_an_error(linear):
    X, features = linear
    with pytest.raises(RuntimeError, match="smaller lr"):
        make_decoder(lr=1e30, loss="lineage", max_epochs=5).fit(X, features)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_score_does_not_depend_on_precision(linear, precision):
    X, features = linear
    decoder = make_decoder(precision=precision).fit(X[:90], features[:90])
    reference = make_decoder(precision="float32").fit(X[:90], features[:90])
    rank = decoder.ranks(X[90:], features[90:])
    assert abs(np.mean(rank - reference.ranks(X[90:], features[90:]))) < 0.5
