"""Nothing half-done is left behind."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands._output import (
    RECORD,
    check_file,
    output_folder,
    replacing,
    whole_folder,
)


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


def test_a_new_folder_for_a_file_appears_with_it(tmp_path):
    path = check_file(tmp_path / "deep" / "new" / "file.txt")
    assert not list(tmp_path.iterdir())
    with replacing(path) as part:
        part.write_text("whole")
    assert path.read_text() == "whole"


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


def _write_result(folder, text):
    (folder / "features.npy").write_text(text)
    (folder / RECORD).write_text('{"files": ["features.npy"]}')


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    out = tmp_path / "new" / "out"
    with pytest.raises(RuntimeError):
        _fail_in(whole_folder(out))
    assert not list(out.parent.iterdir())
    killed = out.parent / ".out.part"
    killed.mkdir()
    (killed / "half.npy").touch()
    with whole_folder(out) as part:
        assert not list(part.iterdir())
        assert not out.exists()
        _write_result(part, "first")
    assert list(out.parent.iterdir()) == [out]
    assert {path.name for path in out.iterdir()} == {"features.npy", RECORD}


def test_an_empty_folder_may_be_there(tmp_path):
    with whole_folder(tmp_path) as part:
        _write_result(part, "first")
    assert (tmp_path / "features.npy").read_text() == "first"


def test_only_an_earlier_result_is_replaced(tmp_path):
    out = tmp_path / "out"
    with whole_folder(out) as part:
        _write_result(part, "first")
    with (
        pytest.raises(FileExistsError, match="or --overwrite"),
        whole_folder(out),
    ):
        pytest.fail("work was started")
    with pytest.raises(RuntimeError):
        _fail_in(whole_folder(out, overwrite=True))
    assert (out / "features.npy").read_text() == "first"
    with whole_folder(out, overwrite=True) as part:
        _write_result(part, "second")
    assert (out / "features.npy").read_text() == "second"


@pytest.mark.parametrize("record", [None, "{", "[]", '{"files": 3}', '{"files": []}'])
def test_what_is_no_result_is_never_replaced(record, tmp_path):
    (tmp_path / "thesis.txt").touch()
    if record is not None:
        (tmp_path / RECORD).write_text(record)
    with (
        pytest.raises(FileExistsError, match="is no result of this"),
        whole_folder(tmp_path, overwrite=True),
    ):
        pytest.fail("work was started")
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "out").touch()
    for overwrite in (False, True):
        with (
            pytest.raises(FileExistsError, match="out"),
            whole_folder(tmp_path / "out", overwrite),
        ):
            pytest.fail("work was started")
