"""A server on this machine that keeps its word, or does not."""

from __future__ import annotations

import hashlib
import io
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Loopback:
    """Serve bytes by path; `faults[path]` is a list, one taken at every request.

    A fault is a dict: `cut` (bytes after which the connection breaks), `status` and
    `headers` (an answer without content), `deaf` (the range is not heard), `mute` (the
    length is not said).
    """

    def __init__(self):
        self.files, self.faults, self.requests = {}, {}, []
        self.pause = 0.0
        self.etags = True
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def sent(self, path):
        """How many bytes were sent of a file."""
        return sum(r["sent"] for r in self.requests if r["path"] == path)

    def asked(self, path):
        """Which ranges were asked for."""
        return [r["range"] for r in self.requests if r["path"] == path]

    def answer(self, request):
        path = unquote(request.path)
        if path not in self.files:  # versions are part of the address, if files say so
            path = unquote(urlsplit(request.path).path)
        wanted = request.headers.get("Range")
        log = dict(path=path, range=wanted, sent=0, headers=dict(request.headers))
        self.requests.append(log)
        fault = self.faults[path].pop(0) if self.faults.get(path) else {}
        content = self.files.get(path)
        status = fault.get("status", 404 if content is None else 200)
        headers = dict(fault.get("headers", {}))
        if status != 200:
            content, start = b"", 0
        else:
            etag = f'"{hashlib.md5(content).hexdigest()}"'
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if fault.get("deaf") or request.headers.get("If-Range", etag) != etag:
                start = 0
            if self.etags:
                headers["ETag"] = etag
            if start >= len(content) > 0:
                status, content, start = 416, b"", 0
            elif start:
                status = 206
                total = len(content)
                headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        body = content[start:]
        request.send_response(status)
        if not fault.get("mute"):
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        body = body[: fault.get("cut", len(body))]
        try:
            for first in range(0, len(body), 65536):
                chunk = body[first : first + 65536]
                request.wfile.write(chunk)
                log["sent"] += len(chunk)
                time.sleep(self.pause)
        except OSError:
            pass  # the client has gone
        request.close_connection = True


def write_zip(members):
    """Write an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()
