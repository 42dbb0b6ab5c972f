"""Nothing half-done is left behind."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands._output import output_folder, replacing


def _fail_in(context, name="half.txt"):
    with context as out:
        (out / name if name else out).write_text("half")
        raise RuntimeError("no")


def test_a_new_folder_goes_when_anything_fails(tmp_path):
    new = tmp_path / "deep" / "new"
    with pytest.raises(RuntimeError):
        _fail_in(output_folder(new))
    assert not new.exists()
    with output_folder(new) as out:
        (out / "whole.txt").touch()
    assert (new / "whole.txt").exists()


def test_a_folder_that_was_there_stays(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RuntimeError):
        _fail_in(output_folder(tmp_path))
    with output_folder(tmp_path, keep=False):
        pass
    assert (tmp_path / "mine.txt").exists()


def test_temporary_folders_stay_only_if_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with output_folder(None) as kept:
        pass
    with output_folder(None, keep=False) as dropped:
        pass
    assert kept.is_dir()
    assert not dropped.exists()


def test_a_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        _fail_in(replacing(path), name="")
    assert path.read_text() == "old"
    with replacing(path) as part:
        part.write_text("new")
        assert part.suffix == ".html"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_told_first(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "new"):
        with pytest.raises(OSError, match=f"to the folder {out}"), output_folder(out):
            pytest.fail("work was started")

    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    new = tmp_path / "new"
    with (
        pytest.raises(OSError, match=f"to the folder {new}: Permission denied"),
        output_folder(new),
    ):
        pytest.fail("work was started")
    assert not new.exists()
