"""What is written on the command line, as values."""

from __future__ import annotations

import argparse


def parse_words(text: str) -> list[str]:
    """Split names at commas.

    Parameters
    ----------
    text : str
        ``"mean,cls"``.

    Returns
    -------
    words : list of str
        Every name once.
    """
    found = dict.fromkeys(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"expected at least one name, got {text!r}")
    return list(found)


def parse_layers(text: str) -> list[int | float | str]:
    """Split layers at commas.

    Parameters
    ----------
    text : str
        ``"4,0.5,final"``.

    Returns
    -------
    layers : list of int | float | str
        Numbers from 1, relative depths and names.
    """
    return [_layer(word) for word in parse_words(text)]


def _layer(word: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def parse_count(text: str) -> int | str:
    """Read a positive number or ``"auto"``.

    Parameters
    ----------
    text : str
        ``"auto"`` or ``"64"``.

    Returns
    -------
    count : int | ``"auto"``
        The same.
    """
    if text == "auto":
        return text
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected auto or a number, got {text!r}")
    return int(text)


def parse_size(text: str) -> int:
    """Read a size.

    Parameters
    ----------
    text : str
        ``"5GB"``, ``"500M"`` or a number of bytes; a GB is 10^9 bytes.

    Returns
    -------
    n_bytes : int
        The size in bytes.
    """
    from ..features import _cache

    try:
        return _cache.parse_size(text, "it")
    except ValueError as error:
        message = f"expected a size such as 5GB, got {text!r}"
        raise argparse.ArgumentTypeError(message) from error
