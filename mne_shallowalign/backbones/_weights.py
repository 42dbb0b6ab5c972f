"""Where weights come from, and what pins them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from .._device import isolated_randomness
from ._shards import INDEX, read_index

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")


def parse_weights(
    weights: str | Path, hub: object | None, revision: str | None = None
) -> tuple[str, str]:
    """Say where weights come from and what pins them.

    Parameters
    ----------
    weights : str | Path
        ``"hub"``, ``"random"``, ``"random-<seed>"``, or a file or folder.
    hub : object | None
        Where published weights are; its text is what pins them. Empty if there are
        none for this model.
    revision : str | None
        What the user asked for; only the hub's weights have revisions.

    Returns
    -------
    weights : str
        ``"hub"``, ``"random-<seed>"`` or the path of the one weights file.
    revision : str
        What pins them.

    Raises
    ------
    ValueError
        If the hub has no weights for this model, a revision of others than the hub's
        is asked for, or a folder has no single weights file.
    FileNotFoundError
        If there is no such file or folder.
    """
    if revision is not None and (weights != "hub" or isinstance(hub, str)):
        source = hub if weights == "hub" else weights
        raise ValueError(
            f"revision={revision!r} names a state of a repository on the hub, but "
            f"these weights come from {str(source)!r}. Leave revision out."
        )
    if weights == "hub":
        if not hub:
            raise ValueError(
                "There are no hub weights for this model. Give its name with a tag, "
                "a local file, weights='/path/to/model.safetensors', or, for tests, "
                "weights='random'."
            )
        return "hub", str(hub)
    if weights == "random":
        weights = "random-0"
    if random_seed(weights) is not None:
        return str(weights), str(weights)
    path = find_weights_file(weights)
    return str(path), _digest(path)


def _digest(path: Path) -> str:
    files = [path, *read_index(path)] if path.name.endswith(INDEX) else [path]
    digests = []
    for name in files:
        with name.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


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
            f"The weights of {name} could not be downloaded ({error}). Where there is "
            "a copy, name it: weights='/path/to/model.safetensors' (in Python, of "
            "load_backbone). "
            "Without one, 'gabor/v1' needs no weights."
        ) from error


def find_weights_file(path: str | Path) -> Path:
    """Find the one weights file that a path stands for.

    Parameters
    ----------
    path : str | Path
        A file, or a folder with exactly one weights file in it, or with the shards of
        one and their index, ``*.safetensors.index.json``.

    Returns
    -------
    path : Path
        The absolute path of the file; of the index, if there are shards.

    Raises
    ------
    FileNotFoundError
        If there is nothing there.
    ValueError
        If a folder holds several weights files, or the file is of another kind.
    """
    path = Path(path).expanduser().absolute()
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.name.endswith(INDEX))
        files = files or sorted(p for p in path.iterdir() if p.suffix in SUFFIXES)
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
            "weights must be 'hub', 'random', 'random-<seed>', or an existing file or "
            "folder; got "
            f"{str(path)!r}."
        )
    if path.suffix not in SUFFIXES and not path.name.endswith(INDEX):
        raise ValueError(
            f"weights: {path.name!r} is not a weights file "
            f"(expected {', '.join(SUFFIXES)}, or the index of shards, *{INDEX})."
        )
    return path
