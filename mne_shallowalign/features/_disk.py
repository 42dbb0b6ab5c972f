"""Files that are whole or not there, and errors that say how to go on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def writing(place: str | Path, advice: str) -> Iterator[None]:
    """Say what cannot be written and what to do, if the block fails to write.

    Parameters
    ----------
    place : str | Path
        What is written.
    advice : str
        What to do if it cannot be.
    """
    try:
        yield
    except OSError as error:
        said = f"{place} cannot be written ({error.strerror or error}). {advice}"
        raise (OSError(error.errno, said) if error.errno else OSError(said)) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file such that nobody ever sees a part of it.

    Parameters
    ----------
    path : Path
        The file; replaced if it is there.
    content : bytes
        What goes into it.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        # not mkstemp, which would make the file unreadable to colleagues
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, older_than: float = 3600.0) -> None:
    """Remove what killed processes left unfinished.

    Parameters
    ----------
    folder : Path
        Where files are written by :func:`write_whole`.
    older_than : float
        Age in seconds from which on nobody can still be writing them.
    """
    for path in folder.glob(".*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > older_than:
                path.unlink()
