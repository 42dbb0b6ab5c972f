"""``mne-shallowalign fetch``."""

from __future__ import annotations

import hashlib
import lzma
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import _remote

PATHS = ["README", "sub-02/eeg/sub-02_eeg.eeg", "sub-03/eeg/sub-03_eeg.eeg"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def _keep_log_level():
    import mne

    yield
    mne.set_log_level("WARNING")


@pytest.fixture
def fetch(tmp_path, monkeypatch, capsys):
    """Run the command against a miniature of THINGS-EEG1."""
    rows = []
    for name in PATHS:
        path = tmp_path / "served" / "ds003825" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content := name.encode() * 100)
        digest = hashlib.sha256(content).hexdigest()
        rows.append([name, str(len(content)), f"sha256:{digest}", ""])
    text = "\n".join("\t".join(column) for column in zip(*rows, strict=True))
    (tmp_path / "ds003825_v1.2.0.xz").write_bytes(lzma.compress(text.encode()))
    handler = partial(_Quiet, directory=tmp_path / "served")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(_remote, "REGISTRIES", tmp_path)
    monkeypatch.setattr(_remote, "OPENNEURO", url)
    _remote.published_files.cache_clear()
    _remote.read_columns.cache_clear()

    def run(*argv):
        code = main(["fetch", *argv, "--path", str(tmp_path / "data")])
        return code, capsys.readouterr()

    yield run
    server.shutdown()
    server.server_close()
    _remote.published_files.cache_clear()
    _remote.read_columns.cache_clear()


def test_dry_run_then_fetch_then_check(fetch, tmp_path):
    root = tmp_path / "data" / "ds003825"
    code, printed = fetch("things-eeg1", "--subject", "2", "--dry-run")
    assert code == 0
    lines = printed.out.splitlines()
    assert [line.split()[-1] for line in lines[:2]] == PATHS[:2]
    assert lines[2].startswith("2 of 2 files, 3 KiB, would be fetched to")
    assert not root.exists()

    code, printed = fetch("things-eeg1", "--subject", "2", "--check")
    assert code == 1
    assert f"missing: {PATHS[1]}" in printed.out
    assert "0 of 2 files" in printed.out
    assert "2 files are missing or damaged" in printed.err

    code, printed = fetch("things-eeg1", "--subject", "2")
    assert (code, printed.out.splitlines()[-1]) == (0, str(root))
    assert (root / PATHS[1]).read_bytes() == PATHS[1].encode() * 100
    assert "Grootswagers" in (root / "CITATION").read_text()

    code, printed = fetch("things-eeg1", "--subject", "02", "--check")
    assert code == 0
    assert f"2 of 2 files in {root} are sound" in printed.out
    (root / PATHS[1]).write_bytes(b"\0" * 2500)
    code, printed = fetch("things-eeg1", "--subject", "02", "--check")
    assert code == 1
    assert f"damaged: {PATHS[1]}" in printed.out


def test_by_accession_number(fetch, tmp_path):
    code, _ = fetch("ds003825", "--include", "sub-03/*")
    assert code == 0
    assert (tmp_path / "data" / "ds003825" / PATHS[2]).exists()
    code, printed = fetch("ds003825")
    assert code == 1
    assert "would bring a whole dataset" in printed.err


@pytest.mark.parametrize("several", [["1,3"], ["1", "3"], ["1, 3"]])
def test_sessions_are_named_with_commas_or_spaces(several, tmp_path, capsys):
    argv = ["things-meg", "--subject", "1", "--kind", "raw", "--run", "1", "--dry-run"]
    argv += ["--path", str(tmp_path), "--session", *several]
    assert main(["fetch", *argv]) == 0
    printed = capsys.readouterr().out
    listed = [line.split()[-1] for line in printed.splitlines() if ".ds/" in line]
    assert {name.split("/")[1] for name in listed} == {"ses-01", "ses-03"}


def test_wrong_usage(fetch, capsys):
    with pytest.raises(SystemExit) as stop:
        fetch("things-eeg1")
    assert stop.value.code == 2
    assert "things-eeg1 needs --subject, one of: 01, 02" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        fetch("things-images", "--subject", "1", "--dry-run")
    assert "things-images has no subjects" in capsys.readouterr().err
    code, printed = fetch("things-eeg1", "--subject", "1", "--session", "2")
    assert code == 2
    assert "--session is no option of this dataset; it has: --subject" in printed.err
    code, printed = fetch("nod-eeg", "--subject", "1", "--run", "1", "--dry-run")
    assert code == 2
    assert "--kind epochs is one file of all sessions and runs" in printed.err
    code, printed = fetch("things-images", "--edition", "none", "--dry-run")
    assert code == 2
    assert "--edition none must be 'things'" in printed.err
    code, printed = fetch("things-eeg", "--subject", "1")
    assert code == 2
    assert "dataset things-eeg is unknown. Did you mean 'things-eeg" in printed.err
