"""From a BIDS folder to scores, a sentence and a record of how."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._folds import Seen
from ._layer_scores import Chosen, decode_chosen, evaluate_layers
from ._trials import read_trials

if TYPE_CHECKING:
    import mne
    from pandas import DataFrame

    from ..backbones import Backbone

# Enough for a thousand trials on two cores, where the paper's settings (batches of
# 1,024, 50 epochs at 1e-4) would be 50 small steps.
SETTINGS: dict[str, Any] = {
    "encoder_params": {"n_outputs": 128},
    "n_components": 128,
    "batch_size": 128,
    "lr": 1e-3,
    "max_epochs": 30,
}


class Study(NamedTuple):
    """What was found in a dataset."""

    epochs: mne.BaseEpochs
    """The trials that were decoded."""
    scores: DataFrame
    """Scores of every layer on the held-out trials."""
    chosen: Chosen
    """Score and decoder of the layer chosen on the training trials."""
    sentence: str
    """The result in words."""
    record: dict[str, Any]
    """Data and protocol."""
    marks: dict[str, str]
    """The simulated layer, where the dataset is a simulation."""


def decode_dataset(
    root: Path,
    subjects: Sequence[str],
    backbone: Backbone,
    layers: Sequence[str],
    *,
    stimuli: Path | None = None,
    hold_out: str | None = None,
    average: bool | None = None,
    seed: int = 0,
    cache_dir: Path | None = None,
    loading: Mapping[str, Any] | None = None,
) -> Study:
    """Load, average, decode at each layer, and choose a layer without leaking.

    Parameters
    ----------
    root : Path
        Root of the BIDS dataset.
    subjects : sequence of str
        Whose trials to decode.
    backbone : Backbone
        The vision model.
    layers : sequence of str
        The layers to compare.
    stimuli : Path | None
        Folder of the pictures. None: ``<root>/stimuli``.
    hold_out : str | None
        What is held out, see :func:`evaluate_layers`. None:
        :func:`default_hold_out`.
    average : bool | None
        Whether to average the repetitions of a picture. None: unless a picture is a
        folder, of which no trial is a repetition of another.
    seed : int
        Seed of the decoder.
    cache_dir : Path | None
        Where features are kept. None: the cache of this computer.
    loading : mapping | None
        Arguments of :func:`mne_shallowalign.datasets.load_bids`.

    Returns
    -------
    study : Study
        What was found.
    """
    from ..decoder import ShallowAlignDecoder

    trials = read_trials(
        root,
        subjects,
        stimuli=stimuli,
        hold_out=hold_out,
        average=average,
        loading=loading,
    )
    epochs, hold_out = trials.epochs, trials.hold_out
    decoder = ShallowAlignDecoder(
        backbone,
        image_root=trials.stimuli,
        cache_dir=cache_dir,
        random_state=seed,
        **SETTINGS,
    )
    data = (decoder, epochs, epochs.metadata["image"].to_numpy(str), layers)
    chosen = decode_chosen(*data, hold_out=hold_out)
    scores = evaluate_layers(*data, hold_out=hold_out)
    sentence = _say(chosen, len(subjects), trials.by_class, hold_out, len(scores))
    record = {
        "dataset": root.resolve().name,
        "subjects": ", ".join(subjects),
        "trials": len(epochs),
        "repetitions averaged": trials.averaged,
        **(loading or {}),
        "held out": hold_out,
        "test trials": chosen.seen.n_queries,
        "test trials whose picture was in training": chosen.seen.n_images,
        "test trials whose concept was in training": chosen.seen.n_concepts,
        "layers chosen": ", ".join(chosen.layers),
    }
    return Study(epochs, scores, chosen, sentence, record, _true_layer(root, backbone))


def _say(
    chosen: Chosen, n_people: int, by_class: bool, hold_out: str, n_layers: int
) -> str:
    from .._report_words import describe_result

    result = describe_result(
        chosen.scores,
        "This brain picks" if n_people == 1 else f"These {n_people} brains pick",
        "the right class of pictures" if by_class else "the right picture",
    )
    result = " ".join([result, *_say_seen(chosen.seen, by_class)])
    names = ", ".join(dict.fromkeys(chosen.layers))
    if n_layers == 1:
        return f"{result} Layer: {names}, as asked for."
    held_out = "concepts" if hold_out == "split" else f"{hold_out}s"
    return (
        f"{result} Layer: {names}, chosen on held-out {held_out} of the training "
        "trials; the table compares layers on the test trials."
    )


def _say_seen(seen: Seen, by_class: bool) -> list[str]:
    """Say what of the test is not new; nothing if all of it is."""
    what, noun = ("class", "classes") if by_class else ("picture", "pictures")
    only_concepts = seen.n_concepts - seen.n_images
    measured = (
        f"measures how well {'known classes' if by_class else 'repetitions'} are "
        "recognised, not zero-shot retrieval."
    )
    sentences = []
    if seen.n_images == seen.n_queries:
        sentences.append(f"The {noun} were seen in training: this {measured}")
    elif seen.n_images:
        sentences.append(
            f"In {seen.n_images} of the {seen.n_queries} queries the {what} was seen "
            f"in training, which {measured}"
        )
    if only_concepts == seen.n_queries:
        sentences.append("Their concepts were in training.")
    elif only_concepts > 0:
        sentences.append(
            f"In {only_concepts} of the {seen.n_queries} queries the {what} was new, "
            "but its concept was in training."
        )
    return sentences


def _true_layer(root: Path, backbone: Backbone) -> dict[str, str]:
    """Name the simulated layer, if it is one of the backbone that decodes."""
    record = root / "code" / "simulation.json"
    if not record.is_file():
        return {}
    truth = json.loads(record.read_text(encoding="utf-8"))
    same = truth["backbone"] == backbone.name
    return {truth["layer"]: "simulated"} if same else {}
