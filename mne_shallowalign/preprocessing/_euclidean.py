"""Euclidean alignment: the mean covariance of every subject becomes the identity."""

from __future__ import annotations

import mne
import numpy as np
from scipy import linalg

from ._per_subject import PerSubjectTransformer

# Below this part of the largest eigenvalue there is no signal but rounding: the
# direction was removed by a reference or a projection.
NO_RANK = 1e-10


class EuclideanAlignment(PerSubjectTransformer):
    r"""Whiten each subject's trials with their own mean covariance.

    .. math::

        \tilde X_i = \bar R^{-1/2} X_i, \qquad
        \bar R = \frac{1}{n T} \sum_{i=1}^{n} X_i X_i^\top

    The trials of all subjects then have the identity for their mean covariance, so
    that what is learnt from some fits others better (:footcite:t:`He2020`, who sum
    over the samples instead of averaging). :math:`\bar R` is learnt from a subject's
    own training trials, without labels. Directions that a reference or projection
    removed stay zero.

    Parameters
    ----------
    by : str
        The column of the metadata of Epochs that says whose trial each is. Default
        ``"subject"``.

    Attributes
    ----------
    learnt_ : dict
        The matrix :math:`\bar R^{-1/2}`, shape (n_channels, n_channels), by subject.
    ch_names_ : list of str | None
        The channels; None if X was an array.
    n_features_in_ : int
        Number of channels.

    See Also
    --------
    SubjectStandardizer : Leaves the correlations among channels as they are.

    Notes
    -----
    Use it in a :class:`~sklearn.pipeline.Pipeline` before the decoder, so that the
    matrices are of the training trials of each fold. For a person left out of
    training, fit another one on unlabelled trials of theirs that are not scored;
    fitted on the scored trials themselves it uses the queries jointly, and the
    result is *transductive*. Channels are mixed: topographies no longer show
    electrodes.

    References
    ----------
    .. footbibliography::
    """

    def _check_info(self, info: mne.Info) -> None:
        kinds = sorted(set(info.get_channel_types()))
        if len(kinds) > 1:
            raise ValueError(
                f"X has channels of types {kinds}, in different units, which Euclidean "
                f"alignment would mix. Pick one: epochs.copy().pick({kinds[0]!r})."
            )

    def _learn(self, data: np.ndarray) -> np.ndarray:
        covariance = np.zeros((data.shape[1], data.shape[1]))
        for trial in data:
            covariance += np.asarray(trial @ trial.T, float)
        if not np.isfinite(covariance).all():
            raise ValueError(
                "X has NaN or infinite values: drop or interpolate those epochs."
            )
        values, vectors = linalg.eigh(covariance / (len(data) * data.shape[2]))
        kept = values > NO_RANK * values[-1]
        return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T

    def _apply(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        return learnt.astype(data.dtype) @ data
