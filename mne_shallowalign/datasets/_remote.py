"""A file on a server, and the lists of files that ship with the package."""

from __future__ import annotations

import fnmatch
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

REGISTRIES = Path(__file__).parent / "registries"
OPENNEURO = "https://s3.amazonaws.com/openneuro.org"
# The bucket serves the newest of what is kept in git, this the tagged version.
GITHUB = "https://raw.githubusercontent.com/OpenNeuroDatasets"
NEMAR = "https://data.nemar.org"
_LEAVES = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:")


@dataclass(frozen=True)
class RemoteFile:
    """What is known of a file before it is there.

    Parameters
    ----------
    path : str
        Its place below the folder of the dataset, with forward slashes.
    url : str
        Where it comes from.
    size : int | None
        Its size in bytes. ``None``: not published.
    hash : str | None
        ``"<algorithm>:<hexadecimal digest>"`` with ``sha256``, ``md5`` or ``git`` (the
        SHA-1 of a git blob), the digest possibly abbreviated to its first 128 bits.
        ``None``: not published.
    mirror : str | None
        Where it comes from if the first address no longer has this version.

    Raises
    ------
    ValueError
        If the path would leave the folder.
    """

    path: str
    url: str
    size: int | None = None
    hash: str | None = None
    mirror: str | None = None

    def __post_init__(self) -> None:
        if _LEAVES.search(self.path):
            raise ValueError(
                f"path={self.path!r} is refused: it would leave the folder of the "
                "dataset. Whoever lists its files must name them below that folder."
            )


@lru_cache
def read_columns(name: str) -> list[list[str]]:
    """Read a table that ships with the package.

    Parameters
    ----------
    name : str
        The name of the table; its file is ``registries/<name>.xz``, one column a line,
        its values separated by tabs (which compresses better than one row a line).

    Returns
    -------
    columns : list of list of str
        The columns.
    """
    text = lzma.decompress((REGISTRIES / f"{name}.xz").read_bytes()).decode()
    return [line.split("\t") for line in text.split("\n")]


def registry_of(accession: str) -> tuple[str, str] | None:
    """Find the list of files that ships for an OpenNeuro dataset.

    Parameters
    ----------
    accession : str
        The accession number, such as ``"ds005811"``.

    Returns
    -------
    found : tuple of (str, str) | None
        The name of the table and the version of the dataset; ``None`` if there is none.
    """
    for path in REGISTRIES.glob(f"{accession}_v*.xz"):
        return path.stem, path.stem.rpartition("_v")[2]
    return None


@lru_cache
def published_files(accession: str) -> tuple[RemoteFile, ...]:
    """List every file of an OpenNeuro dataset whose list ships with the package.

    Parameters
    ----------
    accession : str
        The accession number.

    Returns
    -------
    files : tuple of RemoteFile
        The files, sorted by path.

    Raises
    ------
    ValueError
        If no list ships for it.
    """
    found = registry_of(accession)
    if found is None:
        raise ValueError(f"No list of the files of {accession!r} ships here.")
    name, release = found
    files = []
    for path, size, digest, version in zip(*read_columns(name), strict=True):
        place = f"{accession}/{quote(path)}"
        url, mirror = f"{OPENNEURO}/{place}", None
        if version == "git":
            mirror = f"{GITHUB}/{accession}/{release}/{quote(path)}"
        elif version:
            url += f"?versionId={version}"
        files.append(RemoteFile(path, url, int(size), digest, mirror))
    return tuple(files)


def select(files: Iterable[RemoteFile], patterns: Iterable[str]) -> list[RemoteFile]:
    """Choose files by path.

    Parameters
    ----------
    files : iterable of RemoteFile
        Files to choose from.
    patterns : iterable of str
        Shell-style patterns of the whole path; ``*`` matches slashes too.

    Returns
    -------
    files : list of RemoteFile
        Those that match one of the patterns.
    """
    matches = re.compile("|".join(map(fnmatch.translate, patterns)) or "(?!)").match
    return [file for file in files if matches(file.path)]
