from __future__ import annotations

import argparse

import pytest

from mne_shallowalign.commands._arguments import (
    parse_count,
    parse_hz,
    parse_layers,
    parse_size,
    parse_words,
)


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


def test_frequencies():
    assert parse_hz("0.1") == 0.1
    for text in ("0", "-5", "nan", "inf", "fast"):
        with pytest.raises(argparse.ArgumentTypeError, match="positive number"):
            parse_hz(text)


def test_counts():
    assert parse_count("auto") == "auto"
    assert parse_count("64") == 64


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_words, text) for text in ("", " , ")),
        *((parse_size, text) for text in ("", "GB", "5XB", "-1GB", "5 gigabytes")),
        *((parse_count, text) for text in ("0", "-3", "2.5", "many")),
    ],
)
def test_wrong_ones_say_what_was_expected(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected .*, got"):
        parse(text)
