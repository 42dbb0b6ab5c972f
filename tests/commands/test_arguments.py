from __future__ import annotations

import argparse

import pytest

from mne_shallowalign.alignment import _precision as decoder_precision
from mne_shallowalign.commands._arguments import (
    parse_count,
    parse_device,
    parse_folder,
    parse_jobs,
    parse_layers,
    parse_positive,
    parse_seconds,
    parse_seed,
    parse_size,
    parse_whole,
    parse_words,
)
from mne_shallowalign.commands.main import make_parser
from mne_shallowalign.features import _precision as features_precision


def test_words_and_layers():
    assert parse_words(" mean, cls,mean,") == ["mean", "cls"]
    layers = parse_layers("4,0.5,final,blocks.3,1.0")
    assert layers == [4, 0.5, "final", "blocks.3", 1.0]
    assert [type(layer) for layer in layers] == [int, float, str, str, float]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5GB", 5 * 10**9),
        ("1.5 KB", 1500),
        ("20g", 20 * 10**9),
        ("17", 17),
        ("17B", 17),
        ("3TB", 3 * 10**12),
    ],
)
def test_sizes(text, expected):
    assert parse_size(text) == expected


def test_numbers():
    assert parse_positive("0.1") == 0.1
    assert (parse_seconds("-0.2"), parse_seconds("0")) == (-0.2, 0)
    assert (parse_seed("0"), parse_seed("4294967295")) == (0, 2**32 - 1)
    assert (parse_jobs("3"), parse_jobs("-1")) == (3, -1)
    assert parse_whole("5") == 5
    assert (parse_count("auto"), parse_count("64")) == ("auto", 64)


@pytest.mark.parametrize("text", ["auto", "cpu", "mps", "cuda", "cuda:1"])
def test_devices(text):
    assert parse_device(text) == text


def test_folders(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for folder in (tmp_path, tmp_path / "not" / "yet"):
        assert parse_folder(str(folder)) == folder
    for folder in (file, file / "below"):
        with pytest.raises(argparse.ArgumentTypeError, match="file is a file"):
            parse_folder(str(folder))


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_words, text) for text in ("", " , ")),
        *((parse_size, text) for text in ("", "GB", "5XB", "-1GB", "5 gigabytes")),
        *((parse_count, text) for text in ("0", "-3", "2.5", "many")),
        *((parse_positive, text) for text in ("0", "-5", "nan", "inf", "fast")),
        *((parse_seconds, text) for text in ("nan", "inf", "soon")),
        *((parse_seed, text) for text in ("-1", "4294967296", "0.5", "x")),
        *((parse_jobs, text) for text in ("0", "-3", "2.5", "x")),
        *((parse_whole, text) for text in ("0", "-3", "2.5", "x")),
        *((parse_device, text) for text in ("tpu", "cuda:", "cuda0", "")),
    ],
)
def test_wrong_ones_say_what_was_expected(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected .*, got"):
        parse(text)


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (["extract", "pictures", "--out", "out"], features_precision.PRECISIONS),
        (
            ["fit", "--bids-root", "ds", "--subject", "01", "--out", "a.safetensors"],
            decoder_precision.PRECISIONS,
        ),
    ],
)
def test_precisions_are_those_of_the_package(command, known):
    parser = make_parser()
    for precision in ("auto", *known):
        argv = [*command, "--precision", precision]
        assert parser.parse_args(argv).precision == precision
