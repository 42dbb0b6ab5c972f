"""``mne-shallowalign cache``: what is kept of features, and how to be rid of it."""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase
from pathlib import Path

from ._arguments import parse_size

SUMMARY = "Show or clear the features that are kept on disk."
EXAMPLES = """\
examples:
  mne-shallowalign cache
      what is there, and where
  mne-shallowalign cache --clear --backbone "timm/*"
      remove the features of some models, after a question
  mne-shallowalign cache --clear --max-size 5GB --yes
      keep what was used last, up to 5 GB
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "--cache-dir", type=Path, help="default: a folder in MNE's data folder"
    )
    parser.add_argument("--clear", action="store_true", help="remove features")
    clear = parser.add_argument_group("with --clear")
    clear.add_argument(
        "--backbone", metavar="PATTERN", help="of these only, with * and ?"
    )
    clear.add_argument(
        "--max-size",
        type=parse_size,
        metavar="SIZE",
        help="only until no more than this is left, such as 5GB; what was not used for "
        "longest goes first",
    )
    clear.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> None:
    """Print, or ask and remove.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    for option in ("backbone", "max_size", "yes"):
        if not args.clear and getattr(args, option) not in (None, False):
            args.usage_error(f"--{option.replace('_', '-')} needs --clear")
    if args.clear:
        _clear(args)
    else:
        _show(args.cache_dir)


def _show(cache_dir: Path | None) -> None:
    from mne.utils import sizeof_fmt

    from ..features import cache_info

    table = cache_info(cache_dir)
    if not len(table):
        print(f"No features are kept in {table.attrs['path']}")
        return
    total = sizeof_fmt(table["n_bytes"].sum())
    shown = table.assign(n_bytes=table["n_bytes"].map(sizeof_fmt))
    shown = shown.rename(columns=lambda name: name.removeprefix("n_").replace("_", " "))
    print(f"{shown.to_string(index=False)}\n\n{total} in {table.attrs['path']}")


def _clear(args: argparse.Namespace) -> None:
    from mne.utils import sizeof_fmt

    from ..features import cache_info, clear_cache

    table = cache_info(args.cache_dir)
    if args.backbone is not None:
        named = [fnmatchcase(name, args.backbone) for name in table["backbone"]]
        table = table[named]
    size = table["n_bytes"].sum()
    if size <= (args.max_size or 0):
        print(f"Nothing to remove in {table.attrs['path']}")
        return
    what = f"{sizeof_fmt(size)} of features"
    if args.max_size is not None:
        what += f", all but {sizeof_fmt(args.max_size)} that were used last,"
    if args.yes or _agreed(f"Remove {what} in {table.attrs['path']}?"):
        freed = clear_cache(
            args.cache_dir, backbone=args.backbone, max_bytes=args.max_size
        )
        print(f"Removed {sizeof_fmt(freed)}")


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError as error:
        raise ValueError("nobody answered; --yes removes without asking") from error
