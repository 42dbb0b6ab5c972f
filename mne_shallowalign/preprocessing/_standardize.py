"""Every subject's channels on one scale."""

from __future__ import annotations

import numpy as np

from ._per_subject import PerSubjectTransformer


class SubjectStandardizer(PerSubjectTransformer):
    """Give every channel zero mean and unit variance within each subject.

    Amplitudes differ between people by more than what pictures change, and a decoder
    for several has one scale for all; so systems that decode between subjects
    standardise each one first (SAMGA, :footcite:p:`Jiang2026`). The statistics are
    those of a subject's own training trials, over trials and times, without labels.

    Parameters
    ----------
    by : str
        The column of the metadata of Epochs that says whose trial each is. Default
        ``"subject"``.

    Attributes
    ----------
    learnt_ : dict
        Mean and standard deviation of every channel, two arrays of shape
        (n_channels,), by subject.
    ch_names_ : list of str | None
        The channels; None if X was an array.
    n_features_in_ : int
        Number of channels.

    See Also
    --------
    EuclideanAlignment : Removes the correlations among channels too.

    Notes
    -----
    Use it in a :class:`~sklearn.pipeline.Pipeline` before the decoder, so that the
    statistics are of the training trials of each fold. For a person left out of
    training, fit another one on unlabelled trials of theirs that are not scored;
    fitted on the scored trials themselves it uses the queries jointly, and the
    result is *transductive*.

    References
    ----------
    .. footbibliography::
    """

    def _learn(self, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = data.mean(axis=(0, 2), dtype=np.float64)
        scale = data.std(axis=(0, 2), dtype=np.float64)
        return mean, np.where(scale == 0, 1, scale)

    def _apply(
        self, data: np.ndarray, learnt: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        mean, scale = (one.astype(data.dtype)[:, None] for one in learnt)
        return (data - mean) / scale
