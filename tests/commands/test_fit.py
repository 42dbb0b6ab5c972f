"""``fit`` learns from the training trials, and writes a decoder or nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mne_shallowalign import ShallowAlignDecoder, read_decoder
from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import load_bids
from mne_shallowalign.preprocessing import average_repetitions


def test_it_is_the_decoder_that_python_fits(saved):
    root = saved.folder / "ds"
    epochs = load_bids(root, "01", tmin=0, baseline=None)
    train = average_repetitions(epochs[epochs.metadata["split"] == "train"])
    expected = ShallowAlignDecoder(
        "gabor/v1",
        2,
        lr=1e-2,
        n_components=16,
        max_epochs=10,
        random_state=0,
        image_root=root / "stimuli",
        cache_dir=saved.folder / "cache",
    ).fit(train, train.metadata["image"])
    found = read_decoder(saved.file)
    np.testing.assert_allclose(
        found.transform(train), expected.transform(train), atol=1e-5
    )
    assert set(found.gallery_) == set(train.metadata["image"])
    assert saved.printed.startswith(f"{len(train)} trials, layer energy2")


def test_the_record_says_what_was_learned_from(saved):
    record = json.loads(saved.file.with_suffix(".json").read_text())
    assert record["loading"] == {"tmin": 0, "baseline": None}
    assert (record["seed"], record["averaged"], record["trials"]) == (0, True, 48)
    assert len(record["concepts"]) == 12
    assert record["command"].startswith("mne-shallowalign fit --bids-root")


def test_a_search_is_saved_as_the_decoder_that_it_refitted(saved, tmp_path, capsys):
    out = tmp_path / "found.safetensors"
    model = [*saved.model, "--layer", "1"]  # two layers: 2 and 1
    assert main(["fit", *saved.data, *model, "--out", str(out), "--debug"]) == 0
    assert read_decoder(out).layer_ == "energy2"
    assert "layer energy2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--recipe", "no_such"], "--recipe no_such is unknown; there are atm"),
        (["--recipe", "nice", "--layer", "2"], "--layer is no option of the recipe"),
        (["--backbone", "gabor/v1", "--set", "speed=2"], "--set speed is no param"),
        (["--backbone", "gabor/v1", "--set", "random_state=3"], "is said by --seed"),
        (["--backbone", "gabor/v1", "--set", "image_root=a"], "is said by --stimuli"),
        (["--backbone", "gabor/v1", "--layer", "search,2"], "--layer search stands"),
        (["--backbone", "gabor/v1", "--layer", "auto,2"], "--layer auto stands alone"),
        (["--backbone", "gabor/v1", "--layer", "energy99"], "--layer energy99 is not"),
        (["--backbone", "gabor/v1", "--layer", "1,99"], "--layer 99 does not"),
        (["--backbone", "gabor/v1", "--encoder", "nothing"], "--encoder nothing is"),
        (["--backbone", "gabor/v1", "--pooling", "nothing"], "--pooling must be one"),
        (["--backbone", "nothing"], "--backbone nothing is unknown"),
        (
            ["--backbone", "gabor/v1", "--set", "max_epochs=-3"],
            "--set max_epochs == -3",
        ),
        (["--backbone", "gabor/v1", "--set", "lr=fast"], "--set lr must be"),
        (
            ["--recipe", "shallow_alignment", "--layer", "1,2"],
            "--layer takes one layer",
        ),
    ],
)
def test_an_error_is_one_line_and_leaves_nothing(
    saved, options, words, tmp_path, capsys
):
    out = tmp_path / "decoder.safetensors"
    nowhere = ["--bids-root", str(tmp_path), "--subject", "01"]  # told before reading
    assert main(["fit", *nowhere, *options, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("mne-shallowalign fit: error: ")
    assert (words in error, error.count("\n")) == (True, 1)
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_told_before_the_work(saved, capsys):
    before = saved.file.read_bytes()
    assert main(["fit", *saved.data, "--out", str(saved.file)]) == 1
    assert "--overwrite to replace" in capsys.readouterr().err
    assert saved.file.read_bytes() == before


def test_interrupted_while_saving(saved, tmp_path, monkeypatch, capsys):
    """Neither of the two files is there without the other."""

    def stop(decoder, fname, *, overwrite=False):
        fname.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(ShallowAlignDecoder, "save", stop)
    out = tmp_path / "decoder.safetensors"
    assert main(["fit", *saved.data, *saved.model, "--out", str(out)]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
