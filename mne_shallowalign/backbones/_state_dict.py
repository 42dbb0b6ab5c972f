"""Tensors from weights files: read without running anything, loaded strictly."""

from __future__ import annotations

import pickle
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ._shards import INDEX, read_index

StateDict = dict[str, Tensor]
M = TypeVar("M", bound=nn.Module)


def read_state_dict(path: str | Path) -> StateDict:
    """Read named tensors from a file, never running code from it.

    Parameters
    ----------
    path : str | Path
        A ``.safetensors`` file, the ``.safetensors.index.json`` of several, or a file
        that ``torch.save`` wrote.

    Returns
    -------
    state : dict of str to Tensor
        The tensors, on the CPU: mapped from the file, thus read when they are used.

    Raises
    ------
    ValueError
        If the file is damaged, holds something else than tensors, or is a pickle that
        would run code.
    FileNotFoundError
        If a shard is not there.
    """
    path = Path(path)
    state: object
    if path.name.endswith(INDEX):
        state = _read_shards(path)
    elif path.suffix == ".safetensors":
        state = _read_safetensors(path)
    else:
        state = _read_torch(path)
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise ValueError(
            f"weights: {path} must hold named tensors only; it holds a "
            f"{type(state).__name__} of something else."
        )
    return state


def _read_safetensors(path: Path) -> StateDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"weights: {path} is truncated or not a safetensors file ({error}). "
            "Download it again."
        ) from error


def _read_shards(index: Path) -> StateDict:
    state: StateDict = {}
    for shard, names in read_index(index).items():
        tensors = _read_safetensors(shard)
        missing = [name for name in names if name not in tensors]
        if missing:
            raise ValueError(
                f"weights: the shard {shard} lacks {len(missing)} of the tensors that "
                f"{index.name} promises ({', '.join(missing[:3])}). Download it again."
            )
        state |= {name: tensors[name] for name in names}
    return state


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():  # on pickle protocols; we say it ourselves
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(
                path,
                map_location="cpu",
                weights_only=True,
                mmap=zipfile.is_zipfile(path) or None,
            )
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"weights: {path} is refused because it is a pickle that holds more than "
            "tensors, and reading it could run code. Save the state dict with "
            "safetensors, or with torch.save(model.state_dict(), ...)."
        ) from error
    except (RuntimeError, EOFError, OSError) as error:
        raise ValueError(
            f"weights: {path} is damaged or not a torch file ({error})."
        ) from error


def load_strictly(
    model: nn.Module,
    state: StateDict,
    source: str | Path,
    convert: Callable[[StateDict, nn.Module], StateDict] | None = None,
) -> None:
    """Put every tensor of a state dict in its place, or say what does not fit.

    The tensors are not copied: the model keeps those of ``state``, in their dtype.

    Parameters
    ----------
    model : nn.Module
        The model to fill, best built by :func:`build_empty`.
    state : dict of str to Tensor
        The weights.
    source : str | Path
        Where they are from, for the message.
    convert : callable | None
        Tried on weights that do not fit as they are (other key names, another image
        size).

    Raises
    ------
    ValueError
        If keys are missing, left over or wrongly shaped; the first ones are listed.
    """
    misfits = _misfits(model, state)
    if misfits and convert is not None:
        try:
            converted = convert(dict(state), model)
        except (KeyError, RuntimeError, ValueError, AttributeError):
            converted = state  # not a format that the converter knows
        if not _misfits(model, converted):
            state, misfits = converted, []
    if misfits:
        raise ValueError(
            f"weights: {source} does not fit {type(model).__name__}: "
            + "; ".join(misfits)
            + "."
        )
    model.load_state_dict(state, assign=True)


def _misfits(model: nn.Module, state: StateDict) -> list[str]:
    own = model.state_dict()
    return [
        f"{len(names)} {what} key{'s' * (len(names) > 1)} ({', '.join(names[:3])}"
        f"{', …' * (len(names) > 3)})"
        for what, names in (
            ("missing", [k for k in own if k not in state]),
            ("extra", [k for k in state if k not in own]),
            (
                "wrongly shaped",
                [
                    f"{k} {tuple(state[k].shape)} instead of {tuple(own[k].shape)}"
                    for k in own
                    if k in state and state[k].shape != own[k].shape
                ],
            ),
        )
        if names
    ]


def build_empty(build: Callable[[], M]) -> M:
    """Build a model whose parameters take no memory and no time to initialise.

    Parameters are meta tensors, for :func:`load_strictly` to replace; buffers, which a
    checkpoint may not hold, are real. A model that looks at its own parameters while
    it is built cannot be built like this, and is built as usual.

    Parameters
    ----------
    build : callable
        Returns the model.

    Returns
    -------
    model : nn.Module
        The model.
    """
    try:
        with _empty_parameters():
            model = build()
    except (NotImplementedError, RuntimeError):  # of meta tensors, or raised again
        return build()
    return build() if any(buffer.is_meta for buffer in model.buffers()) else model


@contextmanager
def _empty_parameters() -> Iterator[None]:
    here = threading.get_ident()

    def empty(module: nn.Module, name: str, value: nn.Parameter) -> nn.Parameter | None:
        if value is None or value.is_meta or threading.get_ident() != here:
            return None
        return nn.Parameter(value.to("meta"), requires_grad=value.requires_grad)

    # torch annotates hooks as if they could not return a parameter
    handle = register_module_parameter_registration_hook(empty)  # type: ignore[arg-type]
    try:
        yield
    finally:
        handle.remove()
