"""Features by rows: in memory, or in ``.npy`` files that never are in memory."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ._disk import writing

ADVICE = "Give a folder with enough space as out; what is cached is not computed again."
BLOCK = 1024  # rows that are brought together at a time


class FileTable:
    """A float32 ``.npy`` file, written and read by rows.

    Parameters
    ----------
    path : Path
        The file; made anew.
    shape : tuple of int
        Rows first.

    Notes
    -----
    Not a memory map while it is written: a full disk is then an error and not a crash,
    and what was written does not count as memory of the process.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path = path
        self.shape = shape
        self._row = 4 * int(np.prod(shape[1:]))
        with path.open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            self._start = file.tell()
            file.truncate(self._start + shape[0] * self._row)

    def __setitem__(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Write rows, which are numbered in an array."""
        values = np.ascontiguousarray(values, "<f4")
        runs = np.flatnonzero(np.diff(rows) != 1) + 1
        with writing(self.path.name, ADVICE), self.path.open("r+b") as file:
            for run in np.split(np.arange(len(rows)), runs):
                file.seek(self._start + int(rows[run[0]]) * self._row)
                file.write(values[run].data)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Read rows into memory."""
        return np.array(np.load(self.path, mmap_mode="r")[rows])


Table = np.ndarray | FileTable


@contextmanager
def workspace(out: str | Path | None) -> Iterator[Path | None]:
    """Make a folder for unfinished tables inside ``out``, and clear it away.

    Parameters
    ----------
    out : path | None
        The folder for results, made if need be; None if they stay in memory.

    Yields
    ------
    folder : Path | None
        The folder for what is unfinished.

    Raises
    ------
    OSError
        If ``out`` cannot be written, or the disk is full.
    """
    if out is None:
        yield None
        return
    folder = Path(out).expanduser() / f".{uuid4().hex}"
    try:
        with writing(f"out={str(out)!r}", ADVICE):
            folder.mkdir(parents=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_table(folder: Path | None, name: str, shape: tuple[int, ...]) -> Table:
    """Make an empty table.

    Parameters
    ----------
    folder : Path | None
        Where its file goes; None for a table in memory.
    name : str
        Name of the file.
    shape : tuple of int
        Rows first.

    Returns
    -------
    table : ndarray | FileTable
        The table.
    """
    if folder is None:
        return np.empty(shape, np.float32)
    return FileTable(folder / name, shape)


def bring_together(
    views: Sequence[Table],
    members: np.ndarray | Sequence[np.ndarray],
    fusion: str,
    folder: Path | None,
    name: str,
) -> Table:
    """Average picture sets, fuse views and put rows in the order of the user.

    Parameters
    ----------
    views : sequence of table, each of shape (n_pictures, width)
        Features of the pictures, one table per view.
    members : array of int, shape (n_rows,) | sequence of array of int, length n_rows
        The picture, or the pictures, of every row.
    fusion : "single" | "mean" | "separate"
        What becomes of the views: there is only one, they are averaged, or they stand
        side by side.
    folder : Path | None
        Where a file goes; None for a table in memory.
    name : str
        Name of the file.

    Returns
    -------
    table : table, shape (n_rows, width) or (n_rows, n_views, width)
        The result.
    """
    n_pictures, width = views[0].shape
    if fusion == "single" and np.array_equal(members, np.arange(n_pictures)):
        return views[0]
    between = (len(views),) if fusion == "separate" else ()
    target = new_table(folder, name, (len(members), *between, width))
    for start in range(0, len(members), BLOCK):
        block = members[start : start + BLOCK]
        seen = np.stack([_members_mean(table, block) for table in views], axis=1)
        rows = np.arange(start, start + len(block))
        target[rows] = seen if fusion == "separate" else seen.mean(1)
    return target


def _members_mean(table: Table, members: Any) -> np.ndarray:
    if isinstance(members, np.ndarray):
        return table[members]
    return np.stack([table[pictures].mean(0) for pictures in members])


def keep(table: Table, out: str | Path | None, name: str) -> np.ndarray:
    """Make a finished table the result.

    Parameters
    ----------
    table : table
        The finished table.
    out : path | None
        The folder for results.
    name : str
        Name of its file there, which is replaced.

    Returns
    -------
    features : ndarray | memmap
        The features; of a table on disk a read-only memory map.
    """
    if isinstance(table, np.ndarray):
        return table
    assert out is not None  # there is no table on disk without a folder
    path = Path(out).expanduser() / re.sub(r"[^\w.=+-]", "_", name)
    os.replace(table.path, path)
    return np.load(path, mmap_mode="r")
