"""Decoders of several members against as many decoders."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from skorch.dataset import ValidSplit
from torch import nn

from mne_shallowalign import ShallowAlignDecoder, read_decoder
from mne_shallowalign.alignment import HeldOutStopping, TimeShift, WeightAveraging

N, C, T, D, M = 120, 4, 8, 6, 3


class Convolution(nn.Module):
    """An encoder without a stacked form, and with PyTorch's dropout."""

    def __init__(self, n_chans, n_times, n_outputs):
        super().__init__()
        self.convolution = nn.Conv1d(n_chans, n_outputs, n_times)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):
        return self.dropout(self.convolution(x)[..., 0])


def make_decoder(**params):
    defaults = {
        "lr": 1e-2,
        "n_components": 8,
        "batch_size": 32,
        "max_epochs": 5,
        "precision": "float32",
        "random_state": 3,
    }
    return ShallowAlignDecoder(**{**defaults, **params})


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, D)).astype(np.float32)
    signal = features @ rng.standard_normal((D, C * T))
    signal += 2 * rng.standard_normal(signal.shape)
    return signal.reshape(N, C, T) * 1e-6, features


@pytest.fixture(scope="module")
def fitted(data):
    X, y = data
    return make_decoder(n_members=M).fit(X[:80], y[:80])


def mean_similarity(decoders, X, y):
    return np.mean([decoder.decision_function(X, y) for decoder in decoders], axis=0)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"loss": "lineage", "projector": None},
        {"encoder": Convolution},
        {"init": "ridge", "alpha": 10.0},
        {"net_params": {"iterator_train__augment": TimeShift(2)}},
    ],
    ids=["default", "no projector", "convolution", "from ridge", "augmented"],
)
def test_similarities_are_the_mean_of_those_of_the_members(data, params):
    """One random state, given to decoders in turn, gives them the members' seeds."""
    X, y = data
    state = np.random.RandomState(3)
    members = [make_decoder(random_state=state, **params) for _ in range(M)]
    ensemble = make_decoder(n_members=M, **params)
    for n, decoder in enumerate([*members, ensemble]):
        decoder.fit(X[:80], y[:80])
        if n < M:  # training goes on with other masks and batches
            decoder.partial_fit(X[:60], y[:60])
    ensemble.partial_fit(X[:60], y[:60])
    found = ensemble.decision_function(X[80:], y[80:])
    expected = mean_similarity(members, X[80:], y[80:])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    losses = [member.history_[-1]["train_loss"] for member in members]
    assert ensemble.history_[-1]["train_loss"] == pytest.approx(np.mean(losses))


def test_the_shared_space_is_that_of_all_members(data, fitted):
    X, y = data
    assert fitted.transform(X).shape == (N, M * 8)
    assert fitted.transform_images(y).shape == (N, M * 8)
    np.testing.assert_allclose(np.linalg.norm(fitted.transform(X), axis=1), 1, 1e-5)
    assert len(fitted.get_feature_names_out()) == M * 8


def test_an_ensemble_is_better_than_its_members(data):
    """Members whose training is too short agree on what is signal."""
    X, y = data
    state = np.random.RandomState(3)
    members = [make_decoder(random_state=state, max_epochs=3) for _ in range(6)]
    alone = [m.fit(X[:80], y[:80]).ranks(X[80:], y[80:]).mean() for m in members]
    ensemble = make_decoder(n_members=6, max_epochs=3).fit(X[:80], y[:80])
    assert ensemble.ranks(X[80:], y[80:]).mean() < np.mean(alone)


@pytest.mark.parametrize("encoder", ["eegproject", Convolution])
def test_an_ensemble_on_disk(data, tmp_path, encoder):
    X, y = data
    decoder = make_decoder(n_members=2, encoder=encoder).fit(X, y)
    decoder.save(tmp_path / "a-decoder.safetensors")
    given = None if encoder == "eegproject" else encoder
    read = read_decoder(tmp_path / "a-decoder.safetensors", encoder=given)
    np.testing.assert_array_equal(read.transform(X), decoder.transform(X))
    read.partial_fit(X, y)
    assert read.transform(X).shape == (N, 16)


def test_same_seed_same_bits(data, fitted):
    X, y = data
    again = clone(fitted).fit(X[:80], y[:80])
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    pickled = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(pickled.transform(X), fitted.transform(X))


def test_callbacks_hold_for_all_members(data):
    """Averaged weights are those of members whose weights are averaged alone."""
    X, y = data
    state, net_params = np.random.RandomState(3), {"callbacks": [WeightAveraging(0.5)]}
    members = [
        make_decoder(random_state=state, net_params=net_params).fit(X, y)
        for _ in range(M)
    ]
    ensemble = make_decoder(n_members=M, net_params=net_params).fit(X, y)
    expected = mean_similarity(members, X, y)
    np.testing.assert_allclose(ensemble.decision_function(X, y), expected, atol=1e-5)


def test_stopping_goes_by_the_mean_loss_of_held_out_groups(data):
    X, y = data
    net_params = {
        "train_split": ValidSplit(GroupKFold(4)),
        "callbacks": [HeldOutStopping(patience=2)],
    }
    noise = np.random.default_rng(1).permutation(y)
    decoder = make_decoder(n_members=2, net_params=net_params, max_epochs=60)
    decoder.fit(X, noise, groups=np.arange(N) // 5)
    assert len(decoder.history_) < 60
    losses = decoder.history_[:, "valid_loss"]
    assert min(losses) == losses[-3]


def test_torch_is_left_alone(data):
    X, y = data
    before = torch.random.get_rng_state()
    make_decoder(n_members=2, encoder=Convolution, max_epochs=2).fit(X, y)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_members": 0}, "n_members == 0"),
        ({"n_members": 2, "solver": "ridge"}, "one solution"),
        ({"n_members": 2, "fusion": "learned"}, "does not go together"),
    ],
)
def test_what_has_no_members(data, params, message):
    with pytest.raises(ValueError, match=message):
        make_decoder(**params).fit(*data)
