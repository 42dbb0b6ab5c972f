"""``mne-shallowalign report``: from a decoder or results to one page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ._arguments import loading_of
from ._output import check_file, replacing
from .evaluate import add_test_arguments

if TYPE_CHECKING:
    import mne

SUMMARY = "Write a report of a decoder or of results: one file that opens offline."
EXAMPLES = """\
examples:
  mne-shallowalign report decoder.safetensors --bids-root ds --subject 01 \\
      --out report.html
      tests the decoder, and shows what it retrieves
  mne-shallowalign report results --stimuli ds/stimuli --out report.html
      what evaluate --out, or a protocol, wrote to a folder; the pictures are shown
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "results", type=Path, help="file that fit wrote, or a folder of results"
    )
    add_test_arguments(parser.add_argument_group("data to test a decoder on"))
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, required=True, help="file to write, .html")
    output.add_argument("--title", default="Shallow Alignment", help="%(default)s")
    output.add_argument(
        "--overwrite", action="store_true", help="replace the file if it exists"
    )


def run(args: argparse.Namespace) -> None:
    """Read, test where asked for, and write.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if (args.bids_root is None) != (args.subject is None):
        args.usage_error("--bids-root and --subject belong together")
    if args.bids_root is not None and args.results.is_dir():
        args.usage_error("--bids-root belongs to a decoder, not to a folder of results")
    if args.bids_root is None and (idle := _idle_options(args)):
        args.usage_error(f"{idle[0]} needs --bids-root and --subject")
    if args.out.suffix != ".html":
        args.usage_error(f"--out must end in .html, got {args.out.name}")
    import matplotlib as mpl

    mpl.use("agg")
    out = check_file(args.out, args.overwrite)
    report = _of_folder(args) if args.results.is_dir() else _of_decoder(args)
    with replacing(out) as path:
        report.save(path, open_browser=False, overwrite=True, verbose=False)
    print(f"Report: {args.out}")


def _idle_options(args: argparse.Namespace) -> list[str]:
    """List what was said of trials to test on, where there are none."""
    given = dict.fromkeys(loading_of(args), True)
    given["average"] = args.average is not None
    given["split"] = args.split != "test"
    given["seen_concepts"] = args.seen_concepts
    given["stimuli"] = args.stimuli is not None and not args.results.is_dir()
    return [f"--{name.replace('_', '-')}" for name, said in given.items() if said]


def _of_folder(args: argparse.Namespace) -> mne.Report:
    from ..report import make_report

    return make_report(args.results, image_root=args.stimuli, title=args.title)


def _of_decoder(args: argparse.Namespace) -> mne.Report:
    from ..report import make_report
    from ._decoders import read_fitted, read_queries, training_record

    fitted = read_fitted(args.results, args.device)
    if args.bids_root is None:
        return make_report(
            fitted.decoder, provenance=training_record(fitted), title=args.title
        )
    epochs, record = read_queries(fitted, args)
    return make_report(
        fitted.decoder, epochs=epochs, provenance=record, title=args.title
    )
