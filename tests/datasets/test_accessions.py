"""What OpenNeuro and NEMAR share."""

from __future__ import annotations

import pytest

from mne_shallowalign.datasets import RemoteFile
from mne_shallowalign.datasets._accessions import ask, choose_files, patterns_of

FILES = [
    RemoteFile(path, f"https://somewhere/{path}")
    for path in (
        ".gitattributes",
        "README",
        "sub-01/eeg/a.bdf",
        "sub-02/eeg/a.bdf",
        "stimuli/LICENSE.txt",
        "stimuli/faces/licence",
        "stimuli/faces/a.png",
        "stimuli/houses/License.md",
        "stimuli/houses/a.png",
    )
]


def _chosen(*patterns):
    return {f.path for f in choose_files("ds000001", FILES, patterns)}


def test_licences_come_with_what_they_are_for():
    assert _chosen("sub-01/*") == {"README", "sub-01/eeg/a.bdf"}
    faces = {"stimuli/LICENSE.txt", "stimuli/faces/licence", "stimuli/faces/a.png"}
    assert _chosen("stimuli/faces/*.png") == {"README", *faces}
    assert _chosen("*") == {f.path for f in FILES[1:]}


def test_what_matches_nothing():
    with pytest.raises(
        ValueError, match=r"ds000001 has nothing that matches 'sub-03/\*'"
    ):
        _chosen("sub-01/*", "sub-03/*")


def test_patterns():
    assert patterns_of("ds000001", "sub-01", None) == ["sub-01/*"]
    assert patterns_of("ds000001", ["01", "02"], "a") == ["sub-01/*", "sub-02/*", "a"]
    assert patterns_of("ds000001", None, ["a", "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="ds000001 without subject= or include="):
        patterns_of("ds000001", None, None)


def test_ask(server):
    server.files["/list"] = b"content"
    assert ask(f"{server.url}/list") == b"content"
    with pytest.raises(FileNotFoundError, match="/other answered 404"):
        ask(f"{server.url}/other")
    server.faults["/list"] = [{"status": 500}]
    with pytest.raises(ConnectionError, match="list of files could not be had"):
        ask(f"{server.url}/list")
