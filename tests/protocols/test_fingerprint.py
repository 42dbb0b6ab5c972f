from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.protocols._fingerprint import fitted_digest, say


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((40, 3, 6))
    signal = features[:, 1] @ rng.standard_normal((6, 20))
    return signal.reshape(40, 4, 5), features


def fitted(data, **params):
    settings = dict(layer=2, n_components=4, max_epochs=2, random_state=0, lr=1e-2)
    return ShallowAlignDecoder(**settings | params).fit(*data)


def test_equal_fits_have_equal_digests(data):
    assert fitted_digest(fitted(data)) == fitted_digest(fitted(data))


@pytest.mark.parametrize(
    "params",
    [
        dict(random_state=1),
        dict(layer=1),
        dict(max_epochs=3),
        dict(layer=[1, 2], fusion="learned"),
        dict(solver="ridge"),
    ],
)
def test_other_fits_have_other_digests(data, params):
    assert fitted_digest(fitted(data)) != fitted_digest(fitted(data, **params))


def test_one_bit_of_any_part_changes_it(data):
    before = fitted_digest(fitted(data))
    for part in ("signal_scaler_", "image_scaler_"):
        decoder = fitted(data)
        scale = getattr(decoder, part).scale
        scale.flat[0] = np.nextafter(scale.flat[0], np.inf, dtype=scale.dtype)
        assert fitted_digest(decoder) != before
    for half in ("module_", "criterion_"):
        decoder = fitted(data)
        weights = next(getattr(decoder.net_, half).parameters()).data.view(-1)
        weights[0] = np.nextafter(weights[0].item(), np.inf, dtype=np.float32).item()
        assert fitted_digest(decoder) != before


def test_a_choice_counts_even_where_weights_are_equal(data):
    decoder = fitted(data, layer="auto")
    before = fitted_digest(decoder)
    decoder.screen_.loc[0, "top1"] += 1e-12
    assert fitted_digest(decoder) != before


def test_words_for_parameters():
    assert say(np.float64(0.5)) == 0.5
    assert say({"a": (1, None)}) == {"a": [1, None]}
    assert say(len) == "len"
    assert say(np.arange(3)) == say(np.arange(3)) != say(np.arange(4))
    assert "0x" not in say(object())
    said = say(ShallowAlignDecoder(device="cpu", lr=0.1, random_state=3))
    assert said["lr"] == 0.1
    assert not {"device", "random_state", "cache_dir"} & set(said)


class Weighted:
    """An object whose repr says nothing of what it holds."""

    def __init__(self, weight):
        self.weight = weight


def times(factor):
    return lambda signals: signals * factor


@pytest.mark.parametrize("make", [Weighted, times])
def test_what_an_object_holds_tells_it_from_others(make):
    assert say(make(1.0)) == say(make(1.0))
    assert say(make(1.0)) != say(make(2.0))


def test_functions_without_a_name_differ_by_what_they_do():
    double, halve = (lambda x: x * 2), (lambda x: x / 2)
    triple, real, imag = (lambda x: x * 3), (lambda x: x.real), (lambda x: x.imag)
    inner, other = (lambda x: lambda: x + 1), (lambda x: lambda: x + 2)
    every = (double, halve, triple, real, imag, inner, other)
    assert len({str(say(one)) for one in every}) == len(every)
    assert "test_fingerprint.py" not in str(say(inner))  # whose path may change
