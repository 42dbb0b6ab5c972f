"""One download that can be cut and continued: a downloader for pooch."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from mne.utils import logger, sizeof_fmt

from ._record import agrees, digest_of

_CHUNK = 1 << 16  # what a cut connection costs at most
_TIMEOUT = (20, 60)  # seconds to connect, and between two chunks
_N_TRIES = 6  # in a row without a single new byte
_LONGEST_WAIT = 300
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_WANT_A_BROWSER = ("figshare.com", "osf.io")  # they refuse other clients with 403


class TryAgain(Exception):
    """A failure that may pass, with the seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class ResumingDownload:
    """Write to ``<file>.part`` and go on there after a cut, also in a later process.

    Parameters
    ----------
    place : Path
        Where the file will be in the end.
    session : requests.Session
        The connections.
    size : int | None
        The size of the file in bytes, if known.
    abbreviated : str | None
        The first digits of its hash, or a hash of git, which pooch cannot check.
    advance : callable
        Told of every number of new bytes; negative where some are thrown away.
    stop : Event
        Ends the download at the next chunk.
    """

    def __init__(
        self,
        place: Path,
        session: requests.Session,
        size: int | None,
        abbreviated: str | None,
        advance: Callable[[int], Any],
        stop: threading.Event,
    ) -> None:
        self.part = place.with_name(place.name + ".part")
        self._source = place.with_name(place.name + ".part.json")
        self._session = session
        self._size = size
        self._abbreviated = abbreviated
        self._advance = advance
        self._stop = stop
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download, as pooch asks for it.

        Parameters
        ----------
        url : str
            The address.
        output_file : str
            Where pooch wants the file for now; it gets its name after the hash is
            checked.
        pooch : Pooch
            Not used.

        Raises
        ------
        ValueError
            If the server has another file, or none, under this address, or does not
            let it be known whether the file is whole.
        ConnectionError
            If the server cannot be reached, again and again.
        OSError
            If the disk is full.
        """
        start = self._resume_at(url)
        self.resumed = start > 0
        self._advance(start)
        n_failures = 0
        while start == 0 or start != self._size:
            try:
                self._stream(url, start)
                break
            except TryAgain as failure:
                reached = self._n_bytes()
                n_failures = 1 if reached > start else n_failures + 1
                self._wait(url, failure, n_failures)
                start = self._resume_at(url)
        self._check_abbreviated()
        self._check_archive(url)
        self._source.unlink(missing_ok=True)
        os.replace(self.part, output_file)

    def _n_bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _resume_at(self, url: str) -> int:
        """Say from which byte to go on: 0 unless the rest is of the same file."""
        n_bytes = self._n_bytes()
        source = self._read_source()
        fits = self._size is None or n_bytes <= self._size
        if n_bytes and fits and source.get("url") == url and source.get("validator"):
            return n_bytes
        self._drop_part()
        return 0

    def _read_source(self) -> dict[str, str]:
        try:
            return json.loads(self._source.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def _drop_part(self) -> None:
        self.part.unlink(missing_ok=True)
        self._source.unlink(missing_ok=True)

    def _stream(self, url: str, start: int) -> None:
        """Ask for the bytes from ``start`` on, and write what comes."""
        headers = headers_for(url)
        if start:
            headers["Range"] = f"bytes={start}-"
            headers["If-Range"] = self._read_source()["validator"]
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=_TIMEOUT
            ) as answer:
                self._check_status(answer, url)
                self._write(answer, url, start)
        except requests.exceptions.SSLError as error:
            raise ConnectionError(
                f"{url}: the server is not who it claims to be: {error}"
            ) from error
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise TryAgain(f"the connection broke ({type(error).__name__})") from error

    def _check_status(self, answer: requests.Response, url: str) -> None:
        status = answer.status_code
        if status in _TRY_AGAIN:
            raise TryAgain(f"the server answered {status}", _retry_after(answer))
        if status == 416:  # the rest does not exist: what we have is no part of it
            self._advance(-self._n_bytes())
            self._drop_part()
            raise TryAgain("the server has no such bytes", 0)
        if status not in (200, 206):
            raise ValueError(f"{url} answered {status} {answer.reason}.")
        if self._size is None and "html" in answer.headers.get("Content-Type", ""):
            raise ValueError(
                f"{url} answered with a web page instead of a file; open it in a "
                "browser to see what the host wants."
            )

    def _write(self, answer: requests.Response, url: str, start: int) -> None:
        begins_at = answer.headers.get("Content-Range", "")
        if start and not (
            answer.status_code == 206 and begins_at.startswith(f"bytes {start}-")
        ):
            self._advance(-start)  # the server sends the whole file
            start = 0
        total = self._total(answer, start)
        if self._size is not None and total not in (None, self._size):
            raise ValueError(
                f"{url} offers {total} bytes where {self._size} were published."
            )
        if (self._size, total) == (None, None) and not _is_chunked(answer):
            raise ValueError(
                f"{url} does not say how long the file is, so that a part of it could "
                "be taken for the whole."
            )
        self._check_room(total, start)
        validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        if validator and validator.startswith("W/"):
            validator = None  # a weak one does not vouch for bytes
        self._source.write_text(json.dumps({"url": url, "validator": validator or ""}))
        with self.part.open("ab" if start else "wb") as file:
            for chunk in answer.iter_content(_CHUNK):
                if self._stop.is_set():
                    raise InterruptedError(f"{url}: stopped")
                file.write(chunk)
                self._advance(len(chunk))
        expected = total if self._size is None else self._size
        if expected is not None and self._n_bytes() != expected:
            raise TryAgain("the connection was cut")

    def _total(self, answer: requests.Response, start: int) -> int | None:
        length = answer.headers.get("Content-Length", "")
        return start + int(length) if length.isdigit() else None

    def _check_room(self, total: int | None, start: int) -> None:
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and free < total - start:
            raise OSError(errno.ENOSPC, f"{sizeof_fmt(total - start)} more are needed")

    def _wait(self, url: str, failure: TryAgain, n_failures: int) -> None:
        if n_failures >= _N_TRIES:
            raise ConnectionError(
                f"{url}: {failure}, {n_failures} times in a row. What has arrived is "
                f"kept in {self.part.name}; the next call goes on from there."
            ) from failure
        wait = failure.wait if failure.wait is not None else 2.0 ** (n_failures - 1)
        wait = min(wait, _LONGEST_WAIT)
        logger.info("%s: %s; trying again in %.0f s", url, failure, wait)
        if self._stop.wait(wait):
            raise InterruptedError(f"{url}: stopped")

    def _check_abbreviated(self) -> None:
        if self._abbreviated is None:
            return
        digest = digest_of(self.part, self._abbreviated.split(":")[0])
        if not agrees(digest, self._abbreviated):
            self._drop_part()
            raise ValueError(
                f"expected a hash that begins with {self._abbreviated}, got {digest}"
            )

    def _check_archive(self, url: str) -> None:
        """Refuse what is no archive, before it becomes what was first recorded."""
        if self.part.name.endswith(".zip.part") and not zipfile.is_zipfile(self.part):
            size = sizeof_fmt(self._n_bytes())
            self._drop_part()
            raise ValueError(f"{url} sent {size} that are no whole zip archive.")


def headers_for(url: str) -> dict[str, str]:
    """Say who we are, as the host wants to hear it.

    Parameters
    ----------
    url : str
        The address.

    Returns
    -------
    headers : dict of str to str
        Of the request. Bytes are asked for as they are, so that they can be counted.
    """
    from .. import __version__

    host = urlsplit(url).hostname or ""
    wants = any(host == name or host.endswith("." + name) for name in _WANT_A_BROWSER)
    agent = f"mne-shallowalign/{__version__}"
    return {
        "User-Agent": f"Mozilla/5.0 (compatible; {agent})" if wants else agent,
        "Accept-Encoding": "identity",
    }


def _is_chunked(answer: requests.Response) -> bool:
    return "chunked" in answer.headers.get("Transfer-Encoding", "").lower()


def _retry_after(answer: requests.Response) -> float | None:
    """Read ``Retry-After``: seconds or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
