"""From nothing, and from a BIDS folder, to a score and a report."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from types import SimpleNamespace

import mne
import pandas as pd
import pytest

from mne_shallowalign.commands import demo
from mne_shallowalign.commands.main import main, make_parser

SMALL = {
    "n_concepts": 24,
    "n_images_per_concept": 4,
    "n_repetitions": 1,
    "n_test_concepts": 6,
    "n_test_repetitions": 2,
    "n_runs": 2,
    "snr": 3.0,
    "layer": 2,
}


@pytest.fixture(autouse=True)
def _keep_log_level():
    yield
    mne.set_log_level("WARNING")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The demo on a small simulation, with three layers."""
    out = tmp_path_factory.mktemp("demo") / "out"
    args = make_parser().parse_args(["demo", "--out", str(out), "--layer", "1,2,final"])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        demo.run(args, SMALL)
    return SimpleNamespace(out=out, printed=printed.getvalue())


def test_the_table_and_the_sentence_are_printed(done):
    (true_row,) = (row for row in done.printed.splitlines() if "simulated" in row)
    scores = pd.read_csv(done.out / "scores.csv").set_index("layer")
    layer = true_row.split()[0]
    assert scores.loc[layer, "top1"] == scores["top1"].max()
    assert scores.loc[layer, "top1_low"] > scores.loc[layer, "chance1"] == 1 / 24
    assert re.search(
        r"This brain picks the right picture out of 24, \d+ % of the time \(chance "
        rf"4.2 %, 95 % interval .* 24 queries\). Layer: {layer}, chosen on held-out "
        "concepts of the training trials",
        done.printed,
    )


def test_report_and_scores_are_written(done):
    assert f"Report: {done.out / 'report.html'}" in done.printed
    html = (done.out / "report.html").read_text(encoding="utf-8")
    scores = pd.read_csv(done.out / "scores.csv")
    assert scores["layer"].tolist()[-2:] == ["final", "chosen"]
    for layer in scores["layer"][:-1]:
        assert f"<td>{layer}</td>" in html
    assert "This brain picks" in html
    for section in ("Metrics", "Retrieval", "Worst queries", "Shared space"):
        assert section in html
    assert "evenly spaced over the test trials" in html
    assert str(done.out) not in html  # where it lay is nobody's business
    assert not list(done.out.glob(".*"))


