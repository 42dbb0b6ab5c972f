"""``mne-shallowalign fit``: from a BIDS folder to a decoder on disk."""

from __future__ import annotations

import argparse
import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import (
    add_average_argument,
    add_data_arguments,
    add_shared_arguments,
    loading_of,
    parse_layers,
    parse_setting,
)
from ._output import check_file, replacing

if TYPE_CHECKING:
    import mne

    from ..decoder import ShallowAlignDecoder
    from ..protocols import Recipe
    from ._trials import Trials

SUMMARY = "Fit a decoder to the training trials of a dataset and save it."
EXAMPLES = """\
examples:
  mne-shallowalign fit --bids-root ds --subject 01 --out decoder.safetensors
      the paper's smallest transformer at its best layer
  mne-shallowalign fit --bids-root ds --subject 01 --backbone gabor/v1 \\
      --layer search --set lr=1e-3 batch_size=128 --out decoder.safetensors
      the layer is chosen on training concepts that are held out in turn
  mne-shallowalign fit --bids-root ds --subject 01 --recipe nice \\
      --out nice.safetensors
      a published system

only trials of the split train are learned from; where a dataset publishes no split,
all are. Beside the decoder, decoder.json says what it learned from.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    data = parser.add_argument_group("data")
    add_data_arguments(data, required=True)
    add_average_argument(data)
    _add_model_arguments(parser.add_argument_group("model"))
    _add_run_arguments(parser.add_argument_group("computation"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out", type=Path, required=True, help="file to write, .safetensors"
    )
    output.add_argument(
        "--overwrite", action="store_true", help="replace the file if it exists"
    )


def _add_model_arguments(model: argparse._ArgumentGroup) -> None:
    model.add_argument(
        "--recipe", help="a published system, such as nice or shallow_alignment"
    )
    model.add_argument("--backbone", help="default: vit-b-16, or that of the recipe")
    add_shared_arguments(model, "--weights")
    model.add_argument(
        "--layer",
        type=parse_layers,
        action="extend",
        help="name, number from 1 (default: 6), relative depth from 0.0 to 1.0, or "
        "final; auto chooses it in closed form, search by cross-validation on training "
        "concepts, among several where they are given with commas",
    )
    model.add_argument(
        "--pooling", help="mean (default), cls, all, max, gem or flatten"
    )
    model.add_argument("--encoder", help="default: eegproject, or that of the recipe")
    model.add_argument(
        "--set",
        type=parse_setting,
        action="append",
        nargs="+",
        metavar="NAME=VALUE",
        help="any other parameter of ShallowAlignDecoder, such as lr=1e-3",
    )


def _add_run_arguments(run: argparse._ArgumentGroup) -> None:
    add_shared_arguments(run, "--seed", "--device", "--cache-dir")
    run.add_argument(
        "--precision",
        choices=("auto", "float32", "tf32", "bfloat16"),
        default="auto",
        help="default: %(default)s",
    )


def run(args: argparse.Namespace) -> None:
    """Read, fit and save.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if args.recipe is not None and args.weights != "hub":
        args.usage_error("--weights does not go with --recipe, which names its own")
    if args.out.suffix != ".safetensors":
        args.usage_error(f"--out must end in .safetensors, got {args.out.name}")
    from ._decoders import make_recipe, record_path, take_split
    from ._trials import read_trials

    out = check_file(args.out, args.overwrite)
    recipe = make_recipe(args)
    trials = read_trials(
        args.bids_root,
        args.subject,
        stimuli=args.stimuli,
        hold_out="split",
        average=args.average,
        loading=loading_of(args),
    )
    epochs = take_split(trials, "train")
    decoder = _fit(recipe, epochs, trials.stimuli)
    record = _describe(args, recipe, decoder, epochs, trials)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    with replacing(out) as file, replacing(record_path(out)) as beside:
        decoder.save(file)
        beside.write_text(f"{text}\n", encoding="utf-8")
    layer = record["layer"]
    print(f"{len(epochs)} trials, layer {layer}: {args.out}")


def _fit(recipe: Recipe, epochs: mne.BaseEpochs, stimuli: Path) -> ShallowAlignDecoder:
    """Fit on the channels of the recipe; of a search, take what it refitted."""
    from mne.utils import use_log_level

    from ..preprocessing._picks import resolve_picks
    from ._decoders import progress

    estimator: Any = recipe.decoder
    getattr(estimator, "decoder", estimator).set_params(image_root=stimuli)
    picked = epochs.copy().pick(resolve_picks(epochs.info, recipe.picks))
    with use_log_level(progress()):
        estimator.fit(picked, picked.metadata["image"].to_numpy(str))
    return getattr(estimator, "best_estimator_", estimator)


def _describe(
    args: argparse.Namespace,
    recipe: Recipe,
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    trials: Trials,
) -> dict[str, Any]:
    from .._provenance import versions

    layer = decoder.layer_
    return {
        "command": shlex.join(["mne-shallowalign", *args.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": args.bids_root.resolve().name,
        "subjects": ", ".join(args.subject),
        "trials": len(epochs),
        "averaged": trials.averaged,
        "loading": loading_of(args),
        "concepts": sorted(set(epochs.metadata["concept"])),
        "recipe": recipe.name or None,
        "citation": recipe.citation or None,
        "layer": ", ".join(layer) if isinstance(layer, list) else layer,
        "seed": args.seed,
        "versions": versions(),
    }
