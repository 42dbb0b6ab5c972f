"""What transformers have in common that learn something of every subject."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from mne.utils import logger, warn
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._signal import as_signal, joined, replace_signal

if TYPE_CHECKING:
    from typing import Self

NOBODY = "the only subject"


class PerSubjectTransformer(TransformerMixin, BaseEstimator):
    """Learn a map from the unlabelled trials of every subject, and apply it to them.

    Parameters
    ----------
    by : str
        The column of the metadata of Epochs that says whose trial each is.
    """

    def __init__(self, by: str = "subject") -> None:
        self.by = by

    @abstractmethod
    def _learn(self, data: np.ndarray) -> Any:
        """Learn from the trials of one subject, (n, n_channels, n_times)."""

    @abstractmethod
    def _apply(self, data: np.ndarray, learnt: Any) -> np.ndarray:
        """Transform the trials of one subject."""

    def _check_info(self, info: mne.Info) -> None:
        """Refuse channels that cannot be handled together."""

    def fit(
        self,
        X: mne.BaseEpochs | Sequence[mne.BaseEpochs] | ArrayLike,
        y: Any = None,
        *,
        subjects: ArrayLike | None = None,
    ) -> Self:
        """Learn from the training trials of every subject.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The trials. Of Epochs, the good M/EEG channels are used.
        y : None
            Not used: nothing is learnt from labels.
        subjects : array-like, shape (n_epochs,) | None
            Whose trial each is. None: the column ``by`` of the metadata; without
            metadata, all trials are of one subject, which the log says.

        Returns
        -------
        self : estimator
            The fitted transformer.

        Raises
        ------
        ValueError
            If trials and subjects do not fit together, or trials are not finite.

        Warns
        -----
        RuntimeWarning
            If all trials count as one subject's, but a list of Epochs has several in
            ``info["subject_info"]``.
        """
        if not isinstance(self.by, str):
            raise TypeError(f"by must name a column of the metadata, got {self.by!r}.")
        data, info = as_signal(X)
        data = self._as_array(data)
        if info is not None:
            self._check_info(info)
        labels = self._labels(X, len(data), subjects)
        if (labels == NOBODY).all():
            _say_one_person(X, len(data))
        self.ch_names_ = None if info is None else info["ch_names"]
        self.n_features_in_ = data.shape[1]
        self.learnt_ = {
            label: self._learn(data[labels == label]) for label in np.unique(labels)
        }
        return self

    def transform(
        self,
        X: mne.BaseEpochs | Sequence[mne.BaseEpochs] | ArrayLike,
        *,
        subjects: ArrayLike | None = None,
    ) -> mne.EpochsArray | np.ndarray:
        """Transform trials of the subjects that were there in fit.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The trials, with the channels of :meth:`fit`.
        subjects : array-like, shape (n_epochs,) | None
            As in :meth:`fit`.

        Returns
        -------
        transformed : mne.EpochsArray | array, shape (n_epochs, n_channels, n_times)
            Epochs for Epochs, with their metadata, events and further channels, and
            an array for an array.

        Raises
        ------
        ValueError
            If a subject was not there in fit, or the channels differ.
        """
        check_is_fitted(self)
        data = self._as_array(as_signal(X, self.ch_names_)[0])
        if data.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {data.shape[1]} channels, but {type(self).__name__} was fitted "
                f"with {self.n_features_in_}."
            )
        labels = self._labels(X, len(data), subjects)
        self._refuse_strangers(labels)
        transformed = np.empty_like(data)
        for label in np.unique(labels):
            rows = labels == label
            transformed[rows] = self._apply(data[rows], self.learnt_[label])
        if self.ch_names_ is None:
            return transformed
        return replace_signal(joined(X), transformed, self.ch_names_)

    def fit_transform(
        self,
        X: mne.BaseEpochs | Sequence[mne.BaseEpochs] | ArrayLike,
        y: Any = None,
        *,
        subjects: ArrayLike | None = None,
    ) -> mne.EpochsArray | np.ndarray:
        """Learn from trials and transform them.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The trials.
        y : None
            Not used.
        subjects : array-like, shape (n_epochs,) | None
            As in :meth:`fit`.

        Returns
        -------
        transformed : mne.EpochsArray | array, shape (n_epochs, n_channels, n_times)
            As in :meth:`transform`.
        """
        return self.fit(X, y, subjects=subjects).transform(X, subjects=subjects)

    def _as_array(self, data: Any) -> np.ndarray:
        data = np.asarray(data)
        if data.ndim != 3:
            raise ValueError(
                "X must be Epochs or an array of shape (n_epochs, n_channels, "
                f"n_times), got shape {data.shape}."
            )
        return data if data.dtype.kind == "f" else data.astype(float)

    def _labels(self, X: Any, n: int, subjects: ArrayLike | None) -> np.ndarray:
        if subjects is None:
            subjects = self._labels_in_metadata(X, n)
        labels = np.asarray(subjects)
        if labels.shape != (n,):
            raise ValueError(
                f"subjects must name the subject of each of the {n} trials, got shape "
                f"{labels.shape}."
            )
        return labels

    def _labels_in_metadata(self, X: Any, n: int) -> np.ndarray:
        epochs = [X] if isinstance(X, mne.BaseEpochs) else X
        tables: list[Any] = [getattr(one, "metadata", None) for one in epochs]
        if any(table is None for table in tables):
            return np.full(n, NOBODY)
        for table in tables:
            if self.by not in table:
                raise ValueError(
                    f"by={self.by!r} must be a column of the metadata, which has "
                    f"{list(table)}. Or pass subjects."
                )
        return np.concatenate([table[self.by].to_numpy() for table in tables])

    def _refuse_strangers(self, labels: np.ndarray) -> None:
        strangers = [str(one) for one in np.unique(labels) if one not in self.learnt_]
        if strangers:
            raise ValueError(
                f"subjects {', '.join(strangers)} were not there in fit, which had "
                f"{', '.join(map(str, self.learnt_))}. Each subject has a map of their "
                "own: fit another transformer on unlabelled trials of theirs that are "
                "not to be scored."
            )


def _say_one_person(X: Any, n: int) -> None:
    """Say that trials without subjects are taken as one person's."""
    recordings = X if isinstance(X, list) else [X]
    infos = [one.info for one in recordings if isinstance(one, mne.BaseEpochs)]
    people = {(info["subject_info"] or {}).get("his_id") for info in infos}
    told = "taken as one person's, for X does not say whose they are"
    if len(people) > 1:
        warn(
            f"All {n} trials are {told}, but info['subject_info'] names "
            f"{sorted(map(str, people))}: pass subjects, or add a column of metadata.",
            ignore_namespaces=("mne", "mne_shallowalign"),
        )
    else:
        logger.info(
            "All %d trials are %s. If they are of several, pass subjects.", n, told
        )
