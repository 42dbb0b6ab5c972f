"""Files brought into a folder: only what is missing, several at a time, each whole."""

from __future__ import annotations

import errno
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mne.utils import logger, sizeof_fmt

from ._record import Record, digest_of, is_whole, locked
from ._remote import RemoteFile

_N_AT_ONCE = 4  # enough for a fast line, few enough to be polite
_FULL = (
    "The disk is full, {} is not whole. Make room, or give path= on another disk; what "
    "has arrived is kept, and the next call goes on from there"
)


def data_folder(path: str | Path | None, name: str) -> Path:
    """Say where a dataset is kept.

    Parameters
    ----------
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``, else ``~/mne_data``).
    name : str
        The name of the dataset.

    Returns
    -------
    root : Path
        Its folder.
    """
    from mne import get_config

    if path is None:
        data = Path(get_config("MNE_DATA", "~/mne_data"))
        path = data.expanduser() / "mne-shallowalign"
    return Path(path).expanduser().absolute() / name


def fetch_files(
    files: Sequence[RemoteFile], root: Path, *, check: bool = False
) -> list[RemoteFile]:
    """Bring those files into a folder that are not there yet, or no longer sound.

    Parameters
    ----------
    files : sequence of RemoteFile
        What should be there.
    root : Path
        The folder.
    check : bool
        Whether to read again what is there, and compare its hash.

    Returns
    -------
    fetched : list of RemoteFile
        Those that were not there.

    Raises
    ------
    OSError
        If the disk has no room for them.
    ConnectionError
        If the server cannot be reached.
    ValueError
        If the server has other files than those published or first recorded.
    """
    record = Record(root)
    missing = [f for f in files if not record.is_sound(f, rehash=check)]
    logger.info(
        "%s: %d of %d files are there; %s to fetch",
        root,
        len(files) - len(missing),
        len(files),
        describe_size(missing),
    )
    if missing:
        _check_room(missing, root)
        _fetch_all(missing, record, check)
    return missing


def describe_size(files: Sequence[RemoteFile]) -> str:
    """Say how large files are together.

    Parameters
    ----------
    files : sequence of RemoteFile
        The files.

    Returns
    -------
    size : str
        Such as ``"113.2 MB"``, with the number of those whose size is not published.
    """
    unknown = sum(f.size is None for f in files)
    size = sizeof_fmt(sum(f.size or 0 for f in files))
    if not unknown:
        return size
    rest = f"{unknown} file{'s' * (unknown > 1)} of unpublished size"
    return rest if unknown == len(files) else f"{size} and {rest}"


def _check_room(files: Sequence[RemoteFile], root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    needed = sum(f.size or 0 for f in files)
    needed -= sum(_n_part_bytes(root / f.path) for f in files)
    free = shutil.disk_usage(root).free
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f"{sizeof_fmt(needed)} are needed and {sizeof_fmt(free)} are free. Make "
            "room, ask for less (a subject, a session, a run), or give path= on "
            "another disk",
            str(root),
        )


def _n_part_bytes(place: Path) -> int:
    part = place.with_name(place.name + ".part")
    return part.stat().st_size if part.exists() else 0


def _fetch_all(files: Sequence[RemoteFile], record: Record, check: bool) -> None:
    """Fetch in a few threads; the first failure stops all."""
    import requests
    from tqdm.auto import tqdm

    stop = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(_quiet_pooch())
        session = stack.enter_context(requests.Session())
        bar = stack.enter_context(
            tqdm(
                total=sum(f.size or 0 for f in files) or None,
                desc="Fetching",
                unit="B",
                unit_scale=True,
                delay=2,
                leave=False,
                disable=not logger.isEnabledFor(logging.INFO),
            )
        )
        pool = stack.enter_context(ThreadPoolExecutor(_N_AT_ONCE))
        fetch = partial(_fetch_one, record, check, session, bar, stop)
        tasks = [pool.submit(fetch, file) for file in files]
        try:
            done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    for task in done:
        task.result()


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from a line per file: we say what is fetched."""
    import pooch

    log = pooch.get_logger()
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


def _fetch_one(
    record: Record,
    check: bool,
    session: Any,
    bar: Any,
    stop: threading.Event,
    file: RemoteFile,
) -> None:
    with locked(record.root, file.path, stop):
        if record.is_sound(file, rehash=check):  # another process was quicker
            bar.update(file.size or 0)
            return
        entry = record.get(file.path)
        known = file.hash or (entry.hash if entry else None)
        _set_aside(record.root / file.path)
        try:
            url = _bring(file, record.root, known, session, bar, stop)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            full = _FULL.format(file.path)
            raise OSError(errno.ENOSPC, full, str(record.root)) from error
        except ValueError as error:
            raise ValueError(_advice(file, entry, record, error)) from error
        place = record.root / file.path
        digest = known if is_whole(known) else digest_of(place)
        record.add((file.path, url, str(digest)))


def _bring(
    file: RemoteFile,
    root: Path,
    known: str | None,
    session: Any,
    bar: Any,
    stop: threading.Event,
) -> str:
    """Have pooch fetch one file, from the mirror if the first address has another."""
    import pooch

    from ._download import ResumingDownload

    for_pooch = is_whole(known) and not str(known).startswith("git:")
    whole = known if for_pooch else None
    abbreviated = None if for_pooch else known
    place = root / file.path
    # pooch would make it too, but fails where another thread is making it.
    place.parent.mkdir(parents=True, exist_ok=True)
    for url in filter(None, (file.url, file.mirror)):
        for _ in range(2):
            download = ResumingDownload(
                place, session, file.size, abbreviated, bar.update, stop
            )
            registry, urls = {file.path: whole}, {file.path: url}
            source = pooch.create(root, base_url="", registry=registry, urls=urls)
            try:
                source.fetch(file.path, downloader=download)
                return url
            except ValueError as error:
                failure = error
            if not download.resumed:
                break
            # What was continued may have been of another version: once more from 0.
    raise failure


def _set_aside(place: Path) -> None:
    """Keep a file that is not what was published: someone may have changed it."""
    if place.exists():
        aside = place.with_name(place.name + ".unsound")
        logger.warning(
            "%s is not what was published; it is kept as %s and fetched again.",
            place,
            aside.name,
        )
        place.replace(aside)


def _advice(file: RemoteFile, entry: Any, record: Record, error: ValueError) -> str:
    text = f"{file.path} could not be fetched as it was published: {error}"
    if file.hash is None and entry is not None:
        return (
            f"{file.path} is not what was first fetched on {entry.date} from "
            f"{entry.url}: {error} If its authors have replaced it, delete its line in "
            f"{record.path} to accept the new one."
        )
    return f"{text} Try again later; if it stays so, the server has another version."
