"""From the sessions of THINGS-EEG2 to preprocessed epochs, one session in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
from mne.utils import logger

from ..preprocessing import Preprocessing
from ..preprocessing._cut import cut_epochs
from ..preprocessing._picks import resolve_picks
from ..preprocessing._sessionwise import SessionwiseTransformer
from ._things_eeg2_events import PARTS
from ._things_eeg2_sessions import Sessions

_ROWS = 256  # epochs, or images, that are transformed at a time
# What differs between the presentations of one image.
_OF_TRIALS = ["repetition", "session", "sequence"]


def make_epochs(
    sessions: Sessions, preprocess: Preprocessing
) -> Iterator[tuple[str, mne.EpochsArray]]:
    """Preprocess the sessions of a subject, one after the other.

    Parameters
    ----------
    sessions : dict
        What :func:`open_sessions` returns.
    preprocess : Preprocessing
        The steps.

    Yields
    ------
    split : "train" | "test"
        Which split the epochs are of.
    epochs : mne.EpochsArray
        With ``preprocess.average`` the averages of a split over all sessions; without
        it the single trials of one session.

    Raises
    ------
    ValueError
        If channels shall be z-scored over the sessions of a subject.
    """
    if preprocess.zscore == "subject" and len(sessions) > 1:
        raise ValueError(
            "preprocess: zscore='subject' needs all sessions at once, but they are "
            "read one by one. Use zscore='session', or zscore=None and fit "
            "ChannelZScorer(by='subject') on the epochs."
        )
    means = {split: _Means(sessions, split) for split in PARTS}
    for number, (label, recordings) in enumerate(sessions.items(), start=1):
        logger.info("Session %s (%d of %d)", label, number, len(sessions))
        session = _Session.cut(recordings, preprocess)
        for split in PARTS:
            if preprocess.average:
                means[split].add(session, split)
            else:
                yield split, session.single_trials(split)
    if preprocess.average:
        for split in PARTS:
            yield split, means.pop(split).epochs()


@dataclass
class _Session:
    """The single trials of a session, and what was learnt from those for training."""

    data: dict[str, np.ndarray]
    trials: dict[str, pd.DataFrame]
    frame: mne.BaseEpochs
    picks: list[int]
    normalizer: SessionwiseTransformer | None

    @classmethod
    def cut(
        cls,
        recordings: dict[str, tuple[mne.io.BaseRaw, pd.DataFrame]],
        preprocess: Preprocessing,
    ) -> _Session:
        data, trials = {}, {}
        for split, (raw, shown) in recordings.items():
            onsets = shown["sample"].to_numpy() + raw.first_samp
            data[split], kept, frame = cut_epochs(raw, onsets, preprocess)
            shown = shown.assign(onset=shown.pop("sample") / raw.info["sfreq"])
            trials[split] = shown[kept].reset_index(drop=True)
        ch_names = list(frame.ch_names)
        frame.pick(resolve_picks(frame.info, preprocess.picks))
        picks = [ch_names.index(name) for name in frame.ch_names]
        normalizer = preprocess.normalizer()
        if normalizer is not None:
            normalizer.fit(data["train"], trials["train"]["image"])
        return cls(data, trials, frame, picks, normalizer)

    def normalized(self, data: np.ndarray) -> np.ndarray:
        if self.normalizer is not None:
            data = self.normalizer.transform(data)
        return data[:, self.picks]

    def single_trials(self, split: str) -> mne.EpochsArray:
        data = self.data.pop(split)
        out = np.empty((len(data), len(self.picks), data.shape[-1]), np.float32)
        for start in range(0, len(data), _ROWS):
            rows = slice(start, start + _ROWS)
            out[rows] = self.normalized(data[rows])
        del data
        return _epochs(out, self.trials[split], self.frame)


class _Means:
    """The average over all presentations of each image, session by session."""

    def __init__(self, sessions: Sessions, split: str) -> None:
        trials = pd.concat([of[split][1] for of in sessions.values()])
        self.images = (
            trials.sort_values("condition", kind="stable")
            .drop_duplicates("condition")
            .drop(columns=[*_OF_TRIALS, "sample"])
            .reset_index(drop=True)
        )
        self.row = pd.Series(self.images.index, index=self.images["condition"])
        self.counts = np.zeros(len(self.images), int)
        self.sums = np.empty(0)

    def add(self, session: _Session, split: str) -> None:
        data, self.frame = session.data.pop(split), session.frame
        if not self.sums.size:
            shape = (len(self.images), len(session.picks), data.shape[-1])
            self.sums = np.zeros(shape)
        rows = self.row[session.trials[split]["condition"]].to_numpy()
        order = np.argsort(rows, kind="stable")
        images, first, counts = np.unique(
            rows[order], return_index=True, return_counts=True
        )
        for start in range(0, len(images), _ROWS):
            some = slice(start, start + _ROWS)
            begin, end = first[some][0], first[some][-1] + counts[some][-1]
            trials = data[order[begin:end]]
            means = np.add.reduceat(trials, first[some] - begin, axis=0)
            means /= counts[some, None, None]
            weighted = session.normalized(means) * counts[some, None, None]
            self.sums[images[some]] += weighted
        self.counts[images] += counts

    def epochs(self) -> mne.EpochsArray:
        shown = self.counts > 0
        data = self.sums if shown.all() else self.sums[shown]
        data /= self.counts[shown, None, None]
        for start in range(0, len(data), _ROWS):  # as precise as what is kept on disk
            data[start : start + _ROWS] = data[start : start + _ROWS].astype(np.float32)
        images = self.images[shown].assign(n_repetitions=self.counts[shown])
        return _epochs(data, images.reset_index(drop=True), self.frame)


def _epochs(
    data: np.ndarray, metadata: pd.DataFrame, frame: mne.BaseEpochs
) -> mne.EpochsArray:
    events = np.ones((len(data), 3), int)
    events[:, 0], events[:, 1] = np.arange(len(data)), 0
    epochs = mne.EpochsArray(
        data,
        frame.info,
        events,
        frame.tmin,
        {"image": 1},
        metadata=metadata,
        proj=False,
        verbose="error",
    )
    # Set, not applied again: the interval may have been cropped away by now.
    epochs.baseline = frame.baseline
    return epochs
