"""Transformers of channels that learn apart for every session."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import mne
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._signal import as_signal, joined, replace_signal

ALL: tuple[Any, ...] = ()  # the group of data that is not told apart


class SessionwiseTransformer(TransformerMixin, BaseEstimator):
    """Learn something per session from training data, and apply it to any data.

    Subclasses say what is learnt and applied. ``by`` names the columns of the metadata
    that tell sessions apart; arrays, which have no metadata, are one session.
    """

    by: str | Sequence[str] | None

    @abstractmethod
    def _learn(self, data: np.ndarray, conditions: np.ndarray | None) -> np.ndarray:
        """Learn from the single trials of one session."""

    @abstractmethod
    def _forward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        """Transform the epochs of one session."""

    @abstractmethod
    def _backward(self, data: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        """Undo :meth:`_forward`."""

    def _fit(self, X: Any, y: Any) -> dict[tuple[Any, ...], np.ndarray]:
        _check_columns(self.by)
        X = joined(X)
        data, info = as_signal(X)
        data = _as_trials(data)
        conditions = _conditions(X, y, len(data))
        self.ch_names_ = None if info is None else list(info["ch_names"])
        self.n_channels_ = data.shape[1]
        return {
            group: self._learn(
                data[rows], None if conditions is None else conditions[rows]
            )
            for group, rows in _sessions(X, self.by, len(data))
        }

    def _apply(
        self, X: Any, learnt: dict[tuple[Any, ...], np.ndarray], way: str
    ) -> Any:
        X = joined(X)
        data, info = as_signal(X, self.ch_names_)
        data = _as_trials(data)
        if data.shape[1] != self.n_channels_:
            raise ValueError(
                f"X has {data.shape[1]} channels, but {type(self).__name__} was fitted "
                f"on {self.n_channels_}."
            )
        out = np.empty(data.shape, np.result_type(data.dtype, np.float32))
        for rows, statistic in self._by_session(X, len(data), learnt):
            out[rows] = getattr(self, way)(data[rows], statistic)
        return out if info is None else replace_signal(X, out, info["ch_names"])

    def _by_session(
        self, X: Any, n_epochs: int, learnt: dict[tuple[Any, ...], np.ndarray]
    ) -> Iterator[tuple[slice | np.ndarray, np.ndarray]]:
        """Say which rows belong to which session, and what was learnt of it."""
        for group, rows in _sessions(X, self.by, n_epochs, learnt):
            if group not in learnt:
                raise ValueError(
                    f"{type(self).__name__} was not fitted on the session {group!r} "
                    f"({self.by}); it knows {sorted(learnt)[:10]}. Fit it on training "
                    "trials of every session, or set by=None to pool them."
                )
            yield rows, learnt[group]

    def _fitted(self) -> dict[tuple[Any, ...], np.ndarray]:
        check_is_fitted(self)
        return self.statistics_

    def transform(self, X: Any) -> Any:
        """Apply what was learnt.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            Single trials or averages.

        Returns
        -------
        X_new : Epochs or array
            What was given, transformed: new Epochs for Epochs, whose other channels
            are as they were, else an array.

        Raises
        ------
        ValueError
            If the channels differ, or if a session was not fitted.
        """
        return self._apply(X, self._fitted(), "_forward")

    def inverse_transform(self, X: Any) -> Any:
        """Undo the transformation.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            Transformed data.

        Returns
        -------
        X_original : Epochs or array
            The data in its own units.

        Raises
        ------
        ValueError
            If the channels differ, or if a session was not fitted.
        """
        return self._apply(X, self._fitted(), "_backward")


def _check_columns(by: Any) -> None:
    columns = [by] if isinstance(by, str) else by
    is_list = isinstance(columns, tuple | list) and len(columns) > 0
    if by is not None and not (is_list and all(isinstance(c, str) for c in columns)):
        raise TypeError(
            "by must name columns of the metadata, such as 'subject' or ('subject', "
            f"'session'), or be None; got {by!r}."
        )


def _as_trials(data: Any) -> np.ndarray:
    data = np.asarray(data)
    if data.ndim != 3 or data.dtype.kind not in "fiu" or not data.size:
        raise ValueError(
            f"X has the shape {data.shape} and the type {data.dtype}; expected Epochs "
            "or real numbers of the shape (n_epochs, n_channels, n_times)."
        )
    return data


def _conditions(X: Any, y: Any, n_epochs: int) -> np.ndarray | None:
    if y is None and isinstance(X, mne.BaseEpochs) and X.metadata is not None:
        y = X.metadata.get("image")
    if y is None:
        return None
    conditions = np.asarray(y)
    if conditions.shape != (n_epochs,):
        raise ValueError(
            f"y has the shape {conditions.shape}; expected ({n_epochs},): the image of "
            "every trial."
        )
    return conditions


def _sessions(
    X: Any,
    by: str | Sequence[str] | None,
    n_epochs: int,
    known: dict[Any, Any] | None = None,
) -> Iterator[tuple[tuple[Any, ...], slice | np.ndarray]]:
    """Say which rows belong to which session."""
    if by is None or not isinstance(X, mne.BaseEpochs):
        if known and ALL not in known and len(known) == 1:
            yield next(iter(known)), slice(None)
        else:
            yield ALL, slice(None)
        return
    columns = [by] if isinstance(by, str) else list(by)
    missing = [c for c in columns if X.metadata is None or c not in X.metadata]
    if missing:
        raise ValueError(
            f"by={by!r} needs epochs with these columns of metadata; {missing} are "
            "missing. Averages over sessions no longer have them: average within "
            "sessions, or set by=None."
        )
    groups = X.metadata.groupby(columns, sort=False, dropna=False)
    for group, rows in groups.indices.items():
        key = group if isinstance(group, tuple) else (group,)
        yield key, slice(None) if len(rows) == n_epochs else np.asarray(rows)
