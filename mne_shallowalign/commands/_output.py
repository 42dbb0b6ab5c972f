"""Where results are written, and what stays there when something fails."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        _check_writable(out)
        yield out
        done = True
    finally:
        if is_new and not (done and keep):
            shutil.rmtree(out, ignore_errors=True)


def _check_writable(out: Path) -> None:
    """Find out before the work, not after it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise OSError(
            f"Nothing can be written to the folder {out}: {error.strerror}. Give "
            "another --out."
        ) from error


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
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
