"""OpenNeuro by accession number."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mne_shallowalign.datasets import _remote, fetch_openneuro
from mne_shallowalign.datasets._openneuro import (
    THINGS_EEG1,
    list_bucket,
    openneuro_dataset,
    openneuro_files,
)
from mne_shallowalign.datasets._record import Record

FILES = {
    "README": b"read me",
    "dataset_description.json": b'{"Name": "A & B", "BIDSVersion": "1.7.0"}',
    "sub-01/eeg/sub-01_eeg.vhdr": b"header" * 100,
    "sub-01/eeg/a b+c.tsv": b"odd name",
    "sub-02/eeg/sub-02_eeg.vhdr": b"another",
    "stimuli/cat.jpg": b"cat",
}


def _page(keys, token):
    """One page of S3's answer, as its documentation shows it."""
    entries = "".join(
        f"<Contents><Key>ds000001/{key}</Key><LastModified>2025-01-01T00:00:00.000Z"
        f'</LastModified><ETag>"{_etag(key)}"</ETag><Size>{len(FILES[key])}</Size>'
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult '
        'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>openneuro.org</Name>'
        f"<Prefix>ds000001/</Prefix><KeyCount>{len(keys)}</KeyCount>{more}"
        f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{entries}"
        "</ListBucketResult>"
    ).encode()


def _etag(key):
    digest = hashlib.md5(FILES[key]).hexdigest()
    return f"{digest}-2" if key.endswith("01_eeg.vhdr") else digest  # of two parts


@pytest.fixture
def bucket(server, monkeypatch):
    """A dataset without a list that ships; the bucket lists it on two pages."""
    monkeypatch.setattr(_remote, "OPENNEURO", f"{server.url}/bucket")
    for key, content in FILES.items():
        server.files[f"/bucket/ds000001/{key}"] = content
    keys, token = list(FILES), "1/a+b="
    answer = server.answer

    def list_or_answer(request):
        split = urlsplit(request.path)
        query = parse_qs(split.query)
        if split.path == "/bucket":
            assert query["list-type"] == ["2"]
            if query["prefix"] != ["ds000001/"]:
                server.files[request.path] = _page([], "")
            elif "continuation-token" not in query:
                server.files[request.path] = _page(keys[:4], token)
            else:
                assert query["continuation-token"] == [token]
                server.files[request.path] = _page(keys[4:], "")
            request.path = request.path.replace("%", "%25")
        answer(request)

    server.answer = list_or_answer
    return server


def test_the_bucket_is_asked(bucket):
    files = {f.path: f for f in list_bucket("ds000001")}
    assert list(files) == list(FILES)
    for path, file in files.items():
        assert file.size == len(FILES[path])
        two_parts = path == "sub-01/eeg/sub-01_eeg.vhdr"
        assert file.hash == (None if two_parts else f"md5:{_etag(path)}")
    with pytest.raises(ValueError, match="OpenNeuro has no dataset 'ds999999'"):
        list_bucket("ds999999")


def test_any_accession(bucket, tmp_path):
    root = fetch_openneuro("ds000001", subject="sub-01", path=tmp_path)
    assert root == tmp_path / "ds000001"
    there = {
        p.relative_to(root).as_posix()
        for p in root.rglob("*")
        if p.is_file() and ".mne-shallowalign" not in p.parts
    }
    assert there == {p for p in FILES if "/" not in p or p.startswith("sub-01/")}
    for path in there:
        assert (root / path).read_bytes() == FILES[path]
    record = Record(root).get("sub-01/eeg/sub-01_eeg.vhdr")
    assert record.hash == "sha256:" + hashlib.sha256(b"header" * 100).hexdigest()


def test_patterns(bucket):
    both = openneuro_files("ds000001", ["01", "02"], "stimuli/*")
    assert {f.path for f in both} == set(FILES)
    with pytest.raises(ValueError, match=r"matches 'sub-03/\*'.* stimuli, sub-01"):
        openneuro_files("ds000001", "03")
    with pytest.raises(ValueError, match="would bring a whole dataset"):
        openneuro_files("ds000001")


def test_versions(bucket):
    with pytest.raises(ValueError, match=r"version='1\.0\.9' of ds005811.* 1\.0\.7 or"):
        openneuro_files("ds005811", "01", version="1.0.9")
    with pytest.raises(ValueError, match="only None, the newest, can"):
        openneuro_files("ds000001", "01", version="1.0.0")
    assert openneuro_files("ds005811", "01", version="1.0.7")


def test_no_network(server, monkeypatch):
    monkeypatch.setattr(_remote, "OPENNEURO", f"{server.url}/bucket")
    server.close()
    with pytest.raises(ConnectionError, match="list of files could not be had"):
        list_bucket("ds000001")


def test_what_does_not_belong_to_a_dataset_is_left_out():
    paths = {f.path for f in openneuro_files("ds003825", "02")}
    assert "README" in paths
    assert not any(path.startswith((".git", ".datalad")) for path in paths)


def test_things_eeg1():
    sizes = [sum(f.size for f in THINGS_EEG1.files(n)) for n in range(1, 51)]
    assert sorted(sizes)[24] <= THINGS_EEG1.size <= sorted(sizes)[25]
    subjects = {Path(f.path).parts[0] for f in THINGS_EEG1.files(2) if "/" in f.path}
    assert subjects == {"sub-02"}


def test_a_dataset_by_number(bucket, tmp_path):
    dataset = openneuro_dataset("ds000001")
    assert len(dataset.files("01")) == 4
    root = dataset.fetch(include="stimuli/*", path=tmp_path)
    assert (root / "stimuli/cat.jpg").read_bytes() == b"cat"
