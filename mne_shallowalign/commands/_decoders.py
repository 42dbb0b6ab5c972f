"""Decoders: made from options, kept with what they learned from, and tested."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._arguments import loading_of
from ._trials import Trials, read_trials

if TYPE_CHECKING:
    import mne

    from ..decoder import ShallowAlignDecoder
    from ..protocols import Recipe
    from ..search import LayerSearchCV

SPLITS = ("test", "train", "all")
# Parameters of the decoder that have an option of their own.
_OPTIONS = {
    "backbone": "--backbone",
    "layer": "--layer",
    "pooling": "--pooling",
    "encoder": "--encoder",
    "device": "--device",
    "precision": "--precision",
    "random_state": "--seed",
    "cache_dir": "--cache-dir",
    "image_root": "--stimuli",
}


class Fitted(NamedTuple):
    """A decoder with what is known of how it was fitted."""

    decoder: ShallowAlignDecoder
    """The decoder."""
    record: dict[str, Any]
    """What :func:`record_path` holds; empty for decoders saved by other means."""


def record_path(path: Path) -> Path:
    """Name the file that says what a decoder learned from.

    Parameters
    ----------
    path : Path
        The file of the decoder.

    Returns
    -------
    path : Path
        The file beside it.
    """
    return path.with_suffix(".json")


def make_recipe(args: argparse.Namespace) -> Recipe:
    """Make what is to be fitted.

    Parameters
    ----------
    args : argparse.Namespace
        The options of ``mne-shallowalign fit``.

    Returns
    -------
    recipe : Recipe
        A published one, or one of these options.

    Raises
    ------
    TypeError, ValueError
        If something is unknown, out of its range, or no option of the recipe.
    """
    from ..protocols import Recipe

    if args.recipe is not None:
        recipe = _published(args)
    else:
        recipe = Recipe(name="", decoder=_from_options(args), picks="data")
    _configure(recipe.decoder, args)
    _check(recipe.decoder)
    return recipe


def read_fitted(path: Path, device: str = "auto") -> Fitted:
    """Read a decoder.

    Parameters
    ----------
    path : Path
        What ``mne-shallowalign fit`` or :meth:`ShallowAlignDecoder.save` wrote.
    device : str
        Where to put it. Default ``"auto"``.

    Returns
    -------
    fitted : Fitted
        Decoder and record.

    Raises
    ------
    ValueError
        If one of the two files is damaged.
    """
    from ..decoder import read_decoder

    decoder = read_decoder(path, device=device)
    beside = record_path(path)
    if not beside.is_file():
        return Fitted(decoder, {})
    try:
        return Fitted(decoder, dict(json.loads(beside.read_text(encoding="utf-8"))))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{beside} should say what the decoder learned from, but is damaged "
            f"({error}). Without this file only the pictures of the training are known."
        ) from error


def read_queries(
    fitted: Fitted, args: argparse.Namespace
) -> tuple[mne.BaseEpochs, dict[str, Any]]:
    """Read the trials to test a decoder on, as those were read that it learned from.

    Parameters
    ----------
    fitted : Fitted
        The decoder, whose ``image_root`` is set.
    args : argparse.Namespace
        The options of ``mne-shallowalign evaluate``; those that were not given are as
        in training.

    Returns
    -------
    epochs : mne.Epochs
        The trials.
    record : dict
        Data and protocol.

    Raises
    ------
    ValueError
        If there are no such trials, or their concepts were in training.
    """
    before = fitted.record
    average = before.get("averaged") if args.average is None else args.average
    loading = {**before.get("loading", {}), **loading_of(args)}
    trials = read_trials(
        args.bids_root,
        args.subject,
        stimuli=args.stimuli,
        hold_out="split",
        average=average,
        loading=loading,
    )
    fitted.decoder.set_params(image_root=trials.stimuli)
    epochs = take_split(trials, args.split)
    seen = epochs.metadata["concept"].isin(_learned(fitted, trials))
    if seen.any() and not args.seen_concepts:
        example = epochs.metadata["concept"][seen].iloc[0]
        raise ValueError(
            f"{seen.sum()} of the {len(epochs)} trials are of concepts that this "
            f"decoder learned from, such as {example}: "
            "their score says little about new pictures. --seen-concepts tests on them "
            "all the same."
        )
    return epochs, {
        "dataset": args.bids_root.resolve().name,
        "subjects": ", ".join(args.subject),
        "split": args.split,
        "trials": len(epochs),
        "repetitions averaged": trials.averaged,
        **loading,
        "trials of concepts that were in training": int(seen.sum()),
        **training_record(fitted),
    }


def training_record(fitted: Fitted) -> dict[str, Any]:
    """Say what a decoder learned from, but not where that lay.

    Parameters
    ----------
    fitted : Fitted
        Decoder and record.

    Returns
    -------
    record : dict
        What is known, for readers of a report.
    """
    names = ("dataset", "subjects", "trials", "recipe", "citation", "seed", "date")
    known = {name: fitted.record.get(name) for name in names}
    return {f"training: {n}": v for n, v in known.items() if v is not None}


def take_split(trials: Trials, split: str) -> mne.BaseEpochs:
    """Take the trials of one part of the split that the dataset publishes.

    Parameters
    ----------
    trials : Trials
        All trials.
    split : {"test", "train", "all"}
        The part.

    Returns
    -------
    epochs : mne.Epochs
        Its trials.

    Raises
    ------
    ValueError
        If there are none.
    """
    if split == "all":
        return trials.epochs
    found = trials.epochs[(trials.epochs.metadata["split"] == split).to_numpy()]
    if len(found) == 0:
        raise ValueError(
            f"No trial is of the split {split!r}; the column 'split' has "
            f"{', '.join(map(str, trials.epochs.metadata['split'].unique()))}. Where "
            "nothing says which trials are for the test, 'mne-shallowalign demo "
            "--hold-out concept' holds out concepts in turn."
        )
    return found


def progress() -> bool | None:
    """Tell whether somebody watches, for ``verbose=``.

    Returns
    -------
    verbose : True | None
        True shows progress bars; None is as ``--verbose`` says.
    """
    return True if sys.stderr.isatty() else None


def _learned(fitted: Fitted, trials: Trials) -> set[str]:
    """Concepts of the training trials: written down, or those of known pictures."""
    metadata = trials.epochs.metadata
    shown = metadata["image"].astype(str).isin(set(map(str, fitted.decoder.gallery_)))
    return set(metadata["concept"][shown]) | set(fitted.record.get("concepts", ()))


def _published(args: argparse.Namespace) -> Recipe:
    from .. import recipes

    known = recipes.list_recipes()
    if args.recipe not in known:
        raise ValueError(
            f"--recipe {args.recipe} is unknown; there are {', '.join(known)}."
        )
    make = getattr(recipes, args.recipe)
    options = {"backbone": args.backbone, "layer": _one_layer(args.layer)}
    given = {name: value for name, value in options.items() if value is not None}
    foreign = [name for name in given if name not in inspect.signature(make).parameters]
    if foreign:
        raise ValueError(f"--{foreign[0]} is no option of the recipe {args.recipe}.")
    return make(**given)


def _one_layer(layers: list[int | float | str] | None) -> int | float | str | None:
    if layers is not None and len(layers) > 1:
        raise ValueError(f"--layer takes one layer with --recipe, got {len(layers)}.")
    return layers[0] if layers else None


def _from_options(args: argparse.Namespace) -> ShallowAlignDecoder | LayerSearchCV:
    from ..backbones import load_backbone
    from ..decoder import ShallowAlignDecoder
    from ..search import LayerSearchCV

    backbone = load_backbone(args.backbone or "vit-b-16", weights=args.weights)
    layers = args.layer or [6]
    for way in {"auto", "search"}.intersection(layers):
        if len(layers) > 1:
            raise ValueError(
                f"--layer {way} stands alone; several layers with commas are searched."
            )
    if layers == ["search"]:
        return LayerSearchCV(ShallowAlignDecoder(backbone))
    if len(layers) > 1:
        return LayerSearchCV(ShallowAlignDecoder(backbone), layers)
    return ShallowAlignDecoder(backbone, layers[0])


def _configure(
    estimator: ShallowAlignDecoder | LayerSearchCV, args: argparse.Namespace
) -> None:
    from ..search import LayerSearchCV

    is_search = isinstance(estimator, LayerSearchCV)
    decoder = estimator.decoder if is_search else estimator
    options: Mapping[str, Any] = {
        "pooling": args.pooling,
        "encoder": args.encoder,
        "device": args.device,
        "precision": args.precision,
        "random_state": args.seed,
        "cache_dir": args.cache_dir,
    }
    given = {name: value for name, value in options.items() if value is not None}
    settings = dict(pair for pairs in args.set or () for pair in pairs)
    for name in settings:
        if name in _OPTIONS:
            raise ValueError(f"--set {name} is said by {_OPTIONS[name]}.")
    given |= settings
    unknown = [name for name in given if name not in decoder.get_params(deep=False)]
    if unknown:
        raise ValueError(
            f"--set {unknown[0]} is no parameter of {type(decoder).__name__}; it has "
            f"{', '.join(decoder.get_params(deep=False))}."
        )
    decoder.set_params(**given)


def _check(estimator: ShallowAlignDecoder | LayerSearchCV) -> None:
    """Find out before the trials are read, not after."""
    from .._device import choose_device
    from ..backbones import load_backbone
    from ..encoders._names import ENCODERS
    from ..features._pooling import check_pooling
    from ..search import LayerSearchCV

    is_search = isinstance(estimator, LayerSearchCV)
    decoder = estimator.decoder if is_search else estimator
    layers: Any = (estimator.layers or []) if is_search else decoder.layer
    decoder._check_parameters()
    check_pooling(decoder.pooling)
    choose_device(decoder.device)
    if isinstance(decoder.encoder, str):
        ENCODERS.get(decoder.encoder)
    backbone = load_backbone(decoder.backbone)
    for layer in layers if isinstance(layers, list) else [layers]:
        if layer != "auto":
            backbone.resolve(layer)
