"""Which depth of a vision model a recording aligns with, and when."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from mne.utils import logger, use_log_level
from sklearn.utils import _safe_indexing, column_or_1d
from tqdm.auto import tqdm

from .._checks import check_lengths, metadata_column
from .._search_results import MEASURES
from ..features._gallery import Layer, as_sequence
from ..search import LayerSearchCV
from ._windows import check_epochs, make_windows

if TYPE_CHECKING:
    from pandas import DataFrame

    from .._search_jobs import Trials
    from ..decoder import ShallowAlignDecoder


def layer_by_time(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any,
    *,
    layers: Sequence[Layer] | None = None,
    window: float | None = 0.1,
    step: float | None = None,
    scoring: str = "top1",
    cv: Any = None,
    groups: Any = None,
    subjects: Any = None,
    verbose: bool | str | int | None = None,
) -> DataFrame:
    """Score every layer in every window of time, on held-out images.

    A decoder is fitted for each window, layer and fold, on the signal of that window
    alone. With ``solver="ridge"`` all layers share one factorisation of the signal of
    each window and fold; otherwise they are trained as one stacked net, see
    :class:`~mne_shallowalign.LayerSearchCV`.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        What to fit; clones of it are fitted. ``solver="ridge"`` is much the faster.
    epochs : Epochs
        The signals, in V, T or T/m.
    images : sequence of path | list of PIL.Image | array
        The image of every epoch: paths, pictures, or features of the shape
        ``(n_epochs, n_layers, n_features)``. The features of pictures are kept in the
        decoder's ``cache_dir``.
    layers : sequence of str | int | float | None
        The layers to compare; None: ten, evenly spaced, or all if there are fewer.
    window : float | None
        Length of the windows in seconds. None: each time sample by itself. Default
        0.1.
    step : float | None
        From the start of one window to that of the next, in seconds. None: the windows
        do not overlap.
    scoring : ``"top1"`` | ``"top5"`` | ``"mrr"`` | ``"mean_rank"``
        The measure: share of the trials whose image is first or among the first five,
        mean reciprocal rank, or minus the mean relative rank. Default ``"top1"``.
    cv : int | cross-validation generator | iterable | None
        How trials are held out, as in :class:`~mne_shallowalign.LayerSearchCV`. None:
        five folds of whole groups.
    groups : array-like, shape (n_epochs,) | None
        What must not be on both sides of a split. None:
        ``epochs.metadata["concept"]`` if there is such a column, or else the image.
    subjects : array-like, shape (n_epochs,) | None
        Whose epoch each is: each person is analysed alone. None:
        ``epochs.metadata["subject"]``, or all are one person.
    verbose : bool | str | int | None
        MNE's logging level; a progress bar appears on long runs.

    Returns
    -------
    table : DataFrame
        A row per subject, window and layer: ``subject``, ``time`` (centre of the
        window, s), ``layer``, ``depth`` (relative, from 0 to 1; NaN for ``"final"``),
        ``score`` (mean over folds), ``chance`` (what guessing scores), ``n_queries``
        (held-out trials) and ``n_gallery`` (candidates, mean over folds).

    Raises
    ------
    TypeError
        If ``epochs`` is not Epochs or ``decoder`` is no decoder.
    ValueError
        If lengths differ, no window fits in, or a decoder cannot be fitted.

    See Also
    --------
    layer_time_clusters : Whether it is more than chance, over subjects.
    mne_shallowalign.viz.plot_layer_by_time : The figure.

    Notes
    -----
    The score of a window says that there is information then, not that it is gone
    later. Windows see samples before and after their centre: an onset can be early by
    half a window, and filters smear it further.
    """
    check_epochs(epochs)
    images = as_sequence(images)
    check_lengths(len(epochs), len(images))
    search = LayerSearchCV(
        decoder, layers, cv=cv, scoring=scoring, refit=False, error_score="raise"
    )
    search._check_parameters()
    windows = make_windows(epochs, window, step)
    labels = _per_epoch("subjects", subjects, epochs, "subject")
    with use_log_level(verbose):
        tables = []
        for subject, rows in _by_subject(labels, len(epochs)):
            own = None if groups is None else np.asarray(groups)[rows]
            trials = search._read(epochs[rows], _safe_indexing(images, rows), own)
            table = _score_windows(search, trials, epochs.times, windows)
            table.insert(0, "subject", subject)
            tables.append(table)
    return _concatenate(tables)


def _concatenate(tables: list[DataFrame]) -> DataFrame:
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def _per_epoch(
    name: str, values: Any, epochs: mne.BaseEpochs, column: str
) -> np.ndarray | None:
    values = metadata_column(epochs, column) if values is None else values
    if values is None:
        return None
    labels = column_or_1d(np.asarray(values))
    if len(labels) != len(epochs):
        raise ValueError(
            f"{name} has {len(labels)} entries, but there are {len(epochs)} epochs: "
            "one per epoch is needed."
        )
    return labels


def _by_subject(
    labels: np.ndarray | None, n_epochs: int
) -> Iterator[tuple[Any, np.ndarray]]:
    if labels is None:
        yield "all", np.arange(n_epochs)
        return
    for subject in np.unique(labels):
        yield subject, np.flatnonzero(labels == subject)


def _score_windows(
    search: LayerSearchCV, trials: Trials, times: np.ndarray, windows: list[slice]
) -> DataFrame:
    import pandas as pd

    measure = str(search.scoring)
    layers = [candidate.params["layer"] for candidate in trials.candidates]
    index = trials.candidates[0].gallery.index
    n_gallery = [len(np.unique(index[test])) for _, test in trials.folds]
    parts = []
    for window in _progress(windows):
        with use_log_level("WARNING"):
            outcomes = search._run(trials.crop(window), None, None)
        scores = [[one.scores[measure] for one in row.flat] for row in outcomes]
        parts.append(
            {
                "time": times[window].mean(),
                "layer": layers,
                "depth": [search.layer_depths_[layer] for layer in layers],
                "score": np.mean(scores, axis=1),
                "chance": np.mean([chance(measure, n) for n in n_gallery]),
                "n_queries": sum(len(test) for _, test in trials.folds),
                "n_gallery": np.mean(n_gallery),
            }
        )
    return pd.concat(map(pd.DataFrame, parts), ignore_index=True)


def _progress(windows: list[slice]) -> Iterator[slice]:
    silent = not logger.isEnabledFor(logging.INFO)
    return iter(tqdm(windows, "Windows", delay=2, unit="window", disable=silent))


def chance(measure: str, n_gallery: int) -> float:
    """Say what guessing scores: the mean of a measure over all ranks.

    Parameters
    ----------
    measure : str
        Its name.
    n_gallery : int
        How many candidates there are.

    Returns
    -------
    chance : float
        The expected score.
    """
    return MEASURES[measure](np.arange(1, n_gallery + 1), n_gallery)
