"""``mne-shallowalign fetch``."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import parse_folder, parse_words

if TYPE_CHECKING:
    from ..datasets import Dataset, RemoteFile

SUMMARY = "Fetch a subject of a dataset, or verify what was fetched."
EXAMPLES = """\
examples:
  mne-shallowalign fetch nod-eeg --subject 01 --dry-run
  mne-shallowalign fetch nod-eeg --subject 01
  mne-shallowalign fetch things-meg --subject 1 --kind raw --session 1 --run 1
  mne-shallowalign fetch things-eeg2 --subject 8 --check
  mne-shallowalign fetch ds003825 --include "sub-02/*"
  mne-shallowalign fetch nm000232 --subject 08 --dry-run
"""
# From the argument of a fetcher to that of the command, where "run" is the command.
_OPTIONS = {
    "kind": "kind",
    "session": "session",
    "run": "runs",
    "stimuli": "stimuli",
    "edition": "edition",
    "include": "include",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "dataset",
        help="see 'mne-shallowalign datasets', or an accession of OpenNeuro or NEMAR",
    )
    parser.add_argument("--subject", help="label of the subject")
    parser.add_argument("--kind", help="raw, epochs or preprocessed, as there is")
    parser.add_argument(
        "--session", nargs="+", help="sessions, such as 1,2 (default: all)"
    )
    parser.add_argument(
        "--run", dest="runs", nargs="+", help="runs, such as 1,2 (default: all)"
    )
    parser.add_argument("--stimuli", help="seen, all or none (NOD)")
    parser.add_argument("--edition", help="things or things-plus (things-images)")
    parser.add_argument("--include", nargs="+", help="patterns of paths (by accession)")
    parser.add_argument(
        "--path",
        type=parse_folder,
        help="folder of all datasets, default the one of MNE (MNE_DATA)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="fetch nothing: verify what is there"
    )
    what.add_argument(
        "--dry-run", action="store_true", help="fetch nothing: list files and sizes"
    )


def run(args: argparse.Namespace) -> None:
    """Fetch, list or verify.

    Parameters
    ----------
    args : argparse.Namespace
        The options.

    Raises
    ------
    ValueError
        If the dataset does not know an option, or if what is there is not what was
        published.
    """
    import mne

    from ..datasets._dataset import DATASETS
    from ..datasets._fetch import data_folder

    mne.set_log_level("INFO")
    options = {name: getattr(args, dest) for name, dest in _OPTIONS.items()}
    options = {name: value for name, value in options.items() if value is not None}
    for name in {"session", "run"}.intersection(options):
        options[name] = parse_words(",".join(options[name]))
    if options.get("stimuli") == "none":
        options["stimuli"] = None
    dataset = _find(args.dataset)
    if args.subject is not None:
        if args.dataset in DATASETS and not dataset.subjects:
            args.usage_error(f"{args.dataset} has no subjects to choose with --subject")
        options["subject"] = args.subject
    elif dataset.subjects:
        args.usage_error(
            f"{args.dataset} needs --subject, one of: {', '.join(dataset.subjects)}"
        )
    root = data_folder(args.path, dataset.folder)
    if args.check:
        _verify(_call(dataset.files, root=root, **options), root)
    elif args.dry_run:
        _list(_call(dataset.files, root=root, **options), root)
    else:
        print(_call(dataset.fetch, path=args.path, **options))


def _find(name: str) -> Dataset:
    from ..datasets._dataset import DATASETS
    from ..datasets._nemar import nemar_dataset
    from ..datasets._openneuro import openneuro_dataset

    by_accession = {r"ds\d{6}": openneuro_dataset, r"nm\d{6}": nemar_dataset}
    for form, describe in by_accession.items():
        if name not in DATASETS and re.fullmatch(form, name):
            return describe(name)
    return DATASETS.get(name)


def _call(function: Callable[..., Any], **options: Any) -> Any:
    """Pass options on; say which of them this dataset does not have."""
    known = inspect.signature(function).parameters
    foreign = [name for name in options if name not in known]
    if foreign:
        raise ValueError(
            f"--{foreign[0]} is no option of this dataset; it has: "
            + ", ".join(f"--{name}" for name in known if name in (*_OPTIONS, "subject"))
        )
    return function(**options)


def _list(files: Sequence[RemoteFile], root: Path) -> None:
    """Print what would be fetched."""
    from mne.utils import sizeof_fmt

    from ..datasets._fetch import describe_size
    from ..datasets._record import Record

    record = Record(root)
    missing = [f for f in files if not record.is_sound(f)]
    for file in missing:
        size = "unknown" if file.size is None else sizeof_fmt(file.size)
        print(f"{size:>10}  {file.path}")
    print(
        f"{len(missing)} of {len(files)} files, {describe_size(missing)}, would be "
        f"fetched to {root}"
    )


def _verify(files: Sequence[RemoteFile], root: Path) -> None:
    """Print what is not as it should be, and fail if anything is not."""
    from ..datasets._verify import verify_files

    states = verify_files(files, root)
    wrong = {path: state for path, state in states.items() if state != "sound"}
    for path, state in wrong.items():
        print(f"{state}: {path}")
    print(f"{len(states) - len(wrong)} of {len(states)} files in {root} are sound")
    if wrong:
        raise ValueError(
            f"{len(wrong)} files are missing or damaged; the same command without "
            "--check fetches them."
        )
