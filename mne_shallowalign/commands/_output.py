"""Where results are written, and what stays there when something fails."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RECORD = "provenance.json"


@contextmanager
def output_folder(out: Path | None, keep: bool = True) -> Iterator[Path]:
    """Make the folder, and leave no new one behind when anything fails.

    Parameters
    ----------
    out : Path | None
        The folder; None makes a temporary one.
    keep : bool
        Whether the temporary one stays. Default True.

    Yields
    ------
    out : Path
        The folder.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    is_new = out is None or not out.exists()
    keep = keep or out is not None
    out = Path(out or tempfile.mkdtemp(prefix="mne-shallowalign-"))
    done = False
    try:
        check_folder(out)
        out.mkdir(parents=True, exist_ok=True)
        yield out
        done = True
    finally:
        if is_new and not (done and keep):
            shutil.rmtree(out, ignore_errors=True)


def check_folder(out: Path) -> None:
    """Find out before the work whether a folder can be made and written.

    Parameters
    ----------
    out : Path
        The folder, which need not be there and is not made.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise OSError(
            f"Nothing can be written to the folder {out}: {error.strerror}. Give "
            "another --out."
        ) from error


def check_file(path: Path, overwrite: bool = False) -> Path:
    """Find out before the work whether a file can be written.

    Parameters
    ----------
    path : Path
        The file.
    overwrite : bool
        Whether it may be there already. Default False.

    Returns
    -------
    path : Path
        The same, absolute.

    Raises
    ------
    FileExistsError
        If it is there, and may not be, or is a folder.
    OSError
        If nothing can be written there.
    """
    path = path.expanduser().resolve()
    if path.is_dir() or (path.exists() and not overwrite):
        raise FileExistsError(
            f"{path} exists. Give another --out, or --overwrite to replace a file."
        )
    check_folder(path.parent)
    return path


@contextmanager
def whole_folder(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """Fill a folder under another name first, so that it is there whole or not at all.

    Parameters
    ----------
    out : Path
        The folder to make. It may exist if it is empty.
    overwrite : bool
        Whether an earlier result in it is replaced: a folder with nothing in it but
        what its ``provenance.json`` lists as ``files``. Default False.

    Yields
    ------
    part : Path
        What to fill instead; it takes the place of ``out`` at the end.

    Raises
    ------
    FileExistsError
        If there is something else in ``out``.
    OSError
        If nothing can be written there.
    """
    out = out.expanduser().resolve()
    _check_replaceable(out, overwrite)
    check_folder(out)
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    try:
        part.mkdir(parents=True)
        yield part
        _check_replaceable(out, overwrite)
        if out.exists():
            shutil.rmtree(out)
        os.replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_replaceable(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise FileExistsError(f"{out} is a file, not a folder. Give another --out.")
    names = {path.name for path in out.iterdir()}
    if names and not overwrite:
        raise FileExistsError(
            f"There is something in {out}. Give another --out, or --overwrite to "
            "replace an earlier result of this command."
        )
    strangers = sorted(names - _own_files(out))
    if strangers:
        raise FileExistsError(
            f"{out} is not replaced, because {strangers[0]} in it is no result of this "
            "command. Give another --out."
        )


def _own_files(out: Path) -> set[str]:
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        return {RECORD, *record["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write under another name first, so that no half-written file is left.

    Parameters
    ----------
    path : Path
        The file to write or replace.

    Yields
    ------
    part : Path
        What to write instead; it takes the place of ``path`` at the end.
    """
    part = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
