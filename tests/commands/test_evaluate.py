"""``evaluate`` tests as Python does, and not on what was learned from."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from mne_shallowalign import read_decoder
from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import load_bids
from mne_shallowalign.preprocessing import average_repetitions


def test_scores_are_those_of_python(saved, tmp_path, capsys):
    out = tmp_path / "results"
    argv = ["evaluate", str(saved.file), *saved.data, "--out", str(out), "--debug"]
    assert main(argv) == 0
    root = saved.folder / "ds"
    epochs = load_bids(root, "01", tmin=0, baseline=None)  # as for the training
    test = average_repetitions(epochs[epochs.metadata["split"] == "test"])
    decoder = read_decoder(saved.file).set_params(image_root=root / "stimuli")
    top1 = decoder.score(test, test.metadata["image"])
    metrics = pd.read_csv(out / "metrics.csv").set_index("metric")
    assert metrics.loc["top1", "value"] == top1
    assert metrics.loc["top1", "n_queries"] == len(test) == 16
    printed = capsys.readouterr().out
    assert f"picks the right picture out of 16, {100 * top1:.0f} % of" in printed
    assert f"Results: {out}" in printed
    ranks = pd.read_csv(out / "ranks.csv")
    assert (
        ranks["rank"].tolist() == decoder.ranks(test, test.metadata["image"]).tolist()
    )
    record = json.loads((out / "provenance.json").read_text())
    assert record["trials of concepts that were in training"] == 0
    assert record["training: dataset"] == "ds"
    assert str(saved.folder) not in (out / "provenance.json").read_text()


@pytest.mark.parametrize("record", ["", "[1]"])
def test_a_damaged_record_is_named(saved, record, tmp_path, capsys):
    file = tmp_path / "copy.safetensors"
    file.write_bytes(saved.file.read_bytes())
    file.with_suffix(".json").write_text(record)
    assert main(["evaluate", str(file), *saved.data]) == 1
    error = capsys.readouterr().err
    assert ("copy.json should say" in error, error.count("\n")) == (True, 1)


@pytest.mark.parametrize("with_record", [True, False])
def test_training_concepts_are_refused(saved, with_record, tmp_path, capsys):
    file = tmp_path / "copy.safetensors"
    file.write_bytes(saved.file.read_bytes())
    if with_record:
        beside = saved.file.with_suffix(".json").read_text()
        file.with_suffix(".json").write_text(beside)
    argv = ["evaluate", str(file), *saved.data, "--split", "train", "--tmin", "0"]
    assert main(argv) == 1
    error = capsys.readouterr().err
    assert "48 of the 48 trials are of concepts that this decoder learned" in error
    assert main([*argv, "--seen-concepts", "--debug"]) == 0
    assert "out of 48" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--tmin", "0.1"], "time samples"), (["--task", "no"], "no")],
)
def test_an_error_is_one_line_and_leaves_nothing(
    saved, options, words, tmp_path, capsys
):
    out = tmp_path / "results"
    argv = ["evaluate", str(saved.file), *saved.data, *options, "--out", str(out)]
    assert main(argv) == 1
    error = capsys.readouterr().err
    assert (words in error, error.count("\n")) == (True, 1)
    assert not list(tmp_path.iterdir())


def test_without_a_test_set_it_says_what_to_do(saved, tmp_path, capsys):
    shutil.copytree(saved.folder / "ds", tmp_path / "ds")
    for file in (tmp_path / "ds").rglob("*_events.tsv"):
        table = pd.read_csv(file, sep="\t").drop(columns="split")
        table.to_csv(file, sep="\t", index=False)
    data = ["--bids-root", str(tmp_path / "ds"), "--subject", "01"]
    assert main(["evaluate", str(saved.file), *data]) == 1
    error = capsys.readouterr().err
    assert ("demo --hold-out concept" in error, error.count("\n")) == (True, 1)
