"""Numbers and switches that a user gives: refused by name where they are no such."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_scalar


def check_number(value: Any, name: str, kind: type = Real, **limits: Any) -> None:
    """Refuse what is no finite number within limits.

    scikit-learn's own check takes True for 1, and NaN for a number within any limits.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        The parameter.
    kind : type
        ``numbers.Real`` (default) or ``numbers.Integral``.
    **limits
        ``min_val``, ``max_val`` and ``include_boundaries`` of
        :func:`sklearn.utils.check_scalar`.

    Raises
    ------
    TypeError
        If it is of another kind.
    ValueError
        If it is not finite, or beyond the limits.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, kind):
        wanted = "an integer" if kind is Integral else "a number"
        raise TypeError(f"{name} must be {wanted}, got {value!r}.")
    if not math.isfinite(check_scalar(value, name, kind, **limits)):
        raise ValueError(f"{name} must be finite, got {value!r}.")


def check_counts(**counts: Any) -> None:
    """Refuse what is no integer of at least 1.

    Parameters
    ----------
    **counts
        The parameters.

    Raises
    ------
    TypeError
        If one is no integer.
    ValueError
        If one is less than 1.
    """
    for name, value in counts.items():
        check_number(value, name, Integral, min_val=1)


def check_probabilities(**probabilities: Any) -> None:
    """Refuse what is no number from 0 to 1.

    Parameters
    ----------
    **probabilities
        The parameters.

    Raises
    ------
    TypeError
        If one is no number.
    ValueError
        If one is beyond 0 and 1.
    """
    for name, value in probabilities.items():
        check_number(value, name, min_val=0, max_val=1)


def check_flags(**flags: Any) -> None:
    """Refuse what is neither True nor False.

    Parameters
    ----------
    **flags
        The parameters.

    Raises
    ------
    TypeError
        If one is something else.
    """
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{name} must be True or False, got {value!r}.")
