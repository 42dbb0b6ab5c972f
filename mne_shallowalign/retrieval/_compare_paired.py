"""Which of two systems is better, person by person."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

# Up to so many pairs every assignment of signs is counted, beyond as many are drawn.
_N_EXACT = 16


class PairedComparison(NamedTuple):
    """What :func:`~mne_shallowalign.retrieval.compare_paired` returns.

    Parameters
    ----------
    difference : float
        Mean of ``a - b``.
    low : float
        Lower bound of the difference.
    high : float
        Upper bound of the difference.
    p_wilcoxon : float
        Two-sided p-value of the signed ranks.
    p_sign_flip : float
        Two-sided p-value of the mean.
    effect_size : float
        Cohen's d of paired samples: the mean difference over the standard deviation of
        the differences.
    n : int
        How many pairs there are.
    """

    difference: float
    low: float
    high: float
    p_wilcoxon: float
    p_sign_flip: float
    effect_size: float
    n: int


def compare_paired(
    a: ArrayLike,
    b: ArrayLike,
    *,
    confidence: float = 0.95,
    random_state: int | np.random.RandomState | None = 0,
) -> PairedComparison:
    """Compare two systems on the same people.

    Parameters
    ----------
    a : array-like, shape (n_subjects,)
        The score of the one system for each subject, seeds averaged.
    b : array-like, shape (n_subjects,)
        The score of the other, in the same order.
    confidence : float
        How sure to be of the interval, between 0 and 1. Default 0.95.
    random_state : int | RandomState | None
        Draws the signs when there are more than 16 subjects. Default 0.

    Returns
    -------
    comparison : PairedComparison
        ``difference`` (mean of a - b) with ``low`` and ``high`` by Student's t,
        ``p_wilcoxon``, ``p_sign_flip``, ``effect_size`` and ``n``.

    Raises
    ------
    ValueError
        If the lengths differ, there are fewer than two pairs, a score is not finite,
        or ``confidence`` is not between 0 and 1.

    Notes
    -----
    Both p-values come from turning around the sign of each difference in all ways,
    which is exact for up to 16 subjects, ties and zeros included; beyond, 65,536 ways
    are drawn and the observed one is counted in. The smallest p-value of n subjects is
    ``2 / 2**n``: .00195 of ten, whatever the difference. Wilcoxon's test
    :footcite:`Wilcoxon1945` leaves out differences of zero; the sign-flip test is
    Fisher's randomization test of the mean :footcite:`Fisher1935`.

    Subjects are the random sample, the pictures are fixed: the difference may be
    another with other pictures.

    References
    ----------
    .. footbibliography::

    Examples
    --------
    >>> from mne_shallowalign.retrieval import compare_paired
    >>> ours = [0.61, 0.55, 0.70, 0.48, 0.66, 0.59]
    >>> theirs = [0.52, 0.50, 0.66, 0.49, 0.60, 0.50]
    >>> comparison = compare_paired(ours, theirs)
    >>> print(f"{comparison.difference:.3f}, p = {comparison.p_wilcoxon}")
    0.053, p = 0.0625
    """
    from scipy.stats import rankdata, ttest_1samp

    difference = _differences(a, b, confidence)
    mean, spread = difference.mean(), difference.std(ddof=1)
    low = high = effect = mean
    if spread > 0:
        interval = ttest_1samp(difference, 0).confidence_interval(confidence)
        low, high, effect = interval.low, interval.high, mean / spread
    elif mean != 0:
        effect = np.copysign(np.inf, mean)
    kept = difference[difference != 0]
    signed_ranks = np.sign(kept) * rankdata(abs(kept))
    return PairedComparison(
        float(mean),
        float(low),
        float(high),
        _sign_flip(signed_ranks, random_state),
        _sign_flip(difference, random_state),
        float(effect),
        len(difference),
    )


def _sign_flip(
    values: NDArray[Any], random_state: int | np.random.RandomState | None
) -> float:
    """Two-sided p-value of a sum whose terms could have had either sign."""
    n, least = len(values), abs(values.sum()) - 1e-12 * abs(values).sum()
    if n <= _N_EXACT:
        signs = 1 - 2 * (np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1)
        return float(np.mean(abs(signs @ values) >= least))
    signs = check_random_state(random_state).choice([-1, 1], (2**_N_EXACT, n))
    return float((1 + np.sum(abs(signs @ values) >= least)) / (1 + 2**_N_EXACT))


def _differences(a: ArrayLike, b: ArrayLike, confidence: float) -> NDArray[np.float64]:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(
            "a and b must have one score for each subject, at least two, in the same "
            f"order; got the shapes {a.shape} and {b.shape}."
        )
    if not np.all(np.isfinite(a) & np.isfinite(b)):
        raise ValueError("a and b must be finite, got NaN or infinity.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    return a - b
