"""THINGS-EEG2: the authors' archive of a person or the BIDS edition, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from mne.utils import verbose

from ._dataset import Dataset, as_labels
from ._fetch import data_folder, fetch_files
from ._fetch_archive import fetch_archive, unpacked_files
from ._remote import RemoteFile
from ._things_eeg2_nemar import fetch_edition, fetch_edition_images

# By number, not by name: files 6 and 9 were replaced in later versions of the article.
_FIGSHARE = {
    "01": 33244238,
    "02": 33247340,
    "03": 33247355,
    "04": 33247361,
    "05": 33247376,
    "06": 34404491,
    "07": 33247622,
    "08": 33247652,
    "09": 38916017,
    "10": 33247694,
}
_FIGSHARE_URL = "https://plus.figshare.com/ndownloader/files"
_OSF = "https://osf.io/download"
_IMAGES = {"training_images": "3v527", "test_images": "znu7b"}
_SESSIONS = ("01", "02", "03", "04")
Labels = str | int | Sequence[str] | Sequence[int]
Edition = Literal["authors", "nemar"]


@verbose
def fetch_things_eeg2(
    subject: str | int,
    *,
    session: Labels | None = None,
    edition: Edition = "authors",
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch the raw recording of a person of THINGS-EEG2.

    Parameters
    ----------
    subject : str | int
        The label of the subject: 01 to 10.
    session : str | int | sequence | None
        The sessions, 1 to 4. ``None``: all.
    edition : "authors" | "nemar"
        The authors' archive, or the BIDS edition on NEMAR (nm000232, version 1.1.0)
        without its recordings at rest.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    folder : Path
        The folder of the subject, ``<path>/things-eeg2/sub-XX``, with
        ``ses-0Y/raw_eeg_training.npy`` and ``ses-0Y/raw_eeg_test.npy``; of the BIDS
        edition its root, ``<path>/nm000232``. Either is the ``path`` of
        :func:`load_things_eeg2`.

    Raises
    ------
    ValueError
        If there is no such subject, session or edition, or if the files are not those
        that were first fetched or are in the manifest.
    OSError
        If the disk has no room, or the server cannot be reached.

    See Also
    --------
    fetch_nemar : Fetch other files of the BIDS edition.

    Notes
    -----
    The archive of a subject has about 10 GB and its content about 14 GB; the archive is
    deleted when it has been unpacked. Its authors publish no hashes. So what is fetched
    first is recorded in ``.mne-shallowalign/fetched.tsv`` in ``<path>/things-eeg2``
    (size, SHA-256, date, address), and verified ever after.

    The files are pickles; :func:`load_things_eeg2` reads them with an unpickler that
    builds nothing but arrays.

    The BIDS edition (CC BY 4.0, https://doi.org/10.82901/nemar.nm000232) publishes the
    hash of every file. :func:`load_bids` reads it too. A training session has five
    recordings there.
    """
    label = THINGS_EEG2.label(subject)
    sessions = _as_sessions(session)
    if _is_nemar(edition):
        return fetch_edition(label, sessions, path, check=check)
    root = data_folder(path, THINGS_EEG2.folder)
    THINGS_EEG2.show_terms(root)
    fetch_archive(
        _archive(label),
        root,
        lambda name: _place(name, label),
        _recordings(label, sessions),
        check=check,
    )
    return root / f"sub-{label}"


def _is_nemar(edition: Edition) -> bool:
    if edition not in ("authors", "nemar"):
        raise ValueError(f"edition={edition!r} must be 'authors' or 'nemar'.")
    return edition == "nemar"


def _as_sessions(session: Labels | None) -> list[str]:
    sessions = list(_SESSIONS) if session is None else as_labels(session) or []
    if not sessions or not set(sessions) <= set(_SESSIONS):
        raise ValueError(f"session={session!r} must be among {', '.join(_SESSIONS)}.")
    return sessions


def _recordings(label: str, sessions: Sequence[str]) -> list[str]:
    parts = ("training", "test")
    return [f"sub-{label}/ses-{s}/raw_eeg_{p}.npy" for s in sessions for p in parts]


def _archive(label: str) -> RemoteFile:
    return RemoteFile(f"sub-{label}.zip", f"{_FIGSHARE_URL}/{_FIGSHARE[label]}")


