"""Datasets in BIDS of which only the accession number is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from mne.utils import logger

from ._dataset import Dataset
from ._fetch import fetch_files
from ._remote import RemoteFile, select

_OF_NO_USE = (".git*", ".datalad/*")


def patterns_of(
    accession: str,
    subject: str | Sequence[str] | None,
    include: str | Sequence[str] | None,
) -> list[str]:
    """Say which paths are asked for.

    Parameters
    ----------
    accession : str
        The accession number.
    subject : str | sequence of str | None
        Labels of subjects.
    include : str | sequence of str | None
        Patterns of further paths.

    Returns
    -------
    patterns : list of str
        Patterns of paths.

    Raises
    ------
    ValueError
        If nothing is asked for.
    """
    if subject is None and include is None:
        raise ValueError(
            f"{accession} without subject= or include= would bring a whole dataset. "
            "Give subject=..., or include=... with patterns of paths ('*' for "
            "everything)."
        )
    subjects = [subject] if isinstance(subject, str) else list(subject or ())
    patterns = [f"sub-{s.removeprefix('sub-')}/*" for s in subjects]
    return patterns + ([include] if isinstance(include, str) else list(include or ()))


def choose_files(
    accession: str, files: Sequence[RemoteFile], patterns: Sequence[str]
) -> list[RemoteFile]:
    """Choose files by pattern, with what the dataset says of itself.

    Parameters
    ----------
    accession : str
        The accession number.
    files : sequence of RemoteFile
        All files.
    patterns : sequence of str
        Patterns of paths.

    Returns
    -------
    files : list of RemoteFile
        Those at the top, those that match, and the licences of their folders.

    Raises
    ------
    ValueError
        If a pattern matches nothing.
    """
    unused = {f.path for f in select(files, _OF_NO_USE)}
    files = [f for f in files if f.path not in unused]
    for pattern in patterns:
        if not select(files, [pattern]):
            tops = sorted({f.path.split("/")[0] for f in files})
            raise ValueError(
                f"{accession} has nothing that matches {pattern!r}. At its top are: "
                + ", ".join(tops[:60])
            )
    chosen = {f.path for f in select(files, patterns)}
    folders = {folder for path in chosen for folder in PurePosixPath(path).parents}
    return [
        f
        for f in files
        if f.path in chosen
        or "/" not in f.path
        or (_is_licence(f) and PurePosixPath(f.path).parent in folders)
    ]


def _is_licence(file: RemoteFile) -> bool:
    return PurePosixPath(file.path).name.upper().startswith(("LICENSE", "LICENCE"))


def fetch_chosen(
    files: Sequence[RemoteFile], root: Path, *, check: bool = False
) -> None:
    """Fetch and show the terms of a dataset, then fetch the rest.

    Parameters
    ----------
    files : sequence of RemoteFile
        What :func:`choose_files` returns.
    root : Path
        The folder of the dataset.
    check : bool
        Whether to read again what is there, and compare its hash.
    """
    terms = [f for f in files if "/" not in f.path or _is_licence(f)]
    rest = [f for f in files if f not in terms]
    fetch_files(terms, root, check=check)
    _show_terms(root, [f.path for f in terms if "/" in f.path])
    if rest:
        fetch_files(rest, root, check=check)


def _show_terms(root: Path, licences: Sequence[str]) -> None:
    """Say what the dataset says of itself, and of folders with terms of their own."""
    description = root / "dataset_description.json"
    if description.is_file():
        said = json.loads(description.read_text(encoding="utf-8-sig"))
        logger.info(
            "%s: licence %s. Please cite: %s %s",
            said.get("Name", root.name),
            said.get("License", "not stated"),
            said.get("HowToAcknowledge") or ", ".join(said.get("Authors", [])),
            said.get("DatasetDOI", ""),
        )
    for path in licences:
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        logger.info("%s:\n%s", path, text.strip())


def dataset_of(
    accession: str,
    list_files: Callable[..., list[RemoteFile]],
    fetch_some: Callable[..., Path],
) -> Dataset:
    """Describe a dataset of which only the accession number is known.

    Parameters
    ----------
    accession : str
        The accession number.
    list_files : callable
        ``list_files(accession, subject, include) -> list of RemoteFile``.
    fetch_some : callable
        ``fetch_some(accession, *, subject, include, path, check) -> Path``.

    Returns
    -------
    dataset : Dataset
        Its subjects are unknown, so that none need be given.
    """

    def files(
        subject: str | None = None,
        root: Path | None = None,
        *,
        include: str | Sequence[str] | None = None,
    ) -> list[RemoteFile]:
        return list_files(accession, subject, include)

    def fetch(
        subject: str | None = None,
        *,
        include: str | Sequence[str] | None = None,
        path: str | Path | None = None,
        check: bool = False,
    ) -> Path:
        return fetch_some(
            accession, subject=subject, include=include, path=path, check=check
        )

    return Dataset(accession, accession, "", (), 0.0, 0, "", "", "", files, fetch)


def ask(url: str) -> bytes:
    """Ask a server for a list.

    Parameters
    ----------
    url : str
        The address.

    Returns
    -------
    content : bytes
        The answer.

    Raises
    ------
    FileNotFoundError
        If the server has no such thing.
    ConnectionError
        If it cannot be reached, or does not answer.
    """
    import requests

    from ._download import headers_for

    try:
        answer = requests.get(url, headers=headers_for(url), timeout=60)
        if answer.status_code == 404:
            raise FileNotFoundError(f"{url} answered 404: there is no such list.")
        answer.raise_for_status()
        return answer.content
    except requests.RequestException as error:
        raise ConnectionError(
            f"The list of files could not be had from {url}: {error}"
        ) from error
