"""Weights from local files: read without running anything, loaded strictly."""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from .._device import isolated_randomness

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")

StateDict = dict[str, Tensor]


def parse_weights(weights: str | Path, hub: str | None) -> tuple[str, str]:
    """Say where weights come from and what pins them.

    Parameters
    ----------
    weights : str | Path
        ``"hub"``, ``"random"``, ``"random-<seed>"``, or a file or folder.
    hub : str | None
        What pins the weights of the hub; None if there are none for this model.

    Returns
    -------
    weights : str
        ``"hub"``, ``"random-<seed>"`` or the path of the one weights file.
    revision : str
        What pins them.

    Raises
    ------
    ValueError
        If the hub has no weights for this model, or a folder no single weights file.
    FileNotFoundError
        If there is no such file or folder.
    """
    if weights == "hub":
        if hub is None:
            raise ValueError(
                "There are no hub weights for this model. Give its name with a tag, "
                "a local file, weights='/path/to/model.safetensors', or, for tests, "
                "weights='random'."
            )
        return "hub", hub
    if weights == "random":
        weights = "random-0"
    if random_seed(weights) is not None:
        return str(weights), str(weights)
    path = find_weights_file(weights)
    with path.open("rb") as file:
        return str(path), hashlib.file_digest(file, "sha256").hexdigest()


def random_seed(weights: str | Path) -> int | None:
    """Return the seed of ``"random-<seed>"``, None for anything else."""
    match = re.fullmatch(r"random-(\d+)", str(weights))
    return int(match[1]) if match else None


def seeded(weights: str) -> AbstractContextManager[None]:
    """Initialise models from the seed in ``weights``; leave the global state alone."""
    return isolated_randomness(random_seed(weights) or 0)


@contextmanager
def downloading(name: str) -> Iterator[None]:
    """Say what to do when weights cannot be downloaded.

    Parameters
    ----------
    name : str
        The backbone.
    """
    try:
        yield
    except OSError as error:
        raise ConnectionError(
            f"The weights of {name} could not be downloaded ({error}). With a local "
            f"copy: load_backbone({name!r}, weights='/path/to/model.safetensors'). "
            "Without one, 'gabor/v1' needs no weights."
        ) from error


def find_weights_file(path: str | Path) -> Path:
    """Find the one weights file that a path stands for.

    Parameters
    ----------
    path : str | Path
        A file, or a folder with exactly one weights file in it.

    Returns
    -------
    path : Path
        The absolute path of the file.

    Raises
    ------
    FileNotFoundError
        If there is nothing there.
    ValueError
        If a folder holds several weights files, or the file is of another kind.
    """
    path = Path(path).expanduser().absolute()
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES)
        if not files:
            raise FileNotFoundError(
                f"weights: no {', '.join(SUFFIXES)} file in the folder {path}."
            )
        if len(files) > 1:
            raise ValueError(
                f"weights: the folder {path} holds {len(files)} weights files "
                f"({', '.join(p.name for p in files[:5])}); name one of them."
            )
        return files[0]
    if not path.is_file():
        raise FileNotFoundError(
            "weights must be 'hub', 'random', or an existing file or folder; got "
            f"{str(path)!r}."
        )
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"weights: {path.name!r} is not a weights file "
            f"(expected {', '.join(SUFFIXES)})."
        )
    return path


def read_state_dict(path: str | Path) -> StateDict:
    """Read named tensors from a file, never running code from it.

    Parameters
    ----------
    path : str | Path
        A ``.safetensors`` file, or one that ``torch.save`` wrote.

    Returns
    -------
    state : dict of str to Tensor
        The tensors, on the CPU.

    Raises
    ------
    ValueError
        If the file is damaged, holds something else than tensors, or is a pickle that
        would run code.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
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


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():  # on pickle protocols; we say it ourselves
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
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
    """Load every tensor of a state dict into its place, or say what does not fit.

    Parameters
    ----------
    model : nn.Module
        The model to fill.
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
    model.load_state_dict(state)


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
