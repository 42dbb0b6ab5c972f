"""What is written on the command line, as values."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

_LOADING = ("session", "task", "tmin", "tmax", "l_freq", "h_freq", "sfreq")


def add_data_arguments(data: argparse._ArgumentGroup, required: bool = False) -> None:
    """Add the options that name trials, the same for every command.

    Parameters
    ----------
    data : argparse._ArgumentGroup
        Where to add them.
    required : bool
        Whether there must be a dataset. Default False.
    """
    data.add_argument(
        "--bids-root", type=Path, required=required, help="root of a BIDS dataset"
    )
    data.add_argument(
        "--subject",
        type=parse_labels,
        required=required,
        help="its label, or several: 01,02",
    )
    data.add_argument("--session", type=parse_words, help="default: all")
    data.add_argument("--task", type=parse_words, help="default: all")
    data.add_argument(
        "--stimuli", type=Path, help="folder of the pictures, default <root>/stimuli"
    )
    for name in ("--tmin", "--tmax"):
        data.add_argument(
            name, type=float, metavar="SECONDS", help="window around picture onset"
        )
    for name in ("--l-freq", "--h-freq", "--sfreq"):
        data.add_argument(
            name, type=parse_hz, metavar="HZ", help="default: as recorded"
        )


def add_average_argument(group: argparse._ArgumentGroup) -> None:
    """Add the option that averages repetitions.

    Parameters
    ----------
    group : argparse._ArgumentGroup
        Where to add it.
    """
    group.add_argument(
        "--average",
        action=argparse.BooleanOptionalAction,
        help="average the repetitions of a picture; default: yes, unless pictures are "
        "known only by their class",
    )


def loading_of(args: argparse.Namespace) -> dict[str, Any]:
    """Collect what was said of how trials are read.

    Parameters
    ----------
    args : argparse.Namespace
        The options of :func:`add_data_arguments`.

    Returns
    -------
    loading : dict
        Arguments of :func:`mne_shallowalign.datasets.load_bids` that were given.
    """
    given = {name: getattr(args, name) for name in _LOADING}
    loading = {name: value for name, value in given.items() if value is not None}
    if loading.get("tmin", -1) >= 0:
        loading["baseline"] = None  # there is none before the picture
    return loading


def parse_labels(text: str) -> list[str]:
    """Read labels of people, with or without ``sub-``.

    Parameters
    ----------
    text : str
        ``"01,sub-02"``.

    Returns
    -------
    labels : list of str
        Every label once.
    """
    return list(dict.fromkeys(word.removeprefix("sub-") for word in parse_words(text)))


def parse_setting(text: str) -> tuple[str, Any]:
    """Read the value of a parameter.

    Parameters
    ----------
    text : str
        ``"lr=1e-3"``: a name, and a value as JSON has it or else a string.

    Returns
    -------
    name : str
        The name.
    value : object
        The value.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected name=value, got {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def parse_hz(text: str) -> float:
    """Read a frequency.

    Parameters
    ----------
    text : str
        ``"0.1"``.

    Returns
    -------
    hz : float
        More than 0.
    """
    try:
        hz = float(text)
    except ValueError:
        hz = -1.0
    if not 0 < hz < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return hz


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
