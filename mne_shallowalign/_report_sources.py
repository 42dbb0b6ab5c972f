"""What a report says, whatever the results came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from mne.utils import warn

from ._evaluation import Evaluation, evaluate, measure, score_row
from ._evaluation_folder import is_evaluation, read_evaluation
from ._report_figures import (
    Drawing,
    decoder_drawings,
    evaluation_drawings,
    layer_drawing,
    training_drawing,
)
from ._report_sensors import pattern_drawings, saliency_drawings
from ._report_words import describe_result, tabulate, tabulate_metrics

if TYPE_CHECKING:
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder
    from .preprocessing import MVNNWhitener
    from .search import LayerSearchCV

_SCORES = ("top1", "top5")
SAME = 1e-5  # how far apart one picture may come out of two batches in float32


@dataclass
class Content:
    """What stands in a report, above the provenance.

    Parameters
    ----------
    sentence : str
        The result in words.
    tables : dict of str to DataFrame of str
        Tables by their title.
    drawings : list of Drawing
        Figures.
    record : dict
        Data and protocol, as far as the results know them.
    """

    sentence: str
    tables: dict[str, DataFrame] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def read_scores(scores: DataFrame, marks: Mapping[str, str] | None) -> Content:
    """Read a table of scores by layer.

    Parameters
    ----------
    scores : DataFrame
        One row a layer.
    marks : mapping of str to str | None
        Words to write at layers.

    Returns
    -------
    content : Content
        Sentence, curve and table.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    _check_columns(scores)
    bands = "95 % interval"
    return Content(
        describe_result(scores),
        {"Scores": tabulate(scores, marks)},
        [layer_drawing(scores, marks, bands)],
    )


def read_search(search: LayerSearchCV) -> Content:
    """Read a search for the best layer.

    Parameters
    ----------
    search : LayerSearchCV
        A fitted search.

    Returns
    -------
    content : Content
        Sentence, curve and table of accuracies on what it held out of the training
        trials.
    """
    scores = search._curve(search.best_pooling_)
    measure_name = str(search._measure).replace("_", " ")
    marks = {str(search.best_layer_): "chosen"}
    bands = "one standard deviation over folds to either side"
    table = tabulate(scores, marks)
    table.columns = [str(name).replace("95 % interval", "mean ± SD") for name in table]
    return Content(
        f"Layer {search.best_layer_} was chosen of {len(scores)} by {measure_name} on "
        f"training trials that were held out in {search.n_splits_} folds. Its accuracy "
        "there is a little too high, being the best of several.",
        {"Layers on held-out training trials": table},
        [layer_drawing(scores, marks, bands)],
    )


def read_decoder_training(decoder: ShallowAlignDecoder) -> Content:
    """Read what a decoder knows of its own training.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.

    Returns
    -------
    content : Content
        Layer weights and training curves.
    """
    layer = decoder.layer_ if decoder.layer_ is not None else "given as features"
    words = ", ".join(layer) if isinstance(layer, list) else layer
    return Content(
        f"A decoder aligned with layer {words}. It was not tested here.",
        drawings=list(decoder_drawings(decoder)),
    )


def read_evaluated(evaluation: Evaluation) -> Content:
    """Read queries and candidates.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.

    Returns
    -------
    content : Content
        Sentence, all metrics and figures.
    """
    metrics = measure(evaluation)
    return Content(
        describe_result(score_row(metrics), "The decoder picks"),
        {"Metrics": tabulate_metrics(metrics)},
        list(evaluation_drawings(evaluation)),
    )


def read_trials(
    decoder: ShallowAlignDecoder,
    epochs: Any,
    images: Any,
    whitener: MVNNWhitener | None = None,
) -> Content:
    """Test a decoder.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.
    epochs : Epochs | array
        The queries.
    images : sequence
        The image of every epoch.
    whitener : MVNNWhitener | None
        What the queries go through on their way to the decoder.

    Returns
    -------
    content : Content
        Sentence, all metrics and figures.

    Warns
    -----
    RuntimeWarning
        If the decoder was trained with some of the images.
    """
    queries = epochs if whitener is None else whitener.transform(epochs)
    evaluation = evaluate(decoder, queries, images)
    content = read_evaluated(evaluation)
    content.sentence += _admit(count_trained_on(decoder, evaluation), evaluation)
    if isinstance(epochs, mne.BaseEpochs):  # arrays do not say when and where
        for drawings in (saliency_drawings, pattern_drawings):
            content.drawings += drawings(decoder, epochs, images, whitener)
    return content


