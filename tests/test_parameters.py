"""Every parameter of the public classes refuses what it is not, by name."""

import inspect

import mne
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, encoders
from mne_shallowalign.alignment import (
    ContrastiveLoss,
    GatedProjector,
    HeldOutStopping,
    RepetitionAverage,
    SubjectMixup,
    TemporalSmoothing,
    TimeShift,
    WeightAveraging,
)
from mne_shallowalign.preprocessing import (
    ChannelZScorer,
    EuclideanAlignment,
    MVNNWhitener,
    Preprocessing,
    SubjectStandardizer,
)
from mne_shallowalign.protocols import Recipe

N = 12
COUNT, POSITIVE, SHARE, FLAG = (True, 0), ("a", 0.0), ("a", 1.5), (1,)
WEIGHT, TIME = (True, -1.0), ("a", np.nan)

# Of each parameter: one value of another type, and one out of range where there is one.
DECODER = {
    "backbone": (3, "no-such-net"),
    "layer": (None, 99),
    "fusion": (3, "sum"),
    "fusion_params": (3, {"gain": 1}),
    "pooling": (3, "median"),
    "views": (3, "upside-down"),
    "encoder": (3, "no-such-net"),
    "encoder_params": (3, {"dropout": 0.1}),
    "n_components": COUNT,
    "projector": (3, "cubic"),
    "loss": (3, "l2"),
    "temperature": POSITIVE,
    "learn_temperature": FLAG,
    "image_scaling": FLAG,
    "solver": (3, "svd"),
    "init": (3, "lda"),
    "alpha": ("a", -1.0),
    "lr": ("a", np.nan),
    "weight_decay": ("a", np.inf),
    "batch_size": (2.5, 0),
    "max_epochs": (2.5, 0),
    "augment": (3,),
    "subject_mmd": WEIGHT,
    "n_members": COUNT,
    "warm_start": FLAG,
    "device": (3, "warp"),
    "precision": (3, "int8"),
    "image_root": (3,),
    "cache_dir": (3,),
    "net_params": (3, {"lr": 1.0}),
    "random_state": ("x", -1),
    "verbose": (1.5, "LOUD"),
}
SEARCH = {
    "decoder": (3,),
    "layers": (3, [99]),
    "poolings": (3, ["median"]),
    "n_seeds": COUNT,
    "cv": (True, 1),
    "scoring": (3, "accuracy"),
    "refit": FLAG,
    "chunk_size": COUNT,
    "error_score": (True, "ignore"),
    "verbose": (1.5, "LOUD"),
}
SIZES = {"n_chans": COUNT, "n_times": COUNT, "n_outputs": (2.5, 0)}
KERNELS = {"kernel_size": COUNT, "pool_size": (2.5, 0)}
DROPOUT, HEADS = {"drop_prob": SHARE}, {"n_layers": COUNT, "n_heads": (True, 99)}
ATTENTION = {**HEADS, "att_drop_prob": ("a", -0.1)}
SIGNAL = {"n_chans": 4, "n_times": 100, "n_outputs": 8}
SUBJECT = {"by": (3, "person")}
SESSION = {"by": (3, ["person"])}
MADE_WITH = {
    encoders.EEGProject: (SIGNAL, {**SIZES, **DROPOUT}),
    encoders.TSConv: (SIGNAL, {**SIZES, **KERNELS, **DROPOUT}),
    encoders.ATM: (
        {**SIGNAL, "d_model": 80},
        {
            **SIZES,
            **KERNELS,
            **DROPOUT,
            **ATTENTION,
            "d_model": COUNT,
            "subject_token": FLAG,
            "positions": FLAG,
        },
    ),
    encoders.EEGConformer: (SIGNAL, {**SIZES, **KERNELS, **DROPOUT, **ATTENTION}),
    encoders.EEGNet: (
        SIGNAL,
        {**SIZES, **DROPOUT, "kernel_size": COUNT, "separable": FLAG},
    ),
    TemporalSmoothing: ({}, {"size": (True, 4), "p": SHARE, "frozen": FLAG}),
    TimeShift: ({}, {"max_shift": (1.5, -1)}),
    RepetitionAverage: ({}, {}),
    SubjectMixup: ({}, {}),
    WeightAveraging: ({}, {"decay": ("a", 1.0)}),
    HeldOutStopping: ({}, {"patience": COUNT, "load_best": FLAG}),
    ContrastiveLoss: (
        {"n_features": 6, "n_components": 4},
        {
            "n_features": COUNT,
            "n_components": (2.5, 0),
            "projector": (3, "cubic"),
            "loss": (3, "l2"),
            "temperature": ("a", 0.0),
            "learn_temperature": FLAG,
            "gate": (3,),
            "subject_mmd": WEIGHT,
        },
    ),
    GatedProjector: (
        {"widths": [3, 4], "n_components": 4},
        {
            "widths": (3, [3, 0]),
            "n_components": COUNT,
            "projector": (None, "cubic"),
            "entropy_weight": WEIGHT,
            "n_subjects": (True, -1),
        },
    ),
    Preprocessing: (
        {},
        {
            "l_freq": POSITIVE,
            "h_freq": POSITIVE,
            "tmin": TIME,
            "tmax": ("a", -5.0),
            "baseline": (3, (2, 1)),
            "sfreq": POSITIVE,
            "window": (3, (2, 1)),
            "whiten": (3, "zca"),
            "zscore": (3, "trial"),
            "average": FLAG,
        },
    ),
    Recipe: (
        {"name": "a", "decoder": ShallowAlignDecoder()},
        {
            "name": (3,),
            "decoder": (3,),
            "protocol": (3,),
            "citation": (3,),
            "published": (3, pd.DataFrame({"dataset": ["a"]})),
            "selection": (3,),
            "departures": (3, "not a list"),
        },
    ),
}
FITTED_WITH = {
    SubjectStandardizer: SUBJECT,
    EuclideanAlignment: SUBJECT,
    MVNNWhitener: {"method": (3, "space"), **SESSION},
    ChannelZScorer: SESSION,
}
# What MNE, skorch or matplotlib are asked for, and refuse themselves.
ELSEWHERE = {Preprocessing: {"picks"}, Recipe: {"picks"}, HeldOutStopping: {"kwargs"}}


