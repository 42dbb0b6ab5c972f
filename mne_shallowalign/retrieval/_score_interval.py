"""How sure a score is when people and pictures are both samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._metrics import proportion_interval


class ScoreInterval(NamedTuple):
    """What :func:`~mne_shallowalign.retrieval.score_interval` returns.

    Parameters
    ----------
    estimate : float
        The score: the mean over the cells subject x picture.
    low : float
        Lower bound.
    high : float
        Upper bound.
    """

    estimate: float
    low: float
    high: float


def score_interval(
    hits: ArrayLike,
    *,
    images: ArrayLike | None = None,
    subjects: ArrayLike | None = None,
    confidence: float = 0.95,
) -> ScoreInterval:
    r"""Confidence interval of an accuracy over people, pictures and seeds.

    Parameters
    ----------
    hits : array-like of bool or float, shape (n_scores,)
        One score between 0 and 1 for each query of each subject and seed: whether it
        was right, or one over its rank, or its share of pairs won.
    images : array-like, shape (n_scores,) | None
        The picture of each query.
    subjects : array-like, shape (n_scores,) | None
        The person of each query.
    confidence : float
        How sure to be, between 0 and 1. Default 0.95.

    Returns
    -------
    interval : ScoreInterval
        ``estimate``, ``low`` and ``high``, between 0 and 1. It is meant for the score
        of *other people* and *other pictures* from where these came; without
        ``subjects``, or with one subject, for these people and other pictures; without
        ``images`` for other people and these pictures.

    Raises
    ------
    ValueError
        If neither images nor subjects are given, lengths differ, there are fewer than
        two of both, a score is not between 0 and 1, or ``confidence`` is not.

    See Also
    --------
    proportion_interval : Of queries that are independent.

    Notes
    -----
    Subjects see the same test pictures and seeds see the same trials: 10 x 200 x 5
    scores are not 10,000 independent ones. Scores of one subject and picture (seeds,
    repetitions) are averaged first. Subjects and pictures are crossed random factors,
    and the variance of the grand mean is that of the two-way analysis of variance,

    .. math:: \hat V = \hat V_{subjects} + \hat V_{images} - \hat V_{rest},

    the variances between subject means, between picture means and of what both leave,
    each over the number of its own units :footcite:`Cameron2011`. Where subjects did
    not all see the same pictures the last term is the cluster-robust one of this
    reference. Bounds are those of Student's t with the degrees of freedom of
    :footcite:t:`Satterthwaite1946`, on the logit scale, which keeps them between 0
    and 1. A score of exactly 0 or 1 has no variance to estimate; it gets Wilson's
    interval for as many trials as there are pictures (subjects, without pictures).

    ``benchmarks/coverage.py`` prints how often this and its rivals cover the truth.

    References
    ----------
    .. footbibliography::
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    table = _cell_means(_check_hits(hits), subjects, images)
    estimate = float(np.nanmean(table))
    if estimate in (0, 1):
        n = table.shape[images is not None]
        return ScoreInterval(
            estimate, *proportion_interval(int(n * estimate), n, confidence)
        )
    return ScoreInterval(estimate, *_logit_bounds(estimate, table, confidence))


def _logit_bounds(
    estimate: float, table: NDArray[Any], confidence: float
) -> tuple[float, float]:
    from scipy.special import expit, logit
    from scipy.stats import t

    variance, freedom = _crossed_variance(table)
    half = t.ppf((1 + confidence) / 2, freedom) * np.sqrt(variance)
    half /= estimate * (1 - estimate)  # the derivative of the logit
    low, high = expit(logit(estimate) + half * np.array([-1, 1]))
    return float(low), float(high)


def _crossed_variance(table: NDArray[Any]) -> tuple[float, float]:
    """Variance of the mean of all cells, and its degrees of freedom."""
    n_cells = int(np.count_nonzero(~np.isnan(table)))
    rest = np.nan_to_num(table - np.nanmean(table))
    parts, freedoms = [], []
    for axis, n in enumerate(table.shape[::-1]):
        if n > 1:
            sums = rest.sum(axis=axis)
            parts.append(n / (n - 1) * np.sum(sums**2) / n_cells**2)
            freedoms.append(n - 1)
    if len(parts) == 2:
        freedoms.append(freedoms[0] * freedoms[1])
        parts.append(_cell_variance(rest, n_cells, freedoms[-1]))
        # a negative component is none
        variance = max(parts[0] + parts[1] - parts[2], *parts)
    else:
        variance = parts[0]
    squares = sum(part**2 / n for part, n in zip(parts, freedoms, strict=True))
    return variance, variance**2 / squares


def _cell_variance(rest: NDArray[Any], n_cells: int, freedom: int) -> float:
    if n_cells < rest.size:  # some subjects did not see some pictures
        return float(np.sum(rest**2)) / n_cells**2
    rest = rest - rest.mean(axis=0) - rest.mean(axis=1, keepdims=True)
    return float(np.sum(rest**2)) / freedom / n_cells


def _check_hits(hits: ArrayLike) -> NDArray[np.float64]:
    hits = np.asarray(hits, float)
    if hits.ndim != 1 or hits.size == 0:
        raise ValueError(
            f"hits must have the shape (n_scores,) and not be empty, got {hits.shape}."
        )
    if not np.all((hits >= 0) & (hits <= 1)):
        raise ValueError(
            f"hits must lie between 0 and 1, got {hits.min()} .. {hits.max()}."
        )
    return hits


def _cell_means(
    hits: NDArray[Any], subjects: ArrayLike | None, images: ArrayLike | None
) -> NDArray[np.float64]:
    """Average what one subject and picture have in common, NaN where there is none."""
    labels = []
    for name, given in (("subjects", subjects), ("images", images)):
        given = np.zeros(len(hits), int) if given is None else np.asarray(given)
        if given.shape != hits.shape:
            raise ValueError(
                f"{name} must have one label for each of the {len(hits)} hits, got the "
                f"shape {given.shape}."
            )
        labels.append(np.unique(given, return_inverse=True)[1])
    shape = tuple(label.max() + 1 for label in labels)
    if max(shape) < 2:
        raise ValueError(
            "An interval needs at least two subjects or two images to see how scores "
            f"vary, got {shape[0]} subject(s) and {shape[1]} image(s). Give subjects= "
            "or images=."
        )
    cells = np.ravel_multi_index(labels, shape)
    counts = np.bincount(cells, minlength=np.prod(shape))
    sums = np.bincount(cells, hits, minlength=np.prod(shape))
    with np.errstate(invalid="ignore"):
        return (sums / counts).reshape(shape)
