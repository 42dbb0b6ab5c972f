"""``mne-shallowalign backbones``: which there are, and their layers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

SUMMARY = "List vision models and their layers."
EXAMPLES = """\
examples:
  mne-shallowalign backbones "timm/resnet*"
      the models whose names match
  mne-shallowalign backbones --paper
      a table of the models of the paper
  mne-shallowalign backbones --layers timm/resnet50.a1_in1k --granularity block
      the layers of one model
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "pattern", nargs="?", default="*", help="with * and ?; default: all"
    )
    parser.add_argument(
        "--paper", action="store_true", help="a table of the paper's models only"
    )
    parser.add_argument("--layers", metavar="NAME", help="list the layers of a model")
    parser.add_argument(
        "--granularity",
        choices=("stage", "block"),
        help="with --layers: of a convolutional network, its stages or its blocks",
    )


def run(args: argparse.Namespace) -> None:
    """Print.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if args.layers is not None and (args.paper or args.pattern != "*"):
        args.usage_error("--layers takes one NAME, without PATTERN and --paper")
    if args.granularity is not None and args.layers is None:
        args.usage_error("--granularity needs --layers NAME")
    if args.layers is not None:
        print(_tabulate_layers(args.layers, args.granularity).to_string(index=False))
        return
    from ..backbones import list_backbones

    found = list_backbones(args.pattern, paper=args.paper)
    if not len(found):
        raise ValueError(
            f"no backbone matches {args.pattern!r}. Quote wildcards from the shell; "
            "without a pattern all are listed."
        )
    if args.paper:
        counts = {"parameters": "{:,}".format}
        print(found.reset_index().to_string(index=False, formatters=counts))
    else:
        print("\n".join(found))


def _tabulate_layers(name: str, granularity: str | None) -> DataFrame:
    import pandas as pd

    from ..backbones import load_backbone

    options: dict[str, Any] = (
        {} if granularity is None else {"granularity": granularity}
    )
    backbone = load_backbone(name, **options)
    last = max(len(backbone.layers) - 1, 1)
    rows: list[tuple[Any, ...]] = [
        (i + 1, layer, round(i / last, 3), width)
        for i, (layer, width) in enumerate(
            zip(backbone.layers, backbone.widths, strict=True)
        )
    ]
    if backbone.final_width is not None:
        rows.append(("", "final", "", backbone.final_width))
    names = ["number", "layer", "depth", "width"]
    return pd.DataFrame(rows, columns=names, dtype=object)
