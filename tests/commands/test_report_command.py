"""``report`` makes one file of a decoder or of results."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands.main import main


def test_the_same_of_a_decoder_and_of_its_results(saved, tmp_path, capsys):
    results, pages = tmp_path / "results", []
    decoder = [str(saved.file), *saved.data]
    assert main(["evaluate", *decoder, "--out", str(results), "--debug"]) == 0
    stimuli = ["--stimuli", str(saved.folder / "ds" / "stimuli")]
    for i, what in enumerate([decoder, [str(results), *stimuli]]):
        out = tmp_path / f"{i}.html"
        assert main(["report", *what, "--out", str(out), "--debug"]) == 0
        assert f"Report: {out}" in capsys.readouterr().out
        pages.append(out.read_text(encoding="utf-8"))
    sentence = next(
        line for line in pages[0].splitlines() if "picks the right" in line
    ).strip()
    for page in pages:
        assert sentence in page
        for title in ("Metrics", "Worst queries", "Shared space", "energy2"):
            assert title in page
        assert str(saved.folder) not in page
    assert "Saliency" in pages[0]
    assert {path.name for path in tmp_path.iterdir()} == {"results", "0.html", "1.html"}


def test_a_decoder_alone(saved, tmp_path):
    out = tmp_path / "page.html"
    argv = ["report", str(saved.file), "--out", str(out), "--title", "Mine"]
    assert main([*argv, "--debug"]) == 0
    assert "<title>Mine</title>" in out.read_text(encoding="utf-8")
    assert main(argv) == 1  # it is there


@pytest.mark.parametrize("results", ["nowhere", "."])
def test_what_is_no_result(results, tmp_path, capsys):
    out = tmp_path / "page.html"
    path = tmp_path / results
    assert main(["report", str(path), "--out", str(out)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else(saved, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main(["report", str(saved.folder / "ds"), "--out", str(out)]) == 1
    assert "There are no results in" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--split", "train"],
        ["--no-average"],
        ["--tmin", "0"],
        ["--seen-concepts"],
        ["--stimuli", "ds"],
    ],
)
def test_options_of_trials_need_trials(options, saved, tmp_path, capsys):
    out = tmp_path / "page.html"
    with pytest.raises(SystemExit, match="2"):
        main(["report", str(saved.file), *options, "--out", str(out)])
    assert f"{options[0].replace('no-', '')} needs --bids" in capsys.readouterr().err


def test_a_wrong_folder_of_pictures(saved, tmp_path, capsys):
    results, out = tmp_path / "results", tmp_path / "page.html"
    decoder = [str(saved.file), *saved.data]
    assert main(["evaluate", *decoder, "--out", str(results)]) == 0
    wrong = ["--stimuli", str(tmp_path / "nowhere"), "--out", str(out)]
    assert main(["report", str(results), *wrong]) == 1
    assert "is no existing folder" in capsys.readouterr().err
    assert not out.exists()
