from __future__ import annotations

import threading

import numpy as np
import pytest

from mne_shallowalign.protocols import read_arrays, read_results
from mne_shallowalign.protocols._results import ResultsFolder

ROW = dict(dataset="d", protocol="p", recipe="r", minutes=None, selection="train")


def row(number):
    return dict(ROW, id=f"{number:016x}", subject=f"{number:02d}", seed=0, top1=0.5)


def test_rows_and_arrays_come_back(tmp_path):
    folder = ResultsFolder(tmp_path / "results")
    similarity = np.random.default_rng(0).random((3, 4), np.float32)
    arrays = dict(similarity=similarity, gallery=np.array(["ä", "b", "c", "d"]))
    for number in (2, 1):
        folder.write(row(number), arrays)
    table = read_results(tmp_path / "results")
    assert table["subject"].tolist() == ["01", "02"]
    assert folder.read(row(1)["id"]) == row(1)
    found = read_arrays(tmp_path / "results", row(2)["id"])
    np.testing.assert_array_equal(found["similarity"], similarity)
    assert found["gallery"].tolist() == ["ä", "b", "c", "d"]


def test_no_arrays_at_all(tmp_path):
    folder = ResultsFolder(tmp_path)
    folder.write(row(1), {})
    assert folder.read_arrays(row(1)["id"]) == {}


def test_files_of_others_are_no_rows(tmp_path):
    folder = ResultsFolder(tmp_path)
    (tmp_path / "dataset_description.json").write_text('{"Name": "a"}')
    assert len(read_results(tmp_path)) == 0
    folder.write(row(1), {})
    assert read_results(tmp_path)["subject"].tolist() == ["01"]


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no existing folder"):
        read_results(tmp_path / "nowhere")
    assert len(read_results(tmp_path)) == 0
    with pytest.raises(ValueError, match="has no fit 'abc'"):
        read_arrays(tmp_path, "abc")


def test_a_fit_is_done_when_its_row_is_there(tmp_path, monkeypatch):
    folder = ResultsFolder(tmp_path)
    from mne_shallowalign.protocols import _results

    whole = _results.write_whole

    def fail(path, content):
        if path.suffix == ".json":
            raise OSError("no room")
        whole(path, content)

    monkeypatch.setattr(_results, "write_whole", fail)
    with pytest.raises(OSError, match="cannot be written"):
        folder.write(row(1), {"truth": np.arange(3)})
    assert not folder.has(row(1)["id"])
    assert len(read_results(tmp_path)) == 0


def test_a_claim_keeps_others_away(tmp_path):
    folder, events = ResultsFolder(tmp_path), []
    fit = row(1)["id"]
    claimed, go_on = threading.Event(), threading.Event()

    def work():
        with folder.claim(fit, wait=False) as mine:
            events.append(mine)
            claimed.set()
            go_on.wait(10)
            folder.write(row(1), {})

    worker = threading.Thread(target=work)
    worker.start()
    assert claimed.wait(10)
    with ResultsFolder(tmp_path).claim(fit, wait=False) as mine:
        events.append(mine)
    go_on.set()
    with ResultsFolder(tmp_path).claim(fit, wait=True) as mine:  # until it is done
        events.append(mine)
    worker.join()
    assert events == [True, False, False]
    assert not list((tmp_path / ".locks").iterdir())


def test_a_failed_fit_can_be_claimed_again(tmp_path):
    folder = ResultsFolder(tmp_path)
    with pytest.raises(RuntimeError, match="diverged"):
        with folder.claim("abc", wait=False):
            raise RuntimeError("diverged")
    with folder.claim("abc", wait=False) as mine:
        assert mine


@pytest.mark.parametrize("content", [b"", b'{"id": "0'])
def test_a_damaged_row_is_named(content, tmp_path):
    folder, fit = ResultsFolder(tmp_path), row(1)["id"]
    folder.write(row(1), {})
    (tmp_path / f"{fit}.json").write_bytes(content)
    for read in (lambda: read_results(tmp_path), lambda: folder.read(fit)):
        with pytest.raises(ValueError, match=f"Remove {fit}.json"):
            read()


def test_damaged_or_missing_arrays_are_named(tmp_path):
    folder, fit = ResultsFolder(tmp_path), row(1)["id"]
    folder.write(row(1), {})
    arrays = tmp_path / f"{fit}.safetensors"
    arrays.write_bytes(b"junk")
    with pytest.raises(ValueError, match="missing or damaged"):
        read_arrays(tmp_path, fit)
    arrays.unlink()
    with pytest.raises(ValueError, match=f"Remove {fit}.json"):
        read_arrays(tmp_path, fit)