def _files(
    subject: str | int, root: Path | None = None, *, session: Labels | None = None
) -> list[RemoteFile]:
    """List the recordings as they were when they were unpacked, else the archive."""
    label = THINGS_EEG2.label(subject)
    wanted = _recordings(label, _as_sessions(session))
    archive = _archive(label)
    there = {} if root is None else {f.path: f for f in unpacked_files(archive, root)}
    if not there:
        return [archive]
    return [there.get(p, RemoteFile(p, f"{archive.url}#{p}")) for p in wanted]


def _fetch(
    subject: str | int,
    *,
    session: Labels | None = None,
    path: str | Path | None = None,
    check: bool = False,
) -> Path:
    return fetch_things_eeg2(subject, session=session, path=path, check=check)


def _place(name: str, label: str) -> str | None:
    """Find the place of a member, whatever the folders above its session are."""
    parts = PurePosixPath(name).parts
    of_another = any(p.startswith("sub-") and p != f"sub-{label}" for p in parts[:-1])
    if of_another or name.startswith("__MACOSX"):
        return None
    *_, session, file = ("", *parts)
    return f"sub-{label}/{session}/{file}"


@verbose
def fetch_things_eeg2_metadata(
    *,
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch the table that names the pictures of THINGS-EEG2.

    Parameters
    ----------
    path : str | Path | None
        As for :func:`fetch_things_eeg2`.
    check : bool
        Whether to read it again, and compare its hash.
    %(verbose)s

    Returns
    -------
    file : Path
        ``<path>/things-eeg2/image_metadata.npy``, a pickle.
    """
    root = data_folder(path, THINGS_EEG2.folder)
    name = "image_metadata.npy"
    fetch_files([RemoteFile(name, f"{_OSF}/qkgtf/")], root, check=check)
    return root / name


@verbose
def fetch_things_eeg2_images(
    *,
    edition: Edition = "authors",
    path: str | Path | None = None,
    check: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Fetch the 16,740 pictures of THINGS-EEG2.

    Parameters
    ----------
    edition : "authors" | "nemar"
        Whose archives: the authors', or the same of the BIDS edition on NEMAR (663 MB),
        which has published hashes.
    path : str | Path | None
        As for :func:`fetch_things_eeg2`.
    check : bool
        Whether to read again what is there, and compare its hash.
    %(verbose)s

    Returns
    -------
    folder : Path
        ``<path>/things-eeg2/stimuli`` or ``<path>/nm000232/stimuli``, with
        ``training_images/<concept>/<file>`` and ``test_images/<concept>/<file>``.

    Raises
    ------
    ValueError
        If there is no such edition, or if the files are not those that were first
        fetched or are in the manifest.
    OSError
        If the disk has no room, or the server cannot be reached.

    Notes
    -----
    They are pictures of THINGS, which are for academic research only.
    """
    if _is_nemar(edition):
        return fetch_edition_images(_picture, path, check=check)
    root = data_folder(path, THINGS_EEG2.folder)
    THINGS_EEG2.show_terms(root)
    for part, number in _IMAGES.items():
        archive = RemoteFile(f"{part}.zip", f"{_OSF}/{number}/")
        fetch_archive(archive, root, _picture, check=check)
    return root / "stimuli"


def _picture(name: str) -> str | None:
    parts = PurePosixPath(name).parts
    for top, part in enumerate(parts):
        if part in _IMAGES and name.lower().endswith((".jpg", ".jpeg")):
            return "/".join(("stimuli", *parts[top:]))
    return None


THINGS_EEG2 = Dataset(
    title="THINGS-EEG2",
    folder="things-eeg2",
    modality="EEG",
    subjects=tuple(_FIGSHARE),
    hours=7.6,
    size=10_000_000_000,
    licence="CC BY 4.0 (the pictures are those of THINGS: academic research only)",
    doi="10.25452/figshare.plus.18470912.v4",
    citation="Gifford, A. T., Dwivedi, K., Roig, G., & Cichy, R. M. (2022). A large "
    "and rich EEG dataset for modeling human visual object recognition. NeuroImage, "
    "264, 119754. https://doi.org/10.1016/j.neuroimage.2022.119754",
    files=_files,
    fetch=_fetch,
)
