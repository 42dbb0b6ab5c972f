"""What was fetched into a folder, and whether it is still what was fetched."""

from __future__ import annotations

import hashlib
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from filelock import FileLock, Timeout
from mne.utils import logger

from ._remote import RemoteFile

#: In the folder of a dataset: the record, and locks between processes.
HIDDEN = ".mne-shallowalign"
_N_LOCKS = 64


class Entry(NamedTuple):
    """One line of the record."""

    path: str
    size: int
    mtime_ns: int
    hash: str
    url: str
    date: str


class Record:
    """The lock file of a folder: what came into it, from where, with which hash.

    A file whose size and time of change are those of the record is taken for sound
    without reading it. A file without a published hash is compared with the record ever
    after.

    Parameters
    ----------
    root : Path
        The folder of the dataset. Its record is ``.mne-shallowalign/fetched.tsv``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / HIDDEN / "fetched.tsv"
        self._entries: dict[str, Entry] = {}
        self._n_read = 0
        self._writing = threading.Lock()

    def entries(self) -> dict[str, Entry]:
        """Return the newest entry of every path, those of other processes included."""
        with self._writing:
            self._read_on()
            return dict(self._entries)

    def get(self, path: str) -> Entry | None:
        """Return the newest entry of a path."""
        with self._writing:
            if path not in self._entries:
                self._read_on()
            return self._entries.get(path)

    def _read_on(self) -> None:
        if not self.path.is_file() or self.path.stat().st_size == self._n_read:
            return
        with self.path.open("rb") as file:
            file.seek(self._n_read)
            for line in file.read().decode().splitlines():
                values = line.split("\t")
                if len(values) == len(Entry._fields) and values[1].isdigit():
                    path, size, mtime_ns, *rest = values
                    self._entries[path] = Entry(path, int(size), int(mtime_ns), *rest)
            self._n_read = file.tell()

    def add(self, *files: tuple[str, str, str]) -> None:
        """Write down files that are in their place and sound.

        Parameters
        ----------
        *files : tuple of (str, str, str)
            The path, the address and the hash of each.
        """
        date = datetime.now(UTC).isoformat(timespec="seconds")
        lines = []
        for path, url, digest in files:
            stat = (self.root / path).stat()
            lines.append(Entry(path, stat.st_size, stat.st_mtime_ns, digest, url, date))
        text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing, FileLock(self.path.with_suffix(".lock")):
            with self.path.open("ab+") as file:
                file.write((_before(file) + text).encode())
            self._read_on()

    def is_sound(self, file: RemoteFile, *, rehash: bool = False) -> bool:
        """Tell whether a file is in its place and what it should be.

        Parameters
        ----------
        file : RemoteFile
            The file.
        rehash : bool
            Whether to read it even if nothing suggests that it has changed.

        Returns
        -------
        sound : bool
            Whether it need not be fetched. A file that was put there by other means is
            read once, and written down.
        """
        place = self.root / file.path
        if not place.is_file():
            return False
        stat, entry = place.stat(), self.get(file.path)
        if file.size not in (None, stat.st_size):
            return False
        known = file.hash or (entry and entry.hash)
        unchanged = (
            entry is not None
            and (entry.size, entry.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
            and agrees(entry.hash, known)
        )
        if unchanged and not rehash:
            return True
        digest = digest_of(place, known.split(":")[0] if known else "sha256")
        if not agrees(digest, known):
            return False
        if not unchanged:
            self.add((file.path, file.url, digest))
        return True


def _before(file: BinaryIO) -> str:
    """Say what comes before a new line: the header, or the end of a line cut short."""
    if file.seek(0, os.SEEK_END) == 0:
        return "\t".join(Entry._fields) + "\n"
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file.
    algorithm : "sha256" | "md5" | "git"
        ``"git"`` is the SHA-1 by which git knows the content of a file: of ``blob``,
        its size and the content.

    Returns
    -------
    digest : str
        ``"<algorithm>:<hexadecimal digest>"``.
    """
    with path.open("rb") as file:
        if algorithm == "git":
            head = f"blob {path.stat().st_size}\0".encode()
            digest = hashlib.file_digest(file, lambda: hashlib.sha1(head))
        else:
            digest = hashlib.file_digest(file, algorithm)
        return f"{algorithm}:{digest.hexdigest()}"


def agrees(digest: str, known: str | None) -> bool:
    """Tell whether a digest is the known one, which may be abbreviated or absent."""
    return known is None or digest.startswith(known)


def is_whole(known: str | None) -> bool:
    """Tell whether a hash is there and not abbreviated."""
    if known is None:
        return False
    algorithm, digits = known.split(":")
    algorithm = "sha1" if algorithm == "git" else algorithm
    return len(digits) == 2 * hashlib.new(algorithm).digest_size


@contextmanager
def locked(root: Path, path: str, stop: threading.Event) -> Iterator[None]:
    """Keep other threads and processes from fetching the same file.

    Parameters
    ----------
    root : Path
        The folder of the dataset.
    path : str
        The file.
    stop : Event
        Ends the wait.

    Raises
    ------
    InterruptedError
        If the wait was ended.
    """
    folder = root / HIDDEN / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{zlib.crc32(path.encode()) % _N_LOCKS:02d}")
    said = False
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            if stop.is_set():
                raise InterruptedError(f"{path}: stopped") from None
            if not said:
                logger.info("%s: another process is fetching it; waiting", path)
                said = True
    try:
        yield
    finally:
        lock.release()
