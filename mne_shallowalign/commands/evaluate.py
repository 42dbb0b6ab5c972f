"""``mne-shallowalign evaluate``: from a decoder on disk to every metric."""

from __future__ import annotations

import argparse
from pathlib import Path

from ._arguments import (
    add_average_argument,
    add_data_arguments,
    add_shared_arguments,
)
from ._output import whole_folder

SUMMARY = "Test a saved decoder on trials that it has not seen."
EXAMPLES = """\
examples:
  mne-shallowalign evaluate decoder.safetensors --bids-root ds --subject 01
      prints every metric with its interval and its chance level
  mne-shallowalign evaluate decoder.safetensors --bids-root ds --subject 01 \\
      --out results
      writes them to metrics.csv, the rank of every trial to ranks.csv, similarities to
      similarity.safetensors, and how it was done to provenance.json

trials are read as they were for the training of this decoder, unless options say
otherwise.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument("decoder", type=Path, help="file that fit wrote")
    add_test_arguments(parser.add_argument_group("data"), required=True)
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, help="folder to make")
    output.add_argument(
        "--overwrite", action="store_true", help="replace an earlier result in --out"
    )


def add_test_arguments(data: argparse._ArgumentGroup, required: bool = False) -> None:
    """Add the options that name the trials of a test.

    Parameters
    ----------
    data : argparse._ArgumentGroup
        Where to add them.
    required : bool
        Whether there must be a dataset. Default False.
    """
    add_data_arguments(data, required)
    add_average_argument(data)
    data.add_argument(
        "--split",
        choices=("test", "train", "all"),
        default="test",
        help="which trials, default: %(default)s",
    )
    data.add_argument(
        "--seen-concepts",
        action="store_true",
        help="also test on concepts that the decoder learned from",
    )
    add_shared_arguments(data, "--device")


def run(args: argparse.Namespace) -> None:
    """Test, print and write.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if args.out is None:
        print(_evaluate(args, None))
        return
    with whole_folder(args.out, args.overwrite) as folder:
        said = _evaluate(args, folder)
    print(f"{said}\n\nResults: {args.out}")


def _evaluate(args: argparse.Namespace, folder: Path | None) -> str:
    """Test and write; what to say is said when it is safe on disk."""
    from mne.utils import use_log_level

    from .._evaluation import evaluate, measure, score_row
    from .._evaluation_folder import write_evaluation
    from .._report_words import (
        describe_decoder,
        describe_result,
        tabulate_metrics,
    )
    from ._decoders import progress, read_fitted, read_queries

    fitted = read_fitted(args.decoder, args.device)
    epochs, record = read_queries(fitted, args)
    with use_log_level(progress()):
        found = evaluate(fitted.decoder, epochs, epochs.metadata["image"].to_numpy(str))
    metrics = measure(found)
    who = "This brain picks" if len(args.subject) == 1 else "These brains pick"
    if folder is not None:
        made_of = {k: str(v) for k, v in describe_decoder(fitted.decoder).items()}
        write_evaluation(folder, found, record | {"decoder": made_of})
    table = tabulate_metrics(metrics).to_string(index=False)
    return f"{table}\n\n{describe_result(score_row(metrics), who)}"