def cases(tables):
    """List every class or table, parameter and wrong value, with a name for each."""
    return [
        pytest.param(
            kind, name, value, id=f"{getattr(kind, '__name__', '')}-{name}-{i}"
        )
        for kind, table in tables
        for name, values in table.items()
        for i, value in enumerate(values)
    ]


def assert_says(error, name, given):
    """The name of the parameter, and what was given or of which type it is."""
    text = str(error)
    assert name.removesuffix("s") in text
    values = given if isinstance(given, (list, dict)) else [given]
    kinds = [type(value) for value in values]
    said = [*map(repr, values), *map(str, values), *map(repr, kinds)]
    said += [f"got {kind.__name__}" for kind in kinds]
    assert any(way in text for way in said)


@pytest.mark.parametrize(
    ("kind", "table"),
    [(ShallowAlignDecoder, DECODER), (LayerSearchCV, SEARCH)]
    + [(kind, table) for kind, (_, table) in MADE_WITH.items()]
    + list(FITTED_WITH.items()),
)
def test_no_parameter_is_forgotten(kind, table):
    known = set(inspect.signature(kind).parameters)
    assert set(table) | ELSEWHERE.get(kind, set()) == known


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Signals and pictures of noise."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    names = [f"{i:02d}.png" for i in range(N)]
    for name in names:
        pixels = rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder, rng.standard_normal((N, 3, 8)), names


def make_decoder(folder, **params):
    defaults = {"image_root": folder, "cache_dir": False, "max_epochs": 1}
    defaults |= {"backbone": "gabor/v1", "layer": 1, "n_components": 4}
    return ShallowAlignDecoder(**defaults | params)


@pytest.mark.parametrize(("kind", "name", "given"), cases([(None, DECODER)]))
def test_of_a_decoder_in_fit_and_not_before(shown, kind, name, given):
    folder, X, names = shown
    together = {"alpha": {"solver": "ridge"}, "fusion": {"layer": [5, 6]}}
    decoder = make_decoder(folder, **together.get(name, {}) | {name: given})
    with pytest.raises((TypeError, ValueError)) as caught:
        decoder.fit(X, names)
    assert_says(caught.value, name, given)


@pytest.mark.parametrize(("kind", "name", "given"), cases([(None, SEARCH)]))
def test_of_a_search_in_fit_and_not_before(shown, kind, name, given):
    folder, X, names = shown
    params = {"decoder": make_decoder(folder), "layers": [1, 2], "cv": 2}
    search = LayerSearchCV(**params | {name: given})
    with pytest.raises((TypeError, ValueError)) as caught:
        search.fit(X, names)
    assert_says(caught.value, name, given)


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    cases((kind, table) for kind, (_, table) in MADE_WITH.items()),
)
def test_of_what_is_made_when_it_is_made(kind, name, given):
    params, _ = MADE_WITH[kind]
    kind(**params)
    with pytest.raises((TypeError, ValueError)) as caught:
        kind(**params | {name: given})
    assert_says(caught.value, name, given)


@pytest.mark.parametrize(("kind", "name", "given"), cases(FITTED_WITH.items()))
def test_of_a_transformer_in_fit_and_not_before(shown, kind, name, given):
    _, X, names = shown
    metadata = pd.DataFrame({"subject": "01", "session": "01", "image": names})
    info = mne.create_info(3, 100.0, "eeg")
    epochs = mne.EpochsArray(X, info, metadata=metadata, verbose="error")
    kind().fit(epochs)
    with pytest.raises((TypeError, ValueError)) as caught:
        kind(**{name: given}).fit(epochs)
    assert_says(caught.value, name, given)


@pytest.mark.parametrize(
    ("encoder", "params"),
    [
        ("eegproject", {"drop_prob": 3}),
        ("tsconv", {"pool_size": 0}),
        ("atm", {"n_layers": True}),
    ],
)
def test_of_an_encoder_in_the_fit_of_its_decoder(encoder, params):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((N, 3, 100)), rng.standard_normal((N, 4))
    decoder = ShallowAlignDecoder(encoder=encoder, encoder_params=params)
    with pytest.raises((TypeError, ValueError), match=next(iter(params))):
        decoder.fit(X, y)


def test_numbers_and_switches_of_numpy_are_taken():
    """Those of a grid over ``np.arange`` or an array of bool."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((N, 3, 8)), rng.standard_normal((N, 2, 4))
    decoder = ShallowAlignDecoder(
        layer=np.int64(1),
        n_components=np.int64(4),
        max_epochs=np.int32(1),
        batch_size=np.int64(8),
        lr=np.float32(1e-3),
        temperature=np.float32(0.1),
        image_scaling=np.True_,
        random_state=np.int64(3),
    )
    assert decoder.fit(X, y).transform(X).shape == (N, 4)
    search = LayerSearchCV(decoder, np.array([2, 1]), n_seeds=np.int64(1), cv=2)
    search.fit(X, y, groups=np.arange(N) // 2)
    assert search.cv_results_["param_layer"].tolist() == [1, 2]
