"""Whether what is on disk is what was published, or first recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ._fetch_archive import unpacked_files
from ._record import Record
from ._remote import RemoteFile


def verify_files(files: Sequence[RemoteFile], root: Path) -> dict[str, str]:
    """Read files, and compare their sizes and hashes.

    Parameters
    ----------
    files : sequence of RemoteFile
        What should be there. In place of an archive, what came out of it is verified.
    root : Path
        The folder of the dataset.

    Returns
    -------
    states : dict of str to str
        From the path to ``"sound"``, ``"missing"`` or ``"damaged"``.
    """
    record = Record(root)
    states = {}
    for file in files:
        for one in _members(file, root):
            if not (root / one.path).is_file():
                states[one.path] = "missing"
            else:
                sound = record.is_sound(one, rehash=True)
                states[one.path] = "sound" if sound else "damaged"
    return states


def _members(file: RemoteFile, root: Path) -> list[RemoteFile]:
    return unpacked_files(file, root) or [file]
