"""``mne-shallowalign datasets``."""

from __future__ import annotations

import argparse
from typing import Any

from ._arguments import parse_folder

SUMMARY = "List the datasets that can be fetched, and what of them is on disk."
EXAMPLES = """\
examples:
  mne-shallowalign datasets
  mne-shallowalign datasets --path /data/recordings
"""
_HEAD = (
    ("name", 14),
    ("modality", 9),
    ("subjects", 9),
    ("hours", 6),
    ("per subject", 12),
    ("on disk", 9),
    ("licence", 0),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "--path",
        type=parse_folder,
        help="folder of all datasets, default the one of MNE (MNE_DATA)",
    )


def run(args: argparse.Namespace) -> None:
    """Print the table.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    from ..datasets import list_datasets

    table = list_datasets(path=args.path)
    print("".join(title.ljust(width) for title, width in _HEAD))
    for name, row in table.iterrows():
        cells = _cells(str(name), row)
        print("".join(c.ljust(w) for c, (_, w) in zip(cells, _HEAD, strict=True)))


def _cells(name: str, row: Any) -> list[str]:
    from mne.utils import sizeof_fmt

    return [
        name,
        row["modality"] or "-",
        str(row["subjects"] or "-"),
        f"{row['hours']:.1f}" if row["hours"] else "-",
        sizeof_fmt(row["size"]),
        sizeof_fmt(row["on_disk"]) if row["on_disk"] else "-",
        row["licence"],
    ]
