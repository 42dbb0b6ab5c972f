"""Estimators and what they learned, told apart by a few letters."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from numbers import Number
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from .._decoder_file import PLAIN_ATTRIBUTES, _plain, _tensors

if TYPE_CHECKING:
    from ..decoder import ShallowAlignDecoder
    from ..search import LayerSearchCV

# what does not change the result, or is set by the protocol
_IRRELEVANT = (
    "cache_dir",
    "chunk_size",
    "device",
    "image_root",
    "random_state",
    "verbose",
)


def say(value: Any) -> Any:
    """Put a parameter into words that are the same in every process.

    Parameters
    ----------
    value : object
        A parameter of an estimator, or the estimator.

    Returns
    -------
    said : str | number | list | dict | None
        What JSON can hold. Of an estimator, all parameters that matter to its result.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, bool, Number)):
        return value
    if isinstance(value, (Path, complex)):
        return str(value)
    if isinstance(value, BaseEstimator):
        return _say_estimator(value)
    if isinstance(value, Mapping):
        return {str(key): say(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [say(one) for one in value]
    if isinstance(value, np.ndarray):
        return _digest(str(value.dtype).encode(), np.ascontiguousarray(value).tobytes())
    if isinstance(value, FunctionType):
        return _say_function(value)
    name = getattr(value, "__qualname__", None) or getattr(value, "fingerprint", None)
    if name is None and _has_default_repr(value):
        return {
            "class": type(value).__qualname__,
            **say(getattr(value, "__dict__", {})),
        }
    return name or re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _has_default_repr(value: Any) -> bool:
    owner = next(one for one in type(value).__mro__ if "__repr__" in vars(one))
    return owner is object


def _say_function(function: FunctionType) -> Any:
    """Say the name, and of what has none of its own what it does."""
    name = function.__qualname__
    if "<" not in name:
        return name
    held = [say(cell.cell_contents) for cell in function.__closure__ or ()]
    given = say(function.__defaults__), say(function.__kwdefaults__)
    return [name, _say_code(function.__code__), held, *given]


def _say_code(code: CodeType) -> Any:
    inner = [
        _say_code(one) if isinstance(one, CodeType) else say(one)
        for one in code.co_consts
    ]
    return [_digest(code.co_code), list(code.co_names), inner]


def _say_estimator(estimator: BaseEstimator) -> dict[str, Any]:
    params = estimator.get_params(deep=False)
    said = {name: say(one) for name, one in params.items() if name not in _IRRELEVANT}
    return {"class": type(estimator).__qualname__, **said}


def fitted_digest(
    decoder: ShallowAlignDecoder, search: LayerSearchCV | None = None
) -> str:
    """Digest all that was learned: weights, scales, choices, and the scores behind.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.
    search : LayerSearchCV | None
        The search that chose its layer.

    Returns
    -------
    digest : str
        A SHA-256. Equal bits, and only they, give equal digests.
    """
    known: dict[str, Any] = {
        name: _plain(getattr(decoder, name)) for name in PLAIN_ATTRIBUTES
    }
    known["alpha"] = getattr(decoder, "alpha_", None)
    if hasattr(decoder, "screen_"):
        known["screen"] = decoder.screen_.to_dict("records")
    known["gallery"] = [str(name) for name in decoder.gallery_]
    if search is not None:
        known["search"] = _scores(search)
    parts = [json.dumps(known, sort_keys=True, default=str).encode()]
    for name, tensor in sorted(_tensors(decoder).items()):
        parts += [f"{name}{tensor.dtype}".encode(), tensor.numpy().tobytes()]
    return _digest(*parts)


def _scores(search: LayerSearchCV) -> dict[str, Any]:
    return {
        name: say(list(np.asarray(values).tolist()))
        for name, values in search.cv_results_.items()
        if not name.endswith("_time")
    }


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
