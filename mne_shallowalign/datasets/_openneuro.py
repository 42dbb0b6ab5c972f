"""Datasets of OpenNeuro: with a list of files that ships here, or without."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mne.utils import verbose

from . import _remote
from ._accessions import ask, choose_files, dataset_of, fetch_chosen, patterns_of
from ._dataset import Dataset
from ._fetch import data_folder, fetch_files
from ._remote import RemoteFile, published_files, registry_of


@verbose
def fetch_openneuro(
    accession: str,
    *,
    subject: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    version: str | None = None,
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch files of a dataset of OpenNeuro.

    Parameters
    ----------
    accession : str
        The accession number, such as ``"ds005811"``.
    subject : str | sequence of str | None
        The labels of subjects whose raw recordings are fetched.
    include : str | sequence of str | None
        Patterns of further paths, such as ``"stimuli/*"``; ``*`` matches slashes too,
        and ``"*"`` is the whole dataset. The files at the top come always, and the
        licences of the folders that are fetched from.
    version : str | None
        The version of the dataset. ``None``: the one whose list of files ships with
        the package, else the newest.
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
        If nothing is asked for or matches, if there is no such version, or if the
        server has other files than those published or first recorded.
    OSError
        If the disk has no room, or the server cannot be reached.

    Notes
    -----
    For ds004212 (THINGS-MEG), ds003825 (THINGS-EEG1), ds005811 and ds005810 (NOD-EEG
    and NOD-MEG) the size and hash of every file ship with the package. For any other
    dataset, the bucket is asked for its newest list: sizes, and MD5 digests of files
    uploaded in one part. What came in is recorded in
    ``<root>/.mne-shallowalign/fetched.tsv`` and verified ever after.
    """
    root = data_folder(path, accession)
    files = openneuro_files(accession, subject, include, version)
    fetch_chosen(files, root, check=check)
    return root


def openneuro_files(
    accession: str,
    subject: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    version: str | None = None,
) -> list[RemoteFile]:
    """List what :func:`fetch_openneuro` fetches; its parameters.

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
    return choose_files(accession, _files_of(accession, version), patterns)


def _files_of(accession: str, version: str | None) -> Sequence[RemoteFile]:
    found = registry_of(accession)
    if found is not None and version in (None, found[1]):
        return published_files(accession)
    if version is not None:
        there = f"{found[1]} or None" if found else "None, the newest,"
        raise ValueError(
            f"version={version!r} of {accession} cannot be fetched here: only {there} "
            "can. The package openneuro-py has other versions."
        )
    return list_bucket(accession)


def list_bucket(accession: str) -> list[RemoteFile]:
    """Ask the bucket of OpenNeuro for the newest files of a dataset.

    Parameters
    ----------
    accession : str
        The accession number.

    Returns
    -------
    files : list of RemoteFile
        The files, with sizes and, where S3 says it, MD5 digests.

    Raises
    ------
    ValueError
        If there is no such dataset.
    ConnectionError
        If the bucket cannot be asked.
    """
    prefix, files, token = f"{accession}/", [], ""
    while True:
        query = f"list-type=2&prefix={quote(prefix)}" + (
            f"&continuation-token={quote(token, safe='')}" if token else ""
        )
        page = _ask(f"{_remote.OPENNEURO}?{query}")
        for entry in page.iter(_tag(page, "Contents")):
            key = entry.findtext(_tag(page, "Key"), "")
            size = int(entry.findtext(_tag(page, "Size"), "0"))
            etag = entry.findtext(_tag(page, "ETag"), "").strip('"')
            digest = f"md5:{etag}" if len(etag) == 32 else None  # else of several parts
            url = f"{_remote.OPENNEURO}/{quote(key)}"
            files.append(RemoteFile(key.removeprefix(prefix), url, size, digest))
        token = page.findtext(_tag(page, "NextContinuationToken"), "")
        if not token:
            break
    if not files:
        raise ValueError(f"OpenNeuro has no dataset {accession!r}.")
    return [f for f in files if f.path and not f.path.endswith("/")]


def _tag(page: ElementTree.Element, name: str) -> str:
    namespace = page.tag.rpartition("}")[0]
    return f"{namespace}}}{name}" if namespace else name


def _ask(url: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(ask(url))
    except (FileNotFoundError, ElementTree.ParseError) as error:
        raise ConnectionError(
            f"The list of files could not be had from {url}: {error}"
        ) from error


def openneuro_dataset(accession: str) -> Dataset:
    """Describe a dataset of OpenNeuro.

    Parameters
    ----------
    accession : str
        The accession number.

    Returns
    -------
    dataset : Dataset
        See :func:`dataset_of`.
    """
    return dataset_of(accession, openneuro_files, fetch_openneuro)


def _files(subject: str | int, root: Path | None = None) -> list[RemoteFile]:
    return openneuro_files("ds003825", THINGS_EEG1.label(subject))


def _fetch(
    subject: str | int, *, path: str | Path | None = None, check: bool = False
) -> Path:
    root = data_folder(path, THINGS_EEG1.folder)
    THINGS_EEG1.show_terms(root)
    fetch_files(_files(subject), root, check=check)
    return root


THINGS_EEG1 = Dataset(
    title="THINGS-EEG1",
    folder="ds003825",
    modality="EEG",
    subjects=tuple(f"{n:02d}" for n in range(1, 51)),
    hours=1.0,
    size=850_791_105,
    licence="CC0",
    doi="10.18112/openneuro.ds003825.v1.2.0",
    citation="Grootswagers, T., Zhou, I., Robinson, A. K., Hebart, M. N., & Carlson, "
    "T. A. (2022). Human EEG recordings for 1,854 concepts presented in rapid serial "
    "visual presentation streams. Scientific Data, 9, 3. "
    "https://doi.org/10.1038/s41597-021-01102-7",
    files=_files,
    fetch=_fetch,
)
