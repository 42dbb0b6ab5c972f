"""Every subject's channels on one scale."""

from __future__ import annotations

import numpy as np

from ._per_subject import PerSubjectTransformer
from ._zscore import mean_and_scale


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
        Means and standard deviations of the channels, shape (2, n_channels), by
        subject.
    ch_names_ : list of str | None
        The channels; None if X was an array.
    n_features_in_ : int
        Number of channels.

    See Also
    --------
    EuclideanAlignment : Removes the correlations among channels too.
    ChannelZScorer : The same session by session, with a way back.

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

    def _learn(self, data: np.ndarray) -> np.ndarray:
        return mean_and_scale(data)

    def _apply(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        mean, scale = learnt.astype(data.dtype)[..., None]
        return (data - mean) / scale
