"""``mne-shallowalign demo``: from a BIDS folder to a retrieval score."""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import (
    add_average_argument,
    add_data_arguments,
    add_shared_arguments,
    loading_of,
    parse_layers,
)
from ._folds import HOLD_OUTS
from ._output import check_file, output_folder, replacing

if TYPE_CHECKING:
    from ..backbones import Backbone
    from ._layer_scores import Chosen
    from ._study import Study

SUMMARY = "Decode pictures from a simulated recording, or from your own."
EXAMPLES = """\
examples:
  mne-shallowalign demo
      no data, no download: simulates a person, decodes, writes a report
  mne-shallowalign demo --bids-root ds --subject 01
      the same on your own BIDS dataset, whose events have a stim_file
  mne-shallowalign demo --bids-root ds --subject 01 --hold-out run \\
      --backbone vit-b-16 --layer 3,6,9,12,final --out results
      another vision model (its weights are downloaded), and held-out runs
"""
_N_LAYERS = 6
SCORES, REPORT = "scores.csv", "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    add_data_arguments(parser.add_argument_group("data (none: a simulation)"))
    _add_model_arguments(parser.add_argument_group("model"))
    _add_protocol_arguments(parser.add_argument_group("protocol"))
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, help="folder, default a temporary one")
    output.add_argument(
        "--overwrite", action="store_true", help="replace an earlier result in --out"
    )
    output.add_argument(
        "--no-report", action="store_true", help="print only, without --out"
    )


def _add_model_arguments(model: argparse._ArgumentGroup) -> None:
    model.add_argument("--backbone", default="gabor/v1", help="default: %(default)s")
    add_shared_arguments(model, "--weights")
    model.add_argument(
        "--layer",
        type=parse_layers,
        action="extend",
        help="name, number from 1, relative depth from 0.0 to 1.0, or final; several "
        "with commas or by repeating the option; default: a spread",
    )
    add_shared_arguments(model, "--seed")


def _add_protocol_arguments(protocol: argparse._ArgumentGroup) -> None:
    protocol.add_argument(
        "--hold-out",
        choices=HOLD_OUTS,
        help="what is tested on and never learned from; default: the split that the "
        "dataset publishes, else concepts (runs, where only classes are known)",
    )
    add_average_argument(protocol)


def run(args: argparse.Namespace, simulation: Mapping[str, Any] | None = None) -> None:
    """Load or simulate, decode, print and write.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    simulation : mapping | None
        Arguments of :func:`mne_shallowalign.datasets.simulate_bids` that are not its
        defaults.
    """
    if (args.bids_root is None) != (args.subject is None):
        args.usage_error("--bids-root and --subject belong together")
    if args.out is not None and args.no_report:
        args.usage_error("--no-report prints only, and writes nothing to --out")
    if args.out is not None:
        for name in (SCORES, REPORT):
            check_file(args.out / name, args.overwrite)
    loading = loading_of(args)
    import matplotlib as mpl

    mpl.use("agg")
    from .._report_words import tabulate
    from ..backbones import load_backbone
    from ._study import decode_dataset

    with ExitStack() as stack:
        out = stack.enter_context(output_folder(args.out, keep=not args.no_report))
        backbone = load_backbone(args.backbone, weights=args.weights)
        layers = [backbone.resolve(one) for one in args.layer or _spread(backbone)]
        root, subjects, cache_dir = args.bids_root, args.subject, None
        if root is None:
            root, subjects, cache_dir = out / "bids", ["01"], out / "features"
            stack.enter_context(_one_thread())
            _simulate(root, args.seed, cache_dir, simulation or {})
        study = decode_dataset(
            root,
            subjects,
            backbone,
            list(dict.fromkeys(layers)),
            stimuli=args.stimuli,
            hold_out=args.hold_out,
            average=args.average,
            seed=args.seed,
            cache_dir=cache_dir,
            loading=loading,
        )
        table = tabulate(study.scores, study.marks)
        print(f"\n{table.to_string(index=False)}\n\n{study.sentence}")
        if not args.no_report:
            _write(study, out)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread.

    The matrices of the simulation are too small to gain from more, and on a busy
    machine threads that wait for one another make each fit fifty times slower.
    """
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _simulate(
    root: Path, seed: int, cache_dir: Path, simulation: Mapping[str, Any]
) -> None:
    from ..datasets import simulate_bids

    _check_seed(root, seed)
    print(f"Simulating a recording in {root}", flush=True)
    settings = {"random_state": seed, "cache_dir": cache_dir, **simulation}
    simulate_bids(root, **settings, overwrite=True)


def _check_seed(root: Path, seed: int) -> None:
    """Refuse to mix simulations, in the words of this command."""
    record = root / "code" / "simulation.json"
    if not record.is_file():
        return
    before = json.loads(record.read_text(encoding="utf-8")).get("random_state")
    if before not in (None, seed):
        raise ValueError(
            f"--out {root.parent} holds another simulation, made with --seed {before}, "
            f"not {seed}. Give another --out, or --seed {before}."
        )


def _write(study: Study, out: Path) -> None:
    import pandas as pd

    from ..report import make_report

    scores, chosen = study.scores, study.chosen
    queries = study.epochs[chosen.test]
    with warnings.catch_warnings():  # of what the sentence says
        warnings.filterwarnings("ignore", "The decoder was trained with")
        report = make_report(
            scores,
            decoder=chosen.decoder,
            epochs=queries,
            result=study.sentence + _say_last_fold(chosen),
            marks=study.marks,
            provenance=study.record,
        )
    with replacing(out / SCORES) as path:
        pd.concat([scores, chosen.scores]).to_csv(path, index=False)
    with replacing(out / REPORT) as path:
        report.save(path, open_browser=False, overwrite=True, verbose=False)
    print(f"\nReport: {out / REPORT}\nScores: {out / SCORES}")


def _say_last_fold(chosen: Chosen) -> str:
    n_folds = len(chosen.layers)
    if n_folds == 1:
        return ""
    return f" What follows the table of layers is of the last of {n_folds} folds."


def _spread(backbone: Backbone) -> list[float | str]:
    n_layers = min(_N_LAYERS, len(backbone.layers))
    depths = [i / max(n_layers - 1, 1) for i in range(n_layers)]
    return [*depths, *(["final"] if backbone.final_width else [])]
