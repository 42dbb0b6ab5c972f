"""Cluster permutation statistics of layer by time, over subjects."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.stats import permutation_cluster_1samp_test, ttest_1samp_no_p

if TYPE_CHECKING:
    from pandas import DataFrame


def layer_time_clusters(
    table: DataFrame,
    contrast: tuple[Any, Any] | None = None,
    *,
    threshold: float | dict[str, float] | None = None,
    n_permutations: int | str = 1024,
    tail: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: bool | str | int | None = None,
) -> DataFrame:
    """Test scores over subjects, against chance or one layer against another.

    The signs of whole subjects are flipped
    (:func:`mne.stats.permutation_cluster_1samp_test`). Windows and layers that are
    neighbours can form a cluster.

    Parameters
    ----------
    table : DataFrame
        What :func:`layer_by_time` returns, of two or more subjects.
    contrast : tuple of layer | None
        Two layers, the first minus the second of which is tested. None: every layer
        against chance.
    threshold : float | dict | None
        What t must exceed to be in a cluster, or threshold-free cluster enhancement,
        see :func:`mne.stats.permutation_cluster_1samp_test`. None: p < .05 for that
        number of subjects.
    n_permutations : int | ``"all"``
        How many flips. Default 1024.
    tail : -1 | 0 | 1 | None
        Which side is tested. None: above chance, but both sides of a contrast.
    random_state : int | RandomState | None
        Draws the flips.
    verbose : bool | str | int | None
        MNE's logging level.

    Returns
    -------
    clusters : DataFrame
        A row per window and layer: ``time`` (s), ``layer``, ``effect`` (mean over
        subjects of the score above chance, or of the difference), ``t`` (infinite where
        all subjects are alike, NaN where all are at chance), ``p`` (that of
        the cluster which it is in, corrected for all windows and layers; 1 if in none)
        and ``n_subjects``. For a contrast, ``layer`` is ``"first - second"``.

    Raises
    ------
    ValueError
        If there are fewer than two subjects, they differ in windows or layers, or
        ``contrast`` does not name two of the layers.

    Notes
    -----
    A cluster below .05 says that the map as a whole is not chance. It does not date an
    onset, nor say that each of its points is above chance (Sassenhagen & Draschkow,
    2019, Psychophysiology 56).
    """
    effects, times, layers = _effects(table)
    if contrast is not None:
        effects = _difference(effects, layers, contrast)
        layers = [" - ".join(map(str, contrast))]
    tail = (1 if contrast is None else 0) if tail is None else tail
    # none is a result like any other, and so is a t of people who are all alike
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", "No clusters found", RuntimeWarning)
        _, clusters, p_values, _ = permutation_cluster_1samp_test(
            effects,
            threshold,
            n_permutations,
            tail,
            out_type="mask",
            seed=random_state,
            verbose=verbose,
        )
    p = np.ones(effects.shape[1:])
    for cluster, p_value in zip(clusters, p_values, strict=True):
        p[cluster] = np.minimum(p[cluster], p_value)
    return _tabulate(effects, p, times, layers)


def _effects(table: DataFrame) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    """Return score above chance, shape (n_subjects, n_times, n_layers)."""
    layers = list(dict.fromkeys(table["layer"]))  # shallow to deep
    times, subjects = np.unique(table["time"]), np.unique(table["subject"])
    if len(subjects) < 2:
        raise ValueError(
            f"table has {len(subjects)} subject(s), but the statistics are over "
            "subjects: join the tables of two or more, which have different values in "
            "the column 'subject'."
        )
    cells = table.assign(effect=table["score"] - table["chance"])
    wide = cells.set_index(["subject", "time", "layer"])["effect"]
    expected = len(subjects) * len(times) * len(layers)
    if not wide.index.is_unique or len(wide) != expected:
        raise ValueError(
            f"table must have one row for each of {len(subjects)} subjects, "
            f"{len(times)} windows and {len(layers)} layers, {expected} in all, but "
            f"has {len(wide)}. Analyse all subjects alike."
        )
    whole = wide.unstack("layer")[layers].sort_index().to_numpy()
    return whole.reshape(len(subjects), len(times), len(layers)), times, layers


def _difference(
    effects: np.ndarray, layers: list[Any], contrast: tuple[Any, Any]
) -> np.ndarray:
    if len(contrast) != 2 or any(layer not in layers for layer in contrast):
        raise ValueError(
            f"contrast={contrast!r} must name two of the layers of the table: "
            f"{', '.join(map(repr, layers))}."
        )
    first, second = (layers.index(layer) for layer in contrast)
    return effects[:, :, first] - effects[:, :, second]


def _tabulate(
    effects: np.ndarray, p: np.ndarray, times: np.ndarray, layers: list[Any]
) -> DataFrame:
    import pandas as pd

    with np.errstate(divide="ignore", invalid="ignore"):
        t = ttest_1samp_no_p(effects).ravel()
    return pd.DataFrame(
        {
            "time": np.repeat(times, len(layers)),
            "layer": layers * len(times),
            "effect": effects.mean(axis=0).ravel(),
            "t": t,
            "p": p.ravel(),
            "n_subjects": len(effects),
        }
    )
