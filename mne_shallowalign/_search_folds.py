"""Which trials a search learns from and which it holds out."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from mne.utils import logger, warn
from sklearn.model_selection import GroupKFold, check_cv

from ._checks import CONCEPT, refuse_missing, warn_of_unknown_concepts
from ._decoder_input import TrialLabels
from ._scalars import check_number

N_FOLDS = 5

Fold = tuple[np.ndarray, np.ndarray]


def make_folds(cv: Any, labels: TrialLabels, image_index: np.ndarray) -> list[Fold]:
    """Split trials so that what is held out is new to the decoder.

    Parameters
    ----------
    cv : int | cross-validation generator | iterable | None
        None and integers are that many folds of whole groups, of five by default.
        Everything else is used as scikit-learn's tools do.
    labels : TrialLabels
        What is known of the trials.
    image_index : array of int, shape (n_trials,)
        Which image each trial shows.

    Returns
    -------
    folds : list of (train, test)
        Row numbers of the trials.

    Raises
    ------
    ValueError
        If there are too few groups, or a fold holds out fewer than two images.
    """
    groups = _groups(labels, image_index)
    if isinstance(cv, Integral):
        check_number(cv, "cv", Integral, min_val=2)
    if cv is None or isinstance(cv, Integral):
        cv = _group_folds(
            None if cv is None else int(cv), labels, len(np.unique(groups))
        )
    with warnings.catch_warnings():
        if labels.groups is None:  # nobody has asked for groups to be minded
            warnings.filterwarnings("ignore", "The groups parameter is ignored")
        folds = list(check_cv(cv).split(image_index, image_index, groups))
    if not folds:
        raise ValueError(f"cv={cv!r} gives no split into training and held-out trials.")
    for train, test in folds:
        _check_rows(train, test, len(image_index))
        n_images = len(np.unique(image_index[test]))
        if n_images < 2:
            raise ValueError(
                f"A fold holds out {len(test)} trial(s) of {n_images} image(s), and a "
                "single one is found without looking: hold out at least two images, "
                f"with fewer folds than {len(folds)} or larger groups."
            )
    if labels.groups is None:
        _warn_of_known_images(folds, image_index)
    return folds


def _check_rows(train: np.ndarray, test: np.ndarray, n_trials: int) -> None:
    rows = np.concatenate([train, test])
    if rows.min() < -n_trials or rows.max() >= n_trials:
        raise ValueError(f"cv has rows beyond those of the {n_trials} trials.")
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"cv has a split with {len(both)} trials on both sides, the first being "
            f"{both[:5].tolist()}: what was trained on cannot be held out."
        )


def _groups(labels: TrialLabels, image_index: np.ndarray) -> np.ndarray:
    """Return what must not be torn apart."""
    if labels.groups is not None:
        return labels.groups
    if labels.concepts is not None:
        refuse_missing(labels.concepts, CONCEPT)
        return _connected(labels.concepts, image_index)
    return image_index


def _group_folds(n_folds: int | None, labels: TrialLabels, n_groups: int) -> GroupKFold:
    """Say what is held out, and make folds of it."""
    if n_groups < 2:
        raise ValueError(
            "All trials are of one group, but choosing a layer holds groups out: pass "
            "groups= with at least two that differ, or another cv."
        )
    n_folds = min(N_FOLDS, n_groups) if n_folds is None else n_folds
    if n_folds > n_groups:
        raise ValueError(
            f"cv={n_folds} folds of whole groups need as many groups, but there are "
            f"{n_groups}."
        )
    if labels.concepts is None:
        warn_of_unknown_concepts()
    else:
        what = "concepts (metadata)" if labels.groups is None else "groups"
        logger.info("Layers are compared on held-out %s, in %d folds.", what, n_folds)
    return GroupKFold(n_folds)


def _connected(concepts: np.ndarray, image_index: np.ndarray) -> np.ndarray:
    """Unite concepts that share an image, of which there may be copies."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names, codes = np.unique(concepts, return_inverse=True)
    links = (np.ones(len(codes)), (codes, len(names) + image_index))
    n_nodes = len(names) + int(image_index.max()) + 1
    graph = coo_array(links, shape=(n_nodes, n_nodes))
    return connected_components(graph, directed=False)[1][codes]


def _warn_of_known_images(folds: list[Fold], image_index: np.ndarray) -> None:
    known = [np.isin(image_index[test], image_index[train]) for train, test in folds]
    n_known = sum(int(there.sum()) for there in known)
    if n_known:
        warn(
            f"In {n_known} of {sum(map(len, known))} held-out trials, the image was "
            "in training too, so that the search measures recognition of known "
            "images. Leave cv to its default, or use a splitter that minds groups.",
            ignore_namespaces=("mne", "mne_shallowalign"),
        )