def count_trained_on(decoder: ShallowAlignDecoder, evaluation: Evaluation) -> int:
    """Count the pictures that a decoder was trained with among those of a test.

    They are known by what the decoder makes of them, whatever they are called and given
    as. If it makes the same of several, as of a target of one feature, nobody can tell.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    evaluation : Evaluation
        Its test.

    Returns
    -------
    n : int
        How many.
    """
    images, trained = evaluation.images, decoder.gallery_embedding_
    assert images is not None  # evaluate has them
    if len(np.unique(trained, axis=0)) < len(trained):
        return 0
    nearest = trained[(images @ trained.T).argmax(axis=1)]
    return int((np.linalg.norm(images - nearest, axis=1) < SAME).sum())


def _admit(n_trained_on: int, evaluation: Evaluation) -> str:
    """Warn, and say it in the report, if a test is not of new pictures."""
    if n_trained_on == 0:
        return ""
    said = (
        f" The decoder was trained with {n_trained_on} of these "
        f"{len(evaluation.gallery)} pictures: this is no score of new pictures."
    )
    warn(said.strip())
    return said


def read_folder(folder: Path, image_root: Path | None) -> Content:
    """Read a folder of results.

    Parameters
    ----------
    folder : Path
        What ``mne-shallowalign evaluate --out`` or a protocol filled.
    image_root : Path | None
        Where the pictures lie.

    Returns
    -------
    content : Content
        What is in it.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or none of pictures.
    ValueError
        If there are no results in it.
    """
    from .protocols import read_results

    if image_root is not None and not image_root.is_dir():
        raise FileNotFoundError(
            f"image_root={str(image_root)!r} is no existing folder. Give the one that "
            "the pictures lie in, or None to leave them out."
        )
    if folder.is_dir() and is_evaluation(folder):
        evaluation, record = read_evaluation(folder, image_root)
        content = read_evaluated(evaluation)
        content.record = record
        return content
    results = read_results(folder)
    if not len(results) or "protocol" not in results:
        raise ValueError(
            f"There are no results in {folder}: give a folder that 'mne-shallowalign "
            "evaluate --out' or run(folder=) of a protocol filled."
        )
    content = read_protocol(results, folder)
    content.drawings += _first_fit(results, folder, image_root)
    return content


def read_protocol(results: DataFrame, folder: Path | None = None) -> Content:
    """Read results of a protocol.

    Parameters
    ----------
    results : DataFrame
        One row a fit, see :func:`mne_shallowalign.protocols.read_results`.
    folder : Path | None
        Where similarities are kept. None (default): nowhere.

    Returns
    -------
    content : Content
        A sentence for each system, and tables of systems and of people.
    """
    from ._report_protocol import describe_systems, tabulate_people, tabulate_systems

    systems = tabulate_systems(results, folder)
    return Content(
        describe_systems(systems),
        {"Systems": systems, "People": tabulate_people(results)},
        record=_record(results),
    )


def _first_fit(
    results: DataFrame, folder: Path, image_root: Path | None
) -> Sequence[Drawing]:
    """Draw the first fit of which similarities are kept, and say which it is."""
    from .protocols import read_arrays

    row = results.iloc[0]
    arrays = read_arrays(folder, row["id"])
    losses = {name: arrays[name] for name in arrays if name.endswith("_loss")}
    drawings = [training_drawing(losses)] if "train_loss" in losses else []
    if "similarity" in arrays:
        gallery, concepts = (arrays[n].tolist() for n in ("gallery", "concepts"))
        pictures = None if image_root is None else [image_root / n for n in gallery]
        fit = Evaluation(
            arrays["similarity"],
            arrays["truth"],
            gallery,
            concepts,
            pictures,
            arrays.get("queries"),
            arrays.get("images"),
        )
        drawings += evaluation_drawings(fit)
    which = f"{row['recipe']}, {row['protocol']}"
    which += f", subject {row['subject']}, seed {row['seed']}"
    return [one._replace(title=f"{one.title}: {which}") for one in drawings]


def _record(results: DataFrame) -> dict[str, Any]:
    """Write down what the fits have, each value once."""
    wanted = ["dataset", "is_simulated", "protocol", "recipe", "subject", "minutes"]
    wanted += ["seed", "selection", "transductive", "layer", "pooling", "layer_rule"]
    wanted += ["n_train", "n_adapt", "n_queries", "n_gallery", "backbone"]
    wanted += ["weights_revision", "encoder", "device", "precision", "versions"]
    return {
        name: ", ".join(map(str, results[name].drop_duplicates()))
        for name in wanted
        if name in results and results[name].notna().any()
    }


def _check_columns(scores: DataFrame) -> None:
    needed = [f"{name}{end}" for name in _SCORES for end in ("", "_low", "_high")]
    needed += ["layer", "depth", "chance1", "chance5", "n_queries", "n_gallery"]
    lacking = [name for name in needed if name not in scores]
    if lacking:
        raise ValueError(f"scores lacks the column(s) {', '.join(lacking)}.")
