"""Datasets of NEMAR: each version has a manifest with the hash of every file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from mne.utils import verbose

from . import _remote
from ._accessions import ask, choose_files, dataset_of, fetch_chosen, patterns_of
from ._dataset import Dataset
from ._fetch import data_folder
from ._remote import RemoteFile

_ALGORITHMS = ("sha256", "md5", "git")


@verbose
def fetch_nemar(
    accession: str,
    *,
    subject: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    version: str | None = None,
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch files of a dataset of NEMAR.

    Parameters
    ----------
    accession : str
        The accession number, such as ``"nm000232"``.
    subject : str | sequence of str | None
        The labels of subjects whose raw recordings are fetched.
    include : str | sequence of str | None
        Patterns of further paths, such as ``"stimuli/*"``; ``*`` matches slashes too,
        and ``"*"`` is the whole dataset. The files at the top come always, and the
        licences of the folders that are fetched from.
    version : str | None
        The version of the dataset, such as ``"1.1.0"``. ``None``: the newest.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset, ``<path>/<accession>``.

    Raises
    ------
    ValueError
        If nothing is asked for or matches, if there is no such dataset or version, or
        if the server has other files than those of the manifest.
    OSError
        If the disk has no room, or the server cannot be reached.

    See Also
    --------
    fetch_openneuro : Fetch files of a dataset of OpenNeuro.
    fetch_things_eeg2 : Fetch a person of THINGS-EEG2, of which nm000232 is an edition.

    Notes
    -----
    The manifest of a version says the size and hash of every file: SHA-256 or MD5 of
    large files, and of small ones the SHA-1 by which git knows them. A file without a
    hash is recorded in ``<root>/.mne-shallowalign/fetched.tsv`` when it first comes,
    and verified ever after.
    """
    root = data_folder(path, accession)
    files = nemar_files(accession, subject, include, version)
    fetch_chosen(files, root, check=check)
    return root


def nemar_files(
    accession: str,
    subject: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    version: str | None = None,
) -> list[RemoteFile]:
    """List what :func:`fetch_nemar` fetches; its parameters.

    Parameters
    ----------
    accession : str
        The accession number.
    subject : str | sequence of str | None
        Labels of subjects.
    include : str | sequence of str | None
        Patterns of paths.
    version : str | None
        The version of the dataset.

    Returns
    -------
    files : list of RemoteFile
        The files.
    """
    patterns = patterns_of(accession, subject, include)
    return choose_files(accession, list_manifest(accession, version), patterns)


def list_manifest(accession: str, version: str | None = None) -> list[RemoteFile]:
    """Ask NEMAR for the files of a version of a dataset.

    Parameters
    ----------
    accession : str
        The accession number.
    version : str | None
        The version, with or without ``v``. ``None``: the newest.

    Returns
    -------
    files : list of RemoteFile
        The files, with sizes and hashes.

    Raises
    ------
    ValueError
        If there is no such dataset or version.
    ConnectionError
        If the server cannot be asked, or answers in another form.
    """
    manifest = _manifest_of(accession, version)
    said = _json(manifest)
    try:
        entries = said["files"] if isinstance(said, dict) else said
        return [_remote_file(entry, manifest) for entry in entries]
    except (KeyError, TypeError, AttributeError) as error:
        raise ConnectionError(_odd(manifest, error)) from error


def _manifest_of(accession: str, version: str | None) -> str:
    index = f"{_remote.NEMAR}/{quote(accession)}/"
    try:
        said = _json(index)
        there = {entry["version"]: entry for entry in said["versions"]}
        wanted = said["latest"] if version is None else f"v{version.removeprefix('v')}"
    except FileNotFoundError as error:
        raise ValueError(f"NEMAR has no dataset {accession!r}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ConnectionError(_odd(index, error)) from error
    if wanted not in there:
        raise ValueError(
            f"version={version!r} of {accession} is not on NEMAR; there are: "
            + ", ".join(there)
        )
    manifest = there[wanted].get("manifest_url") or f"{wanted}/manifest.json"
    return urljoin(index, manifest)


def _json(url: str) -> Any:
    content = ask(url)
    try:
        return json.loads(content)
    except ValueError as error:
        raise ConnectionError(_odd(url, error)) from error


def _odd(url: str, error: Exception) -> str:
    return (
        f"{url} answered in a form that is not known here ({error!r}). Has NEMAR "
        "changed it? Please tell the authors of mne-shallowalign."
    )


def _remote_file(entry: dict[str, Any], manifest: str) -> RemoteFile:
    path = entry["path"]
    url = entry.get("bytes_url") or entry.get("url") or urljoin(manifest, quote(path))
    algorithm, digest = entry.get("checksum_algorithm"), entry.get("checksum")
    is_known = bool(digest) and algorithm in _ALGORITHMS
    hash_ = f"{algorithm}:{digest}".lower() if is_known else None
    return RemoteFile(path, url, entry.get("size"), hash_)


def nemar_dataset(accession: str) -> Dataset:
    """Describe a dataset of NEMAR.

    Parameters
    ----------
    accession : str
        The accession number.

    Returns
    -------
    dataset : Dataset
        See :func:`dataset_of`.
    """
    return dataset_of(accession, nemar_files, fetch_nemar)
