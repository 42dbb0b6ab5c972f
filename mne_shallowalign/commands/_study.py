"""From a BIDS folder to scores, a sentence and a record of how."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._evaluate import Chosen, decode_chosen, evaluate_layers
from ._folds import Seen, default_hold_out
from ._trials import average_trials, has_picture_sets, load_trials

if TYPE_CHECKING:
    import mne
    from matplotlib.figure import Figure
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

GRID_CAPTION = (
    "Each row is a test trial: the picture seen, then the candidates that the signal "
    "resembles most, with their cosine similarity. The queries are evenly spaced over "
    "the test trials (of several folds, those of the last), not selected by score."
)


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

    stimuli = root / "stimuli" if stimuli is None else stimuli
    epochs = load_trials(root, subjects, stimuli, **(loading or {}))
    by_class = has_picture_sets(epochs, stimuli)
    hold_out = hold_out or default_hold_out(epochs.metadata, by_class)
    average = not by_class if average is None else average
    if average:
        epochs = average_trials(epochs, hold_out)
    decoder = ShallowAlignDecoder(
        backbone,
        image_root=stimuli,
        cache_dir=cache_dir,
        random_state=seed,
        **SETTINGS,
    )
    trials = (decoder, epochs, epochs.metadata["image"].to_numpy(str), layers)
    chosen = decode_chosen(*trials, hold_out=hold_out)
    scores = evaluate_layers(*trials, hold_out=hold_out)
    sentence = _say(chosen, len(subjects), by_class, hold_out, len(scores))
    record = {
        "dataset": root.resolve().name,
        "subjects": ", ".join(subjects),
        "trials": len(epochs),
        "repetitions averaged": average,
        **(loading or {}),
        "held out": hold_out,
        "test trials": chosen.seen.n_queries,
        "test trials whose picture was in training": chosen.seen.n_images,
        "test trials whose concept was in training": chosen.seen.n_concepts,
        "layers chosen": ", ".join(chosen.layers),
    }
    return Study(epochs, scores, chosen, sentence, record, _true_layer(root, backbone))


def draw_grid(study: Study) -> Figure:
    """Draw what the chosen decoder retrieves on held-out trials.

    Parameters
    ----------
    study : Study
        The study; of several folds, the last is drawn.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure of :func:`mne_shallowalign.viz.plot_retrieval_grid`.
    """
    from ..features import open_images
    from ..viz import plot_retrieval_grid

    decoder = study.chosen.decoder
    queries = study.epochs[study.chosen.test]
    images = queries.metadata["image"].to_numpy(str)
    pictures = open_images(images, decoder.image_root)
    concepts = dict(zip(images, queries.metadata["concept"], strict=True))
    return plot_retrieval_grid(
        decoder.decision_function(queries, list(pictures.names)),
        pictures.index,
        [pictures.members(i)[0] for i in range(len(pictures))],
        names=[concepts[name] for name in pictures.names],
        show=False,
    )


def _say(
    chosen: Chosen, n_people: int, by_class: bool, hold_out: str, n_layers: int
) -> str:
    from ..report import describe_result

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
