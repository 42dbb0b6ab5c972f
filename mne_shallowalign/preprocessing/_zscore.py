"""Zero mean and unit variance for every channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from ._noise_covariance import chunks
from ._sessionwise import SessionwiseTransformer


class ChannelZScorer(SessionwiseTransformer):
    """Standardise every channel over trials and times, session by session.

    Parameters
    ----------
    by : str | sequence of str | None
        The columns of the metadata that tell sessions apart. ``None``: all trials are
        one session, as arrays always are.

    Attributes
    ----------
    statistics_ : dict
        From the session, a tuple of the values of ``by``, to an array of shape
        (2, n_channels): means and standard deviations.
    ch_names_ : list of str | None
        The channels that are standardised: the good data channels of the Epochs that
        it was fitted on.
    n_channels_ : int
        Their number.

    See Also
    --------
    MVNNWhitener : Take out the correlations between channels too.
    mne.decoding.Scaler : The same for arrays, pooled over sessions.

    Notes
    -----
    Fit it on training trials only. A channel that never changes is centred, not scaled.
    """

    def __init__(
        self, *, by: str | Sequence[str] | None = ("subject", "session")
    ) -> None:
        self.by = by

    def fit(self, X: Any, y: Any = None) -> ChannelZScorer:
        """Learn the mean and the standard deviation of every channel.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            Trials of the training set.
        y : None
            Ignored; it is there for scikit-learn.

        Returns
        -------
        self : ChannelZScorer
            The fitted transformer.

        Raises
        ------
        ValueError
            If the metadata lacks columns, or the trials are not finite.
        """
        self.statistics_ = self._fit(X, None)
        return self

    def _learn(self, data: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        return mean_and_scale(data)

    def _forward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        mean, scale = learnt[..., None]
        return (data - mean) / scale

    def _backward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        mean, scale = learnt[..., None]
        return data * scale + mean


def mean_and_scale(data: np.ndarray) -> np.ndarray:
    """Compute the mean and the standard deviation of every channel, part by part.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        The trials.

    Returns
    -------
    statistics : array, shape (2, n_channels)
        Means and standard deviations; 1 for a channel that is constant.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    scaler = StandardScaler()
    for rows in chunks(data):
        trials = np.asarray(data[rows], dtype=np.float64)
        if not np.isfinite(trials).all():  # StandardScaler would leave out NaN
            raise ValueError(
                "X has NaN or infinite values: drop or interpolate those epochs."
            )
        scaler.partial_fit(trials.swapaxes(1, 2).reshape(-1, data.shape[1]))
    return np.stack([scaler.mean_, scaler.scale_])
