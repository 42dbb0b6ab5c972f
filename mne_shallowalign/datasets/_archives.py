"""Archives taken apart, without leaving their folder or filling the disk."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

from mne.utils import logger, sizeof_fmt

from ._record import HIDDEN, Record, digest_of
from ._remote import RemoteFile

_HIGHEST_RATIO = 200  # of unpacked to packed; recordings and photographs stay below 3
_ENCRYPTED = 0x1


def unpack(
    archive: RemoteFile,
    root: Path,
    place: Callable[[str], str | None],
    *,
    password: str | None = None,
    needs_password: str = "",
) -> list[str]:
    """Extract members of a zip file, and write them down in the record.

    Parameters
    ----------
    archive : RemoteFile
        The archive, which is in its place.
    root : Path
        The folder of the dataset.
    place : callable
        From the name of a member to its path below ``root``, or ``None``: leave it out.
    password : str | None
        Of encrypted members.
    needs_password : str
        Tells the user how to come by it.

    Returns
    -------
    paths : list of str
        Below ``root``. Either all of them are in their place afterwards, or none of
        those that were not there before.

    Raises
    ------
    ValueError
        If the archive is damaged, has unsafe members or none that is wanted, or if the
        password is wrong or missing.
    OSError
        If the disk has no room for them.
    """
    try:
        with zipfile.ZipFile(root / archive.path) as opened:
            chosen = _choose(opened, place)
            _check_room(chosen, root / archive.path)
            if password is None and any(m.flag_bits & _ENCRYPTED for m in chosen):
                raise ValueError(f"{archive.path} is encrypted. {needs_password}")
            secret = None if password is None else password.encode()
            return _extract(opened, chosen, secret, archive, root)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(
            f"{root / archive.path} is damaged ({error}). Delete it and fetch again."
        ) from error
    except NotImplementedError as error:
        raise ValueError(
            f"{root / archive.path} is packed in a way that Python cannot read "
            f"({error}). Unpack it by other means into {root}."
        ) from error


def _choose(
    opened: zipfile.ZipFile, place: Callable[[str], str | None]
) -> dict[zipfile.ZipInfo, str]:
    """Refuse an archive with any unsafe member, and choose those that are wanted."""
    chosen = {}
    for member in opened.infolist():
        _check_name(member, opened.filename)
        if member.is_dir():
            continue
        path = place(member.filename)
        if path is not None:
            chosen[member] = path
    twice = [path for path, n in Counter(chosen.values()).items() if n > 1]
    if twice:
        raise ValueError(
            f"{opened.filename} is refused: {len(twice)} files are in it more than "
            f"once: {', '.join(twice[:5])}."
        )
    if not chosen:
        names = ", ".join(opened.namelist()[:5])
        raise ValueError(
            f"{opened.filename} holds nothing of what was looked for; it begins with: "
            f"{names or 'nothing'}."
        )
    return chosen


def _check_name(member: zipfile.ZipInfo, archive: str | None) -> None:
    name = member.orig_filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive:
        raise ValueError(
            f"{archive} is refused: its member {name!r} would leave the folder."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"{archive} is refused: its member {name!r} is a link.")


def _check_room(chosen: dict[zipfile.ZipInfo, str], path: Path) -> None:
    """Refuse what would unpack to far more than any recording or picture does."""
    size = sum(member.file_size for member in chosen)
    if size > _HIGHEST_RATIO * path.stat().st_size:
        raise ValueError(
            f"{path} is refused: {sizeof_fmt(path.stat().st_size)} would unpack to "
            f"{sizeof_fmt(size)}."
        )
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise OSError(
            errno.ENOSPC,
            f"Unpacking needs {sizeof_fmt(size)}, {sizeof_fmt(free)} are free",
            str(path),
        )


def _extract(
    opened: zipfile.ZipFile,
    chosen: dict[zipfile.ZipInfo, str],
    password: bytes | None,
    archive: RemoteFile,
    root: Path,
) -> list[str]:
    """Unpack beside, then move in what is whole."""
    from tqdm.auto import tqdm

    bar = tqdm(
        total=sum(member.file_size for member in chosen),
        desc="Unpacking",
        unit="B",
        unit_scale=True,
        delay=2,
        leave=False,
        disable=not logger.isEnabledFor(logging.INFO),
    )
    with (
        bar,
        tempfile.TemporaryDirectory(prefix="unpack-", dir=root / HIDDEN) as beside,
    ):
        rows = []
        for member, path in chosen.items():
            target = Path(beside, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(opened, member, password, target, bar.update)
            rows.append((path, f"{archive.url}#{member.filename}", digest_of(target)))
        for path in chosen.values():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(beside, path), root / path)
    Record(root).add(*rows)
    return list(chosen.values())


def _write(
    opened: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    password: bytes | None,
    target: Path,
    advance: Callable[[int], object],
) -> None:
    try:
        with opened.open(member, pwd=password) as source, target.open("wb") as file:
            while chunk := source.read(1 << 20):
                file.write(chunk)
                advance(len(chunk))
    except NotImplementedError:
        raise
    except RuntimeError as error:  # zipfile's word for a wrong password
        raise ValueError(
            f"{opened.filename} cannot be decrypted: the password is wrong ({error})."
        ) from error
