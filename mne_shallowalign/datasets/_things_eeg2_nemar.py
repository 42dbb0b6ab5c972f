"""The BIDS edition of THINGS-EEG2 on NEMAR: what of it is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ._accessions import choose_files, fetch_chosen
from ._fetch import data_folder
from ._fetch_archive import fetch_archive
from ._nemar import list_manifest
from ._remote import RemoteFile, select

ACCESSION = "nm000232"
_VERSION = "1.1.0"  # the one whose layout is known
_PARTS = ("training_images", "test_images")


def fetch_edition(
    label: str, sessions: Sequence[str], path: str | Path | None, *, check: bool
) -> Path:
    """Fetch the recordings of a person, and the table of the pictures.

    Parameters
    ----------
    label : str
        The label of the subject.
    sessions : sequence of str
        The labels of the sessions.
    path : str | Path | None
        The folder of all datasets.
    check : bool
        Whether to read again what is there, and compare its hash.

    Returns
    -------
    root : Path
        The root of the edition.
    """
    root = data_folder(path, ACCESSION)
    patterns = [f"sub-{label}/ses-{session}/*" for session in sessions]
    files = _choose([*patterns, "stimuli/stimuli.*"])
    at_rest = {f.path for f in select(files, ["*_task-rest_*"])}
    fetch_chosen([f for f in files if f.path not in at_rest], root, check=check)
    return root


def fetch_edition_images(
    place: Callable[[str], str | None], path: str | Path | None, *, check: bool
) -> Path:
    """Fetch the pictures from their archives, after showing their licence.

    Parameters
    ----------
    place : callable
        From the name of a member to its path below the root, or ``None``: leave it out.
    path : str | Path | None
        The folder of all datasets.
    check : bool
        Whether to read again what is there, and compare its hash.

    Returns
    -------
    folder : Path
        The folder of the pictures.
    """
    root = data_folder(path, ACCESSION)
    archives = [f"stimuli/{part}.zip" for part in _PARTS]
    files = _choose(["stimuli/stimuli.*", *archives])
    fetch_chosen([f for f in files if f.path not in archives], root, check=check)
    for archive in select(files, archives):
        fetch_archive(archive, root, place, check=check)
    return root / "stimuli"


def _choose(patterns: Sequence[str]) -> list[RemoteFile]:
    return choose_files(ACCESSION, list_manifest(ACCESSION, _VERSION), patterns)
