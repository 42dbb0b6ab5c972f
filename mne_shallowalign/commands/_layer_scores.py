"""How well each layer finds the right picture on trials that were held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from mne.utils import verbose, warn
from numpy.typing import ArrayLike, NDArray

from ..features._gallery import is_pictures
from ..features._read_gallery import identify
from ..retrieval import chance_level, proportion_interval
from ._folds import Fold, Seen, count_seen, make_folds, unit_of

if TYPE_CHECKING:
    import mne
    from pandas import DataFrame

    from ..decoder import ShallowAlignDecoder

_KS = (1, 5)


class Chosen(NamedTuple):
    """A decoder whose layer was chosen without looking at the test trials."""

    scores: DataFrame
    """One row, like those of :func:`evaluate_layers`, of the chosen layers."""
    layers: list[str]
    """The layer chosen in each fold."""
    decoder: ShallowAlignDecoder
    """The decoder of the last fold."""
    test: NDArray[np.intp]
    """The held-out trials of the last fold."""
    seen: Seen
    """How many test trials show what was also in training."""


class _Outcome(NamedTuple):
    """Ranks of the queries of one fold."""

    ranks: NDArray[np.float64]
    n_gallery: int


@verbose
def evaluate_layers(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: ArrayLike,
    layers: Sequence[int | float | str],
    *,
    hold_out: str = "split",
    n_splits: int = 5,
    verbose: bool | str | int | None = None,
) -> DataFrame:
    """Fit and score a decoder at each of several layers on held-out trials.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder; clones of it are fitted, each with its ``layer``.
    epochs : mne.Epochs
        The trials, with the metadata of
        :func:`mne_shallowalign.datasets.load_bids`.
    images : array-like, shape (n_epochs, ...)
        The picture of each trial: paths, or float features.
    layers : sequence of int | float | str
        The layers to compare. Those that are the same layer are fitted once.
    hold_out : {"split", "concept", "run", "session", "subject"}
        What is held out. Default ``"split"``: the split that the dataset publishes.
    n_splits : int
        The number of folds that concepts are dealt to. Default 5. Runs, sessions and
        subjects are left out one at a time.
    %(verbose)s

    Returns
    -------
    scores : DataFrame
        One row a layer, shallow to deep: ``layer``, ``depth`` (relative),
        ``top1``, ``top1_low``, ``top1_high``, ``chance1``, the same for ``top5``,
        ``median_rank``, ``n_queries``, ``n_gallery`` (mean over queries), ``n_folds``
        and ``hold_out``.

    Raises
    ------
    ValueError
        If a layer is unknown or nothing can be held out.

    Notes
    -----
    The gallery of a query is every unique picture that was held out together with
    it, and chance is averaged over queries accordingly. ``*_low`` and ``*_high`` are
    the 95 %% Wilson interval over queries, see
    :func:`mne_shallowalign.retrieval.proportion_interval`: it accounts for the finite
    number of queries, neither for the chance in training, nor for queries that
    resemble one another (the same picture or person), nor for having compared
    layers. **The best of these scores is selected on the test trials**; what
    :func:`decode_chosen` returns is not.
    """
    import pandas as pd

    images = np.asarray(images)
    folds = _outer_folds(epochs, hold_out, n_splits)
    depths = _resolve(decoder, images, layers)
    jobs = [(layer, fold) for layer in depths for fold in folds]
    outcomes: dict[str, list[_Outcome]] = {layer: [] for layer in depths}
    for layer, fold in _progress(jobs, f"Layers, held-out {hold_out}"):
        outcomes[layer].append(_fit_and_rank(decoder, epochs, images, layer, fold)[1])
    rows = [
        {"layer": layer, "depth": depth, **_summarize(outcomes[layer])}
        for layer, depth in depths.items()
    ]
    return pd.DataFrame(rows).assign(hold_out=hold_out)


@verbose
def choose_layer(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: ArrayLike,
    layers: Sequence[int | float | str],
    *,
    hold_out: str = "concept",
    n_splits: int = 3,
    verbose: bool | str | int | None = None,
) -> str:
    """Choose the layer on training trials alone.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    epochs : mne.Epochs
        The **training** trials.
    images : array-like, shape (n_epochs, ...)
        The picture of each trial.
    layers : sequence of int | float | str
        The layers to choose from.
    hold_out : {"concept", "run", "session", "subject"}
        What is held out in turn, from within the training trials. Default
        ``"concept"``.
    n_splits : int
        The number of folds. Default 3.
    %(verbose)s

    Returns
    -------
    layer : str
        The canonical name of the layer with the best mean relative rank of the right
        picture, see :class:`mne_shallowalign.LayerSearchCV`.

    Raises
    ------
    ValueError
        If the training trials are of fewer than two units.
    """
    from ..search import LayerSearchCV

    images = np.asarray(images)
    names = list(_resolve(decoder, images, layers))
    if len(names) == 1:
        return names[0]
    units = unit_of(epochs.metadata, hold_out)
    if units.nunique() < 2:
        raise ValueError(
            f"The layer cannot be chosen on the training trials, which are of one "
            f"{hold_out} only. Give a single layer, or hold out something else."
        )
    search = LayerSearchCV(
        decoder,
        [_as_param(images, name) for name in names],
        cv=make_folds(epochs.metadata, hold_out, n_splits),
        refit=False,
    )
    return str(search.fit(epochs, images, groups=units).best_layer_)


@verbose
def decode_chosen(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: ArrayLike,
    layers: Sequence[int | float | str],
    *,
    hold_out: str = "split",
    n_splits: int = 5,
    verbose: bool | str | int | None = None,
) -> Chosen:
    """Score the layer that the training trials choose, once, on held-out trials.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    epochs : mne.Epochs
        The trials.
    images : array-like, shape (n_epochs, ...)
        The picture of each trial.
    layers : sequence of int | float | str
        The layers to choose from, anew in each fold by :func:`choose_layer`, which
        holds out the same units (concepts for ``"split"``).
    hold_out, n_splits
        As for :func:`evaluate_layers`.
    %(verbose)s

    Returns
    -------
    chosen : Chosen
        Scores, layers, what a figure of the last fold needs, and how much of the test
        was seen in training.

    Warns
    -----
    RuntimeWarning
        If the split that the dataset publishes has concepts on both sides.

    Raises
    ------
    ValueError
        If a layer is unknown, nothing can be held out, or the layer cannot be chosen
        because the training trials are of a single unit.
    """
    import pandas as pd

    images = np.asarray(images)
    inner = "concept" if hold_out == "split" else hold_out
    folds = _outer_folds(epochs, hold_out, n_splits)
    identities = identify(images, decoder.image_root)
    seen = count_seen(folds, identities, epochs.metadata.get("concept", identities))
    if hold_out == "split" and seen.n_concepts:
        warn(
            f"The split of this dataset has concepts on both sides: {seen.n_concepts} "
            f"of {seen.n_queries} test trials are of concepts that were in training. "
            "hold_out='concept' tests on new concepts.",
            ignore_namespaces=("mne", "mne_shallowalign"),
        )
    chosen, outcomes = [], []
    for fold in folds:
        train, test = fold
        layer = choose_layer(
            decoder, epochs[train], images[train], layers, hold_out=inner
        )
        fitted, outcome = _fit_and_rank(decoder, epochs, images, layer, fold)
        chosen.append(layer)
        outcomes.append(outcome)
    scores = pd.DataFrame([{"layer": "chosen", **_summarize(outcomes)}])
    return Chosen(scores.assign(hold_out=hold_out), chosen, fitted, test, seen)


def _outer_folds(epochs: mne.BaseEpochs, hold_out: str, n_splits: int) -> list[Fold]:
    if epochs.metadata is None:
        raise ValueError(
            "epochs has no metadata to tell what to hold out; "
            "mne_shallowalign.datasets.load_bids makes Epochs that have."
        )
    return make_folds(
        epochs.metadata, hold_out, n_splits if hold_out == "concept" else None
    )


def _fit_and_rank(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: NDArray[Any],
    layer: str,
    fold: Fold,
) -> tuple[ShallowAlignDecoder, _Outcome]:
    from sklearn.base import clone

    train, test = fold
    fitted = clone(decoder).set_params(layer=_as_param(images, layer))
    fitted.fit(epochs[train], images[train])
    found = fitted.ranks(epochs[test], images[test])
    return fitted, _Outcome(found, _gallery_size(decoder, images[test]))


def _summarize(outcomes: Sequence[_Outcome]) -> dict[str, Any]:
    found = np.concatenate([outcome.ranks for outcome in outcomes])
    sizes = np.concatenate([np.full(len(o.ranks), o.n_gallery) for o in outcomes])
    row: dict[str, Any] = {}
    for k in _KS:
        hits = found <= k
        low, high = proportion_interval(int(hits.sum()), len(hits))
        chance = np.mean([chance_level(int(size), k) for size in sizes])
        row |= {f"top{k}": hits.mean(), f"top{k}_low": low, f"top{k}_high": high}
        row |= {f"chance{k}": chance}
    row["median_rank"] = np.median(found)
    row |= {"n_queries": len(found), "n_gallery": sizes.mean()}
    return row | {"n_folds": len(outcomes)}


def _resolve(
    decoder: ShallowAlignDecoder,
    images: NDArray[Any],
    layers: Sequence[int | float | str],
) -> dict[str, float]:
    """Canonical names of the layers, shallow to deep, and their relative depth."""
    if not is_pictures(images):
        last = max((images.shape[1] if images.ndim == 3 else 1) - 1, 1)
        return {str(i): (i - 1) / last for i in sorted(map(int, layers))}
    from ..backbones import load_backbone

    backbone = load_backbone(decoder.backbone)
    wanted = {backbone.resolve(layer) for layer in layers}
    last = max(len(backbone.layers) - 1, 1)
    depths = {n: i / last for i, n in enumerate(backbone.layers) if n in wanted}
    return depths | ({"final": np.nan} if "final" in wanted else {})


def _gallery_size(decoder: ShallowAlignDecoder, images: NDArray[Any]) -> int:
    return len(set(identify(images, decoder.image_root)))


def _as_param(images: NDArray[Any], layer: str) -> int | str:
    """Layers of feature arrays are counted, those of a backbone named."""
    return layer if is_pictures(images) else int(layer)


def _progress(jobs: list[Any], what: str) -> Iterator[Any]:
    from tqdm.auto import tqdm

    return iter(tqdm(jobs, desc=what, unit="fit", delay=2))
