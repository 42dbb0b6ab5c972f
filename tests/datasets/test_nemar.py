"""NEMAR by accession number."""

from __future__ import annotations

import hashlib
import json
import logging

import pytest

from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import _remote, fetch_nemar
from mne_shallowalign.datasets._nemar import list_manifest, nemar_dataset, nemar_files
from mne_shallowalign.datasets._record import Record

FILES = {
    "README": b"read me",
    "dataset_description.json": b'{"Name": "A & B", "License": "CC BY 4.0"}',
    "sub-01/eeg/sub-01_eeg.bdf": b"signal" * 100_000,
    "sub-01/eeg/a b+c.tsv": b"odd name",
    "sub-02/eeg/sub-02_eeg.bdf": b"another",
    "stimuli/LICENSE.txt": b"For research use only.",
    "stimuli/cat.jpg": b"cat",
    ".gitattributes": b"* annex",
}
BDF = "sub-01/eeg/sub-01_eeg.bdf"
MANIFEST = "/nemar/nm000001/v1.0.0/manifest.json"


@pytest.fixture
def entries(publish_nemar, tmp_path):
    """A dataset in one version; its manifest."""
    for name, content in FILES.items():
        place = tmp_path / "published" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return publish_nemar(tmp_path / "published", "nm000001", "v1.0.0")


def _there(root):
    return {
        p.relative_to(root).as_posix()
        for p in root.rglob("*")
        if p.is_file() and ".mne-shallowalign" not in p.parts
    }


def test_a_subject(server, entries, tmp_path):
    root = fetch_nemar("nm000001", subject="sub-01", path=tmp_path)
    assert root == tmp_path / "nm000001"
    top = {"README", "dataset_description.json"}
    assert _there(root) == {*top, BDF, "sub-01/eeg/a b+c.tsv"}
    for path in _there(root):
        assert (root / path).read_bytes() == FILES[path]
    record = Record(root)
    assert record.get(BDF).hash == "sha256:" + hashlib.sha256(FILES[BDF]).hexdigest()
    # what `git hash-object README` prints
    by_git = "cec6ad6ede50a03d6adbd5d26bb5be6a4c285c36"
    assert record.get("README").hash == f"git:{by_git}"
    n_requests = len(server.requests)
    fetch_nemar("nm000001", subject="01", path=tmp_path)
    assert len(server.requests) == n_requests + 2  # the index and the manifest


def test_damage_is_seen_and_mended(entries, tmp_path):
    root = fetch_nemar("nm000001", subject="01", path=tmp_path)
    for path in ("README", BDF):
        (root / path).write_bytes(bytes(len(FILES[path])))
    fetch_nemar("nm000001", subject="01", path=tmp_path, check=True)
    for path in ("README", BDF):
        assert (root / path).read_bytes() == FILES[path]
        assert (root / f"{path}.unsound").exists()


@pytest.mark.parametrize("path", ["README", BDF])
def test_another_content_of_the_same_size_is_refused(server, entries, tmp_path, path):
    (place,) = [p for p in server.files if p.endswith(f"/{path}")]
    server.files[place] = FILES[path][:-1] + b"!"
    with pytest.raises(ValueError, match=f"{path} could not be fetched as it was pub"):
        fetch_nemar("nm000001", subject="01", path=tmp_path)
    assert path not in _there(tmp_path / "nm000001")
    server.files[place] = FILES[path]
    root = fetch_nemar("nm000001", subject="01", path=tmp_path)
    assert (root / path).read_bytes() == FILES[path]


def test_a_cut_connection_goes_on_where_it_was(server, entries, tmp_path):
    server.faults[f"/s3/{BDF}"] = [{"cut": 200_000}]
    server.faults["/github/README"] = [dict(status=503, headers={"Retry-After": "0"})]
    root = fetch_nemar("nm000001", subject="01", path=tmp_path)
    assert (root / BDF).read_bytes() == FILES[BDF]
    assert (root / "README").read_bytes() == FILES["README"]
    first, second = server.asked(f"/s3/{BDF}")
    assert first is None
    assert int(second.removeprefix("bytes=").rstrip("-")) > 0


def test_terms_are_shown_before_pictures_come(server, entries, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "mne"):
        root = fetch_nemar(
            "nm000001", include="stimuli/*.jpg", path=tmp_path, verbose="info"
        )
    assert {"stimuli/LICENSE.txt", "stimuli/cat.jpg"} <= _there(root)
    order = [request["path"] for request in server.requests]
    assert order[-1] == "/github/stimuli/cat.jpg"
    assert "stimuli/LICENSE.txt:\nFor research use only." in caplog.text
    assert "A & B: licence CC BY 4.0." in caplog.text


def test_versions(server, entries):
    for version in (None, "1.0.0", "v1.0.0"):
        assert len(list_manifest("nm000001", version)) == len(FILES)
    with pytest.raises(ValueError, match=r"version='2' of nm000001 .*are: v1\.0\.0"):
        list_manifest("nm000001", "2")
    with pytest.raises(ValueError, match="NEMAR has no dataset 'nm999999'"):
        list_manifest("nm999999")
    with pytest.raises(ValueError, match="without subject= or include="):
        nemar_files("nm000001")


def test_other_forms_of_a_manifest(server, entries):
    """An object with `files`, `url` or no address at all, no hash or one unknown."""
    for entry, changes in zip(
        entries,
        [{"url": "http://here/a"}, {}, {"checksum": None}, {"checksum_algorithm": "x"}],
        strict=False,
    ):
        entry.pop("bytes_url")
        entry.update(changes)
    server.files[MANIFEST] = json.dumps({"files": entries}).encode()
    first, second, third, fourth, fifth, *_ = list_manifest("nm000001")
    assert first.url == "http://here/a"
    folder = server.url + MANIFEST.removesuffix("manifest.json")
    assert second.url == folder + "README"
    assert (third.hash, fourth.hash) == (None, None)
    assert fifth.hash.startswith(("sha256:", "git:"))


@pytest.mark.parametrize("content", [b"<html>", b'{"a": 1}', b"[1]", b'[{"size": 1}]'])
def test_a_server_that_answers_otherwise(server, entries, content):
    server.files[MANIFEST] = content
    with pytest.raises(ConnectionError, match=r"manifest\.json answered in a form"):
        list_manifest("nm000001")
    server.files["/nemar/nm000001/"] = content
    with pytest.raises(ConnectionError, match="nm000001/ answered in a form"):
        list_manifest("nm000001")


def test_a_path_that_leaves_the_folder(server, entries):
    entries[0]["path"] = "../elsewhere"
    server.files[MANIFEST] = json.dumps(entries).encode()
    with pytest.raises(ValueError, match="would leave the folder"):
        list_manifest("nm000001")


def test_no_network(server, monkeypatch):
    monkeypatch.setattr(_remote, "NEMAR", server.url)
    server.close()
    with pytest.raises(ConnectionError, match="list of files could not be had"):
        list_manifest("nm000001")


def test_from_the_shell(entries, tmp_path, capsys):
    import mne

    def fetch(*argv):
        return main(["fetch", "nm000001", *argv, "--path", str(tmp_path)])

    level = mne.utils.logger.level
    try:
        assert fetch("--subject", "01", "--dry-run") == 0
        assert "4 of 4 files" in capsys.readouterr().out
        assert not (tmp_path / "nm000001").exists()
        assert fetch("--subject", "01") == 0
        assert fetch("--subject", "01", "--check") == 0
        assert "4 of 4 files in" in capsys.readouterr().out
    finally:
        mne.set_log_level(level)
    assert len(nemar_dataset("nm000001").files("02")) == 3
