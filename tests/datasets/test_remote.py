"""The lists of files that ship with the package."""

from __future__ import annotations

import pandas as pd
import pytest

from mne_shallowalign.datasets._record import is_whole
from mne_shallowalign.datasets._remote import (
    REGISTRIES,
    RemoteFile,
    published_files,
    registry_of,
    select,
)

ACCESSIONS = {
    "ds003825": "1.2.0",
    "ds004212": "3.0.0",
    "ds005810": "1.0.6",
    "ds005811": "1.0.7",
}


def test_they_are_small():
    assert sum(path.stat().st_size for path in REGISTRIES.iterdir()) < 3_000_000


@pytest.mark.parametrize("accession", ACCESSIONS)
def test_every_row_is_the_published_one(test_data, accession):
    version = ACCESSIONS[accession]
    assert registry_of(accession) == (f"{accession}_v{version}", version)
    theirs = pd.read_csv(
        test_data / "registries" / f"{accession}_v{version}.tsv.gz",
        sep="\t",
        dtype=str,
        keep_default_na=False,
    ).sort_values("path")
    ours = published_files(accession)
    assert [f.path for f in ours] == theirs["path"].tolist()
    assert [f.size for f in ours] == theirs["size"].astype(int).tolist()
    for file, (path, _, digest, s3) in zip(ours, theirs.to_numpy(), strict=True):
        url = f"https://s3.amazonaws.com/openneuro.org/{accession}/{path}"
        if path.startswith("stimuli/ImageNet/"):
            assert len(file.hash) == len("sha256:") + 32  # 128 bits
            assert digest.startswith(file.hash)
            assert file.url == url
        else:
            assert is_whole(file.hash)
            assert file.hash == digest
            known = s3 not in ("", "git")
            assert file.url == url + (f"?versionId={s3}" if known else "")
        assert (file.mirror is not None) == (s3 == "git")


def test_what_git_keeps_has_a_mirror_at_the_tag():
    (readme,) = select(published_files("ds005811"), ["README"])
    assert readme.mirror == (
        "https://raw.githubusercontent.com/OpenNeuroDatasets/ds005811/1.0.7/README"
    )


def test_unknown():
    with pytest.raises(ValueError, match="'ds000001' ships here"):
        published_files("ds000001")


def test_select():
    files = select(published_files("ds004212"), ["derivatives/*_P1-epo*.fif"])
    assert len(files) == 4
    assert sum(f.size for f in files) == pytest.approx(8.25e9, rel=0.001)


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/a", "C:/a", "a\\..\\b"])
def test_paths_that_would_leave_the_folder(path):
    with pytest.raises(ValueError, match="is refused: it would leave"):
        RemoteFile(path, "https://somewhere/a")


def test_paths_that_only_look_like_it():
    for path in ("..a", "a/b..c/d", "ab:c", "...", "a/..b"):
        assert RemoteFile(path, "https://somewhere/a").path == path
