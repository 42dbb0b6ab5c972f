"""What is written on the command line, as values."""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

# One name and one meaning in every command that has the option.
_SHARED: dict[str, dict[str, Any]] = {
    "--weights": {"default": "hub", "help": "hub (default), random, or a file"},
    "--device": {"default": "auto", "help": "auto (default), cpu, mps, cuda or cuda:1"},
    "--seed": {"default": 0, "help": "default: %(default)s"},
    "--cache-dir": {
        "help": "where features are kept for the next time, default a folder in MNE's "
        "data folder"
    },
}
_LOADING = ("session", "task", "tmin", "tmax", "l_freq", "h_freq", "sfreq")


def add_shared_arguments(group: argparse._ActionsContainer, *options: str) -> None:
    """Add options that several commands have.

    Parameters
    ----------
    group : argparse._ActionsContainer
        Where to add them: a parser or a group of one.
    *options : str
        Their names, such as ``"--seed"``.
    """
    types: dict[str, Callable[[str], Any]] = {
        "--device": parse_device,
        "--seed": parse_seed,
        "--cache-dir": parse_folder,
    }
    for option in options:
        group.add_argument(option, type=types.get(option, str), **_SHARED[option])


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
            name,
            type=parse_seconds,
            metavar="SECONDS",
            help="window around picture onset",
        )
    for name in ("--l-freq", "--h-freq", "--sfreq"):
        data.add_argument(
            name, type=parse_positive, metavar="HZ", help="default: as recorded"
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
    for low, high in (("tmin", "tmax"), ("l_freq", "h_freq")):
        start, end = getattr(args, low), getattr(args, high)
        if start is not None and end is not None and start >= end:
            args.usage_error(
                f"{args.options[low]} must be less than {args.options[high]}, got "
                f"{start:g} and {end:g}"
            )
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


def parse_seconds(text: str) -> float:
    """Read a time.

    Parameters
    ----------
    text : str
        ``"-0.2"``.

    Returns
    -------
    seconds : float
        A finite number.
    """
    seconds = _number(text)
    if not math.isfinite(seconds):
        raise argparse.ArgumentTypeError(f"expected seconds, got {text!r}")
    return seconds


def parse_positive(text: str) -> float:
    """Read a positive number.

    Parameters
    ----------
    text : str
        ``"0.1"``.

    Returns
    -------
    number : float
        More than 0.
    """
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def parse_device(text: str) -> str:
    """Read the name of a device, which need not be there.

    Parameters
    ----------
    text : str
        ``"cuda:1"``.

    Returns
    -------
    device : str
        The same.
    """
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(
            f"expected auto, cpu, mps, cuda or cuda:N, got {text!r}"
        )
    return text


def parse_seed(text: str) -> int:
    """Read a seed.

    Parameters
    ----------
    text : str
        ``"0"``.

    Returns
    -------
    seed : int
        From 0 to 2^32 - 1.
    """
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"expected a whole number from 0 to 4294967295, got {text!r}"
        )
    return int(text)


def parse_jobs(text: str) -> int:
    """Read a number of processes.

    Parameters
    ----------
    text : str
        ``"4"`` or ``"-1"``.

    Returns
    -------
    n_jobs : int
        At least 1, or -1: one for each processor.
    """
    if text != "-1" and (not text.isdecimal() or int(text) == 0):
        raise argparse.ArgumentTypeError(
            f"expected a number of at least 1, or -1, got {text!r}"
        )
    return int(text)


def parse_whole(text: str) -> int:
    """Read how many there are.

    Parameters
    ----------
    text : str
        ``"5"``.

    Returns
    -------
    number : int
        At least 1.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            f"expected a number of at least 1, got {text!r}"
        )
    return int(text)


def parse_folder(text: str) -> Path:
    """Read a folder, which need not be there but can be made.

    Parameters
    ----------
    text : str
        ``"features"``.

    Returns
    -------
    folder : Path
        The same.
    """
    folder = Path(text).expanduser()
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, but {there} is a file")
    return folder


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
    try:
        return parse_whole(text)
    except argparse.ArgumentTypeError as error:
        message = f"expected auto or a number of at least 1, got {text!r}"
        raise argparse.ArgumentTypeError(message) from error


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