def test_one_layer_given_thrice_is_not_chosen(done, tmp_path, capsys):
    argv = ["demo", "--bids-root", str(done.out / "bids"), "--subject", "01,sub-01,01"]
    argv += ["--layer", "2,energy2,2", "--debug"]
    assert main([*argv, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Layer: energy2, as asked for." in printed
    assert "chosen on held-out" not in printed
    assert "This brain picks" in printed


def test_another_seed_needs_another_folder(done, capsys):
    argv = [
        "demo",
        "--out",
        str(done.out),
        "--overwrite",
        "--seed",
        "1",
        "--layer",
        "2",
    ]
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert "made with --seed 0, not 1. Give another --out, or --seed 0." in error
    assert (done.out / "report.html").exists()


def test_an_earlier_result_is_replaced_if_so_asked(done, tmp_path, capsys):
    before = (done.out / "report.html").read_bytes()
    assert main(["demo", "--out", str(done.out)]) == 1
    captured = capsys.readouterr()
    assert "Simulating" not in captured.out
    assert f"{done.out / 'scores.csv'} exists" in captured.err
    assert "--overwrite" in captured.err
    assert (done.out / "report.html").read_bytes() == before
    (tmp_path / "report.html").write_text("old")
    argv = ["demo", "--bids-root", str(done.out / "bids"), "--subject", "01"]
    argv += ["--layer", "2", "--out", str(tmp_path)]
    assert main(argv) == 1
    assert main([*argv, "--overwrite", "--debug"]) == 0
    assert "This brain picks" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_unwritable_folder_is_told_first(tmp_path, capsys):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    assert main(["demo", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "Simulating" not in captured.out
    assert captured.err.count("\n") == 1
    assert f"Nothing can be written to the folder {out}" in captured.err


@pytest.mark.parametrize("hold_out", ["concept", "run"])
def test_the_same_on_a_dataset_of_ones_own(done, hold_out, tmp_path, capsys):
    root = str(done.out / "bids")
    argv = ["demo", "--bids-root", root, "--subject", "01", "--hold-out", hold_out]
    argv += ["--layer", "2", "--tmin", "0", "--tmax", "0.5", "--debug"]
    assert main([*argv, "--out", str(tmp_path / "new")]) == 0
    printed = capsys.readouterr().out
    assert "as asked for" in printed
    scores = pd.read_csv(tmp_path / "new" / "scores.csv")
    assert (scores["hold_out"] == hold_out).all()
    assert scores.loc[0, "n_folds"] == {"concept": 5, "run": 2}[hold_out]
    html = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "<th>tmax</th><td>0.5</td>" in html
    seen = re.search("whose picture was in training</th><td>(.*?)</td>", html)[1]
    assert (int(seen) > 0) == (hold_out == "run")
    for text in (printed, html):
        told = f"In {seen} of the {scores.loc[0, 'n_queries']} queries the picture was"
        assert (told in text) == (hold_out == "run")
        assert ("not zero-shot retrieval" in text) == (hold_out == "run")


def test_pictures_known_only_by_their_class(done, tmp_path, capsys):
    """Events that name folders: trials stay single, and classes are retrieved."""
    root = tmp_path / "bids"
    shutil.copytree(done.out / "bids", root)
    for path in root.glob("sub-01/eeg/*_events.tsv"):
        events = pd.read_csv(path, sep="\t", keep_default_na=False)
        events["stim_file"] = events["concept"]
        events.to_csv(path, sep="\t", index=False)
    out = tmp_path / "out"
    argv = ["demo", "--bids-root", str(root), "--subject", "01", "--layer", "2"]
    assert main([*argv, "--out", str(out), "--debug"]) == 0
    assert "picks the right class of pictures out of 6" in capsys.readouterr().out
    assert pd.read_csv(out / "scores.csv").loc[0, "n_queries"] == 6 * 4 * 2


def test_print_only_leaves_nothing(done, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    argv = ["demo", "--bids-root", str(done.out / "bids"), "--subject", "01"]
    assert main([*argv, "--layer", "2", "--no-report"]) == 0
    assert "Report" not in capsys.readouterr().out
    assert not list(tmp_path.glob("mne-shallowalign-*"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backbone", "gabor/v9"], "--backbone gabor/v9 is unknown"),
        (["--backbone", "gabour/v1"], "--backbone provider gabour is unknown"),
        (["--layer", "energy99"], "--layer energy99 is not in gabor/v1"),
        (["--layer", "99"], "--layer 99 does not exist"),
        (["--hold-out", "subject"], "--hold-out subject needs trials of at least two"),
    ],
)
def test_a_wrong_name_is_one_line_and_leaves_nothing(
    done, options, words, tmp_path, capsys
):
    out = tmp_path / "new"
    argv = ["demo", "--bids-root", str(done.out / "bids"), "--subject", "01"]
    assert main([*argv, "--out", str(out), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("mne-shallowalign demo: error: ")
    assert error.count("\n") == 1
    assert words in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--subject", "99"], "--subject 99 is not in"),
        (["--task", "none"], "with --task none"),
        (["--stimuli", "nowhere"], "--stimuli nowhere is no folder"),
    ],
)
def test_what_is_not_there_is_a_failure(done, options, words, tmp_path, capsys):
    out = tmp_path / "new"
    argv = ["demo", "--bids-root", str(done.out / "bids"), "--subject", "01"]
    assert main([*argv, "--out", str(out), *options]) == 1
    error = capsys.readouterr().err
    assert (words in error, error.count("\n")) == (True, 1)
    assert not out.exists()


def test_a_wrong_layer_is_told_before_the_simulation(tmp_path, capsys):
    assert main(["demo", "--layer", "88", "--out", str(tmp_path / "new")]) == 2
    printed = capsys.readouterr()
    assert (printed.out, "--layer 88" in printed.err) == ("", True)


def test_layers_are_names_numbers_or_depths():
    parse = make_parser().parse_args
    assert parse(["demo", "--layer", "6,0.5", "--layer", "final"]).layer == [
        6,
        0.5,
        "final",
    ]
    one, first = parse(["demo", "--layer", "1.0,1"]).layer
    assert (type(one), type(first)) == (float, int)
