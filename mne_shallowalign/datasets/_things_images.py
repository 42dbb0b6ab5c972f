"""The pictures of THINGS: for research only, or one free picture per concept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from mne.utils import verbose

from ._dataset import Dataset
from ._fetch import data_folder
from ._fetch_archive import fetch_archive, unpacked_files
from ._remote import RemoteFile
from ._things_tables import things_concepts, things_images

#: The environment variable, or value of MNE's configuration, that holds the password.
PASSWORD = "MNE_SHALLOWALIGN_THINGS_PASSWORD"
_NEEDS_PASSWORD = (
    "The pictures of THINGS are for academic research only. Read and accept the terms "
    "on https://osf.io/jum2f, where password_images.txt tells the password; then give "
    f"password=..., or set {PASSWORD} in the environment or in MNE's configuration."
)
_OSF = "https://osf.io/download"
Edition = Literal["things", "things-plus"]


@verbose
def fetch_things_images(
    *,
    edition: Edition = "things",
    images: Sequence[str] | None = None,
    password: str | None = None,
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch the pictures of THINGS.

    Parameters
    ----------
    edition : "things" | "things-plus"
        The 26,107 pictures that people were shown (about 5 GB, encrypted, for academic
        research only), or the 1,854 free ones of THINGSplus (1.1 GB, CC0), one per
        concept, which nobody was shown.
    images : sequence of str | None
        Which of them to unpack, as ``epochs.metadata["image"]`` of
        :func:`load_things_meg` names them. ``None``: all.
    password : str | None
        The password of the pictures, which the authors tell those who accept their
        terms (https://osf.io/jum2f). ``None``: the environment variable or the value in
        MNE's configuration ``MNE_SHALLOWALIGN_THINGS_PASSWORD``.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    folder : Path
        The folder of the pictures, ``<concept>/<file>`` in it. It is the
        ``image_root`` of a decoder for THINGS-MEG.

    Raises
    ------
    ValueError
        If the password is missing or wrong, or an image unknown.
    OSError
        If the disk has no room, or the server cannot be reached.

    Notes
    -----
    The archive has no published hash: what came out of it is recorded, and verified
    ever after. Python decrypts a few megabytes a second.
    """
    from mne import get_config

    archive, folder = _archive(edition)
    known = _names(edition)
    wanted = known if images is None else set(images)
    unknown = sorted(wanted - known)
    if unknown:
        raise ValueError(
            f"{len(unknown)} images are not in {edition!r}, as {unknown[0]!r}."
        )
    root = data_folder(path, THINGS_IMAGES.folder)
    THINGS_IMAGES.show_terms(root)
    fetch_archive(
        archive,
        root,
        lambda name: f"{folder}/{_inside(name)}",
        {f"{folder}/{name}" for name in wanted},
        check=check,
        password=password or get_config(PASSWORD),
        needs_password=_NEEDS_PASSWORD,
    )
    return root / folder


def _inside(name: str) -> str:
    """Take the folder of the archive, whatever it is called, off a member's name."""
    parts = PurePosixPath(name).parts
    for top, part in enumerate(parts):
        if part.startswith("object_images"):
            return "/".join(parts[top + 1 :])
    return name


def _archive(edition: Edition) -> tuple[RemoteFile, str]:
    if edition not in _ARCHIVES:
        raise ValueError(f"edition={edition!r} must be 'things' or 'things-plus'.")
    return _ARCHIVES[edition]


def _names(edition: Edition) -> set[str]:
    if edition == "things":
        return set(things_images()["image"])
    return set(things_concepts()["concept"] + ".jpg")


_ARCHIVES = {
    "things": (
        RemoteFile("images_THINGS.zip", f"{_OSF}/rdxy2/"),
        "object_images",
    ),
    "things-plus": (
        RemoteFile("object_images_CC0.zip", f"{_OSF}/wb36u/"),
        "object_images_CC0",
    ),
}


def _files(
    subject: None = None, root: Path | None = None, *, edition: Edition = "things"
) -> list[RemoteFile]:
    archive = _archive(edition)[0]
    there = unpacked_files(archive, root) if root is not None else []
    return there if len(there) >= len(_names(edition)) else [archive]


def _fetch(
    subject: None = None,
    *,
    edition: Edition = "things",
    path: str | Path | None = None,
    check: bool = False,
) -> Path:
    return fetch_things_images(edition=edition, path=path, check=check)


THINGS_IMAGES = Dataset(
    title="THINGS images",
    folder="things-images",
    modality="",
    subjects=(),
    hours=0.0,
    size=5_000_000_000,
    licence="academic research only, no redistribution (THINGSplus: CC0)",
    doi="10.17605/osf.io/jum2f",
    citation="Hebart, M. N., Dickter, A. H., Kidder, A., Kwok, W. Y., Corriveau, A., "
    "Van Wicklin, C., & Baker, C. I. (2019). THINGS: A database of 1,854 object "
    "concepts and more than 26,000 naturalistic object images. PLOS ONE, 14(10), "
    "e0223792. "
    "https://doi.org/10.1371/journal.pone.0223792",
    files=_files,
    fetch=_fetch,
)
