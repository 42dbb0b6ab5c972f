"""``mne-shallowalign cache``: what is kept of features, and how to be rid of it."""

from __future__ import annotations

import argparse
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import add_shared_arguments, parse_size

if TYPE_CHECKING:
    from pandas import DataFrame

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
_DIGEST = r"([0-9a-f]{12})[0-9a-f]{28,}"  # of which twelve digits are enough to see


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    add_shared_arguments(parser, "--cache-dir")
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
    from ..features import cache_info

    table = cache_info(cache_dir)
    path = table.attrs["path"]
    if not len(table):
        print(f"No features are kept in {path}")
        return
    print(_for_people(table).to_string(index=False))
    print(f"\n{_size(table['n_bytes'].sum())} in {path}")


def _for_people(table: DataFrame) -> DataFrame:
    shown = table[["backbone", "pooling", "view", "precision"]].copy()
    commits = table["weights_revision"].str.replace(_DIGEST, r"\1", regex=True)
    shown.insert(1, "weights", commits)
    shown["layers"] = table["layers"].map(len)
    shown["images"] = table["n_images"]
    shown["size"] = table["n_bytes"].map(_size)
    shown["last used"] = table["last_used"].dt.strftime("%Y-%m-%d %H:%M")
    return shown


def _clear(args: argparse.Namespace) -> None:
    from ..features import cache_info, clear_cache

    table = cache_info(args.cache_dir)
    path = table.attrs["path"]
    chosen = [fnmatchcase(name, args.backbone or "*") for name in table["backbone"]]
    excess = table["n_bytes"][chosen].sum() - (args.max_size or 0)
    if excess <= 0:
        print(f"There is nothing to remove in {path}")
        return
    which = "" if args.max_size is None else " that were not used for longest"
    if args.yes or _agreed(f"Remove {_size(excess)} of features{which} from {path}?"):
        freed = clear_cache(
            args.cache_dir, backbone=args.backbone, max_bytes=args.max_size
        )
        print(f"Removed {_size(freed)}")


def _size(n_bytes: float) -> str:
    from tqdm import tqdm

    return tqdm.format_sizeof(n_bytes, "B")


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError as error:
        raise ValueError("nobody answered; --yes removes without asking") from error
