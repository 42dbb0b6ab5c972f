"""Multivariate noise normalisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ._noise_covariance import noise_covariance
from ._sessionwise import SessionwiseTransformer

METHODS = ("epochs", "time")


class MVNNWhitener(SessionwiseTransformer):
    r"""Multivariate noise normalisation (MVNN): whiten channels, session by session.

    In every session the noise covariance :math:`\Sigma` is the mean, over images, of
    the mean covariance of their single trials, each shrunk after Ledoit and Wolf
    :footcite:p:`LedoitWolf2004`; the signal is multiplied by :math:`\Sigma^{-1/2}`
    :footcite:p:`Guggenmos2018`.

    Parameters
    ----------
    method : "epochs" | "time"
        ``"epochs"`` (default): one covariance per trial, over its time samples.
        ``"time"``: one per image and time sample, over repetitions of the image, of
        which two or more are needed.
    by : str | sequence of str | None
        The columns of the metadata that tell sessions apart. ``None``: all trials are
        one session, as arrays always are.

    Attributes
    ----------
    statistics_ : dict
        From the session, a tuple of the values of ``by``, to its noise covariance, of
        shape (n_channels, n_channels).
    ch_names_ : list of str | None
        The channels that are whitened: the good data channels of the Epochs that the
        whitener was fitted on.
    n_channels_ : int
        Their number.

    See Also
    --------
    ChannelZScorer : Standardise each channel instead.

    Notes
    -----
    **Fit it on single training trials.** Averages have less noise, and of another
    shape, than the trials whose noise is to be normalised; and if test trials take
    part in the covariance, as in the original code of THINGS-EEG2
    :footcite:p:`Gifford2022`, the test set touches what is learnt. Whitening is linear:
    it may be applied before or after averaging within a session.

    Covariances are shrunk in units of the channels' standard deviations, as
    scikit-learn's discriminant analysis does and all code of the field through it.

    Whitened data has no unit. :meth:`inverse_transform` multiplies by
    :math:`\Sigma^{1/2}`, so that topographies can be drawn in volts or teslas.

    References
    ----------
    .. footbibliography::
    """

    def __init__(
        self,
        method: str = "epochs",
        *,
        by: str | Sequence[str] | None = ("subject", "session"),
    ) -> None:
        self.method = method
        self.by = by

    def fit(self, X: Any, y: Any = None) -> MVNNWhitener:
        """Estimate the noise covariance of every session.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            Single trials of the training set.
        y : array_like, shape (n_epochs,) | None
            The image of every trial. ``None``: the column ``image`` of the metadata;
            for arrays, every trial counts the same.

        Returns
        -------
        self : MVNNWhitener
            The fitted whitener.

        Raises
        ------
        ValueError
            If ``method`` is unknown, if the metadata lacks columns, if the covariance
            of a session has no inverse (channels that are flat or sums of others), or
            if ``method="time"`` and an image has a single trial.
        """
        if self.method not in METHODS:
            raise ValueError(f"method={self.method!r} must be one of {METHODS}.")
        self.statistics_ = self._fit(X, y)
        return self

    def _learn(self, data: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        covariance = noise_covariance(data, conditions, self.method)
        if not (np.isfinite(covariance).all() and _is_invertible(covariance)):
            raise ValueError(
                "The noise covariance has no inverse: channels are flat, copies or "
                "sums of each other, or the trials are not finite. Mark such channels "
                "as bad, whiten before re-referencing, and whiten EEG and MEG apart."
            )
        return covariance

    def _forward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        return _power(learnt, -0.5).astype(data.dtype) @ data

    def _backward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        return _power(learnt, 0.5).astype(data.dtype) @ data

    def _matrices(self, X: Any) -> Iterator[tuple[slice | np.ndarray, np.ndarray]]:
        """Yield the rows of each session and the matrix that whitens them."""
        for rows, covariance in self._by_session(X, len(X), self._fitted()):
            yield rows, _power(covariance, -0.5)


def _is_invertible(covariance: np.ndarray) -> bool:
    values = np.linalg.eigvalsh(covariance)
    return values[0] > len(values) * np.finfo(np.float64).eps * values[-1]


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * values**exponent @ vectors.T
