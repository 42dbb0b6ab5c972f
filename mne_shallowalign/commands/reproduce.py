"""``mne-shallowalign reproduce``: a table or figure of the paper."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import (
    add_shared_arguments,
    parse_jobs,
    parse_labels,
    parse_positive,
    parse_whole,
    parse_words,
)
from ._output import check_folder

if TYPE_CHECKING:
    from ..protocols import Recordings
    from ..reproduce import Setting

SUMMARY = "Reproduce a table or figure of the paper."
EXAMPLES = """\
examples:
  mne-shallowalign reproduce
      lists what can be reproduced
  mne-shallowalign reproduce figure2 --dataset simulated --out results
      no data, no download: simulated people, stand-ins for the vision models
  mne-shallowalign reproduce table1 --dry-run
      fits, hours and disk, and nothing else
  mne-shallowalign reproduce table5 --backbone vit-b-16 --subject 01,02 --n-seeds 1 \\
      --out results
      a part of it; the same command goes on after it was stopped
"""
DATASETS = ("things-eeg2", "things-meg", "simulated")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "exhibit",
        nargs="?",
        metavar="name",
        help="table1, figure2, ...; none: list what there is",
    )
    parser.add_argument(
        "--dataset", choices=DATASETS, help="default: the one that the paper shows"
    )
    parser.add_argument(
        "--subject", type=parse_labels, help="labels, such as 01,02; default: all"
    )
    parser.add_argument(
        "--backbone",
        type=parse_words,
        help="vision models of the paper, such as vit-b-16; default: all",
    )
    parser.add_argument(
        "--n-seeds",
        type=parse_whole,
        help="how many seeds; default: 5, or 1 if simulated",
    )
    parser.add_argument(
        "--selection",
        choices=("train", "test"),
        default="train",
        help="what layers are chosen by; test is the published habit, and every number "
        "then says so; default: %(default)s",
    )
    add_shared_arguments(parser, "--device")
    parser.add_argument(
        "--n-jobs",
        type=parse_jobs,
        help="fits that run at once, -1 for one per processor; default: 1",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("reproduction"), help="default: %(default)s"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print fits, hours and disk"
    )
    parser.add_argument(
        "--seconds-per-fit",
        type=parse_positive,
        metavar="SECONDS",
        help="with --dry-run: what a fit of one person takes",
    )


def run(args: argparse.Namespace) -> None:
    """List, estimate or reproduce.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if args.seconds_per_fit is not None and not args.dry_run:
        args.usage_error("--seconds-per-fit needs --dry-run")
    idle = [one for one in args.argv[1:] if one not in ("--verbose", "--debug")]
    if args.exhibit is None and idle:
        args.usage_error(f"{idle[0]} needs the name of a table or figure")
    import matplotlib as mpl

    mpl.use("agg")
    from ..reproduce import list_exhibits, reproduce

    exhibits = list_exhibits()
    if args.exhibit is None:
        print(exhibits.to_string())
        return
    if args.exhibit not in exhibits.index:
        args.usage_error(f"{args.exhibit}: choose one of {', '.join(exhibits.index)}")
    if not args.dry_run:
        check_folder(args.out)
    dataset = args.dataset or exhibits.loc[args.exhibit, "dataset"]
    setting = _setting(args, dataset)
    if args.dry_run:
        _estimate(args, setting)
        return
    made = reproduce(args.exhibit, setting, args.out, n_jobs=args.n_jobs)
    for table in made.tables.values():
        print(table.to_string())
    print(made.note)
    for path in made.files:
        print(path)


def _setting(args: argparse.Namespace, dataset: str) -> Setting:
    from ..reproduce import paper_setting, simulated_setting

    options = {"backbones": args.backbone, "selection": args.selection}
    if args.n_seeds is not None:
        options["seeds"] = args.n_seeds
    if args.device != "auto":
        options["params"] = {"device": args.device}
    if dataset != "simulated":
        return paper_setting(_recordings(dataset, args.subject), **options)
    path = None if args.dry_run else args.out / "simulated"
    return simulated_setting(path, subjects=args.subject, **options)


def _recordings(dataset: str, subjects: list[str] | None) -> Recordings:
    from ..protocols import things_eeg2_recordings, things_meg_recordings

    if dataset == "things-meg":
        return things_meg_recordings(subjects=subjects)
    return things_eeg2_recordings(subjects=subjects)


def _estimate(args: argparse.Namespace, setting: Setting) -> None:
    from ..reproduce import cost, plan
    from ..reproduce._cost import default_seconds

    seconds, source = args.seconds_per_fit, "given"
    if seconds is None:
        seconds = default_seconds(setting)
        source = "measured on two CPU cores; --seconds-per-fit says what yours takes"
    fits = plan(args.exhibit, setting)
    print(fits.groupby(["protocol", "recipe"], sort=False).size().to_string())
    print(cost(fits, setting, seconds_per_fit=seconds))
    print(f"with {seconds:g} s for a fit of one person ({source})")
