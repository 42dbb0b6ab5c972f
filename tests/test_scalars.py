"""Numbers and switches that are none."""

from numbers import Integral

import numpy as np
import pytest

from mne_shallowalign._scalars import (
    check_counts,
    check_flags,
    check_number,
    check_probabilities,
)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1.5, 1.0, np.nan, [1]])
def test_what_is_no_count(value):
    with pytest.raises(TypeError, match="n must be an integer, got"):
        check_counts(n=value)


@pytest.mark.parametrize("value", [True, np.False_, "1", None, 1j])
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match="x must be a number, got"):
        check_number(value, "x")


@pytest.mark.parametrize("value", [np.nan, np.float32("nan"), np.inf, -np.inf])
def test_what_is_not_finite(value):
    with pytest.raises(ValueError, match="x must be finite, got"):
        check_number(value, "x")
    with pytest.raises(ValueError, match="x"):
        check_number(value, "x", min_val=0, max_val=1)


@pytest.mark.parametrize("value", [-0.1, 1.1, 2])
def test_what_is_no_share(value):
    with pytest.raises(ValueError, match=f"p == {value}"):
        check_probabilities(p=value)


@pytest.mark.parametrize("value", [0, 1, None, "yes", np.array([True])])
def test_what_is_no_switch(value):
    with pytest.raises(TypeError, match="on must be True or False, got"):
        check_flags(on=value)


def test_all_that_is_taken():
    check_counts(one=1, many=np.int64(7))
    check_probabilities(none=0, half=np.float32(0.5), all=1.0)
    check_flags(on=True, off=np.False_)
    check_number(-3, "shift", Integral)


def test_the_second_of_several_is_named():
    with pytest.raises(ValueError, match="n_heads == 0, must be >= 1"):
        check_counts(n_layers=1, n_heads=0)
