"""An archive fetched, unpacked and thrown away."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from filelock import FileLock

from ._archives import unpack
from ._fetch import fetch_files
from ._record import HIDDEN, Record
from ._remote import RemoteFile


def fetch_archive(
    archive: RemoteFile,
    root: Path,
    place: Callable[[str], str | None],
    expected: Collection[str] | None = None,
    *,
    check: bool = False,
    password: str | None = None,
    needs_password: str = "",
) -> None:
    """Bring what an archive holds into a folder.

    Parameters
    ----------
    archive : RemoteFile
        The archive. It is deleted after it has been unpacked.
    root : Path
        The folder.
    place : callable
        From the name of a member to its path below ``root``, or ``None``: leave it out.
    expected : collection of str | None
        The paths that are wanted. ``None``: those of the last time, if there was one.
    check : bool
        Whether to read again what is there, and compare its hash.
    password : str | None
        Of encrypted members.
    needs_password : str
        Tells the user how to come by it.

    Raises
    ------
    ValueError
        If the archive lacks something that is expected, or cannot be unpacked.
    OSError
        If the disk has no room, or the server cannot be reached.
    """
    (root / HIDDEN).mkdir(parents=True, exist_ok=True)
    with FileLock(root / HIDDEN / "unpack.lock"):
        if is_unpacked(archive, root, expected, check=check):
            return
        fetch_files([archive], root)
        paths = unpack(
            archive,
            root,
            lambda name: _wanted(place(name), expected),
            password=password,
            needs_password=needs_password,
        )
        lacking = sorted(set(expected or ()) - set(paths))
        if lacking:
            raise ValueError(
                f"{archive.path} lacks {len(lacking)} of the files that were expected: "
                + ", ".join(lacking[:5])
            )
        (root / archive.path).unlink()


def _wanted(path: str | None, expected: Collection[str] | None) -> str | None:
    return path if expected is None or path in expected else None


def is_unpacked(
    archive: RemoteFile,
    root: Path,
    expected: Collection[str] | None = None,
    *,
    check: bool = False,
) -> bool:
    """Tell whether what an archive holds is there and sound.

    Parameters
    ----------
    archive : RemoteFile
        The archive.
    root : Path
        The folder.
    expected : collection of str | None
        The paths that are wanted. ``None``: those of the last time.
    check : bool
        Whether to read them again.

    Returns
    -------
    there : bool
        Whether it is.
    """
    members = unpacked_files(archive, root)
    if expected is not None:
        members = [f for f in members if f.path in set(expected)]
    if len(members) < (1 if expected is None else len(expected)):
        return False
    record = Record(root)
    return all(record.is_sound(f, rehash=check) for f in members)


def unpacked_files(archive: RemoteFile, root: Path) -> list[RemoteFile]:
    """List what came out of an archive, with the sizes and hashes of that time.

    Parameters
    ----------
    archive : RemoteFile
        The archive.
    root : Path
        The folder.

    Returns
    -------
    files : list of RemoteFile
        The files.
    """
    return [
        RemoteFile(entry.path, entry.url, entry.size, entry.hash)
        for entry in Record(root).entries().values()
        if entry.url.startswith(f"{archive.url}#")
    ]
