"""``mne-shallowalign extract``: from a folder of pictures to features on disk."""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._arguments import (
    add_shared_arguments,
    parse_count,
    parse_jobs,
    parse_layers,
    parse_words,
)
from ._output import RECORD, whole_folder
from ._pictures import find_pictures

if TYPE_CHECKING:
    import numpy as np

    from ..backbones import Backbone

SUMMARY = "Compute features of pictures and write them to a folder."
EXAMPLES = """\
examples:
  mne-shallowalign extract pictures --backbone gabor/v1 --out features
      every layer, without a download
  mne-shallowalign extract pictures --backbone vit-b-16 --layer 4,8,12,final \\
      --pooling mean,cls --out features
      some layers, pooled in two ways, in one pass
  mne-shallowalign extract list.tsv --image-root ds/stimuli --out features
      the pictures that a list names

writes one .npy file per layer and pooling, all of them in features.safetensors, the
row, path and content digest of every picture in ids.tsv, and how it was done in
provenance.json. If it is stopped, the same command goes on where it was.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "images",
        type=Path,
        help="folder of pictures, a text file with a path a line, or a .tsv or .csv "
        "file with a column path, stim_file or image",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier result in --out"
    )
    parser.add_argument(
        "--image-root", type=Path, help="where relative paths of a list start"
    )
    _add_model_arguments(parser.add_argument_group("model"))
    _add_run_arguments(parser.add_argument_group("computation"))


def _add_model_arguments(model: argparse._ArgumentGroup) -> None:
    model.add_argument("--backbone", default="vit-b-16", help="default: %(default)s")
    add_shared_arguments(model, "--weights")
    model.add_argument(
        "--granularity",
        choices=("stage", "block"),
        help="layers of a convolutional network: its stages (default) or its blocks",
    )
    model.add_argument(
        "--layer",
        type=parse_layers,
        action="extend",
        help="name, number from 1, relative depth from 0.0 to 1.0, or final; several "
        "with commas or by repeating the option; default: all but final",
    )
    model.add_argument(
        "--pooling",
        type=parse_words,
        default=["mean"],
        help="mean (default), cls, all, max, gem or flatten, with commas",
    )
    model.add_argument(
        "--views",
        type=parse_words,
        help="average over these views of each picture, such as original,blur",
    )


def _add_run_arguments(run: argparse._ArgumentGroup) -> None:
    add_shared_arguments(run, "--device")
    run.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        default="auto",
        help="default: %(default)s",
    )
    run.add_argument(
        "--batch-size", type=parse_count, default="auto", help="default: %(default)s"
    )
    run.add_argument(
        "--n-jobs",
        type=parse_jobs,
        help="processes that decode pictures, -1 for one per processor; default: as "
        "their number asks for",
    )
    add_shared_arguments(run, "--cache-dir")


def run(args: argparse.Namespace) -> None:
    """Extract and write.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    if args.image_root is not None and args.images.is_dir():
        args.usage_error("--image-root belongs to a list of pictures, not to a folder")
    with whole_folder(args.out, args.overwrite) as folder:
        names = find_pictures(args.images)
        image_root = args.images if args.images.is_dir() else args.image_root
        backbone = _load_backbone(args)
        features = _extract(names, image_root, backbone, args, folder)
        _write_ids(folder / "ids.tsv", names, image_root)
        record = _describe(args, backbone, features)
        _write_joined(folder / "features.safetensors", features, record)
        record["files"] = sorted(path.name for path in folder.iterdir())
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")
        del features  # the files must be closed before the folder is renamed
    print(f"{len(names)} pictures, {len(record['arrays'])} arrays: {args.out}")


def _load_backbone(args: argparse.Namespace) -> Backbone:
    from ..backbones import load_backbone

    options = {"granularity": args.granularity} if args.granularity else {}
    return load_backbone(args.backbone, weights=args.weights, **options).pinned()


def _extract(
    names: list[str],
    image_root: Path | None,
    backbone: Backbone,
    args: argparse.Namespace,
    folder: Path,
) -> dict[str, np.memmap]:
    from ..features import extract_features

    features = extract_features(
        names,
        backbone,
        args.layer,
        image_root=image_root,
        pooling=args.pooling,
        views=args.views,
        out=folder,
        batch_size=args.batch_size,
        device=args.device,
        precision=args.precision,
        cache_dir=args.cache_dir,
        n_jobs=args.n_jobs,
        verbose=True if sys.stderr.isatty() else None,  # with a progress bar
    )
    # "final" is one array under every pooling, and one file
    return {Path(array.filename).stem: array for array in features.values()}


def _write_ids(path: Path, names: list[str], image_root: Path | None) -> None:
    from ..features import open_images

    images = open_images(names, image_root)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        rows.writerow(["row", "path", "sha256"])
        for row, (name, i) in enumerate(zip(names, images.index, strict=True)):
            rows.writerow([row, name, images.ids[i]])


def _describe(
    args: argparse.Namespace, backbone: Backbone, features: Mapping[str, np.memmap]
) -> dict[str, Any]:
    from .._device import choose_device
    from .._provenance import versions
    from ..features._precision import choose_precision

    device = choose_device(args.device)
    return {
        "command": shlex.join(["mne-shallowalign", *args.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "backbone": backbone.name,
        "options": dict(backbone.options),
        "weights": backbone.weights,
        "weights_revision": backbone.weights_revision,
        "license": backbone.license,
        "preprocessing": repr(backbone.preprocess),
        "fingerprint": backbone.fingerprint,
        "pooling": args.pooling,
        "views": args.views,
        "device": str(device),
        "precision": choose_precision(args.precision, device),
        "arrays": {name: list(array.shape) for name, array in features.items()},
        "versions": versions(),
    }


def _write_joined(
    path: Path, features: Mapping[str, np.memmap], record: Mapping[str, Any]
) -> None:
    from ._features_file import join_arrays

    join_arrays(path, features, {"provenance": json.dumps(record)})
