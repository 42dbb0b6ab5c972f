"""The preprocessing of a paper, as one object whose steps can be overridden."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mne

from .._registry import suggest
from .._scalars import check_flags, check_number
from ._average import average_repetitions
from ._picks import resolve_picks
from ._sessionwise import SessionwiseTransformer
from ._whiten import METHODS, MVNNWhitener
from ._zscore import ChannelZScorer

_ZSCORE = {"session": ("subject", "session"), "subject": "subject"}


@dataclass(frozen=True, kw_only=True, repr=False)
class Preprocessing:
    """The steps from continuous M/EEG to the epochs that a decoder is given.

    They are taken in the order of the parameters.

    Parameters
    ----------
    l_freq, h_freq : float | None
        The band in Hz that the continuous signal is filtered to, see
        :meth:`mne.io.Raw.filter`.
    tmin, tmax : float
        The start and the end of the epochs in seconds from the onset of the picture.
    baseline : tuple of (float | None, float | None) | None
        The interval whose mean is subtracted, see :class:`mne.Epochs`.
    sfreq : float | None
        The sampling frequency in Hz that the epochs are resampled to, see
        :meth:`mne.Epochs.resample`.
    window : tuple of (float, float) | None
        The interval that is kept, in seconds; its end is left out, so that
        ``(0, 1)`` at 250 Hz are 250 samples.
    whiten : "epochs" | "time" | None
        The method of :class:`MVNNWhitener`, which is fitted on single training trials
        of each session.
    zscore : "session" | "subject" | None
        Whether :class:`ChannelZScorer` standardises the channels, and over which
        training trials it learns how.
    average : bool
        Whether the repetitions of each image are averaged for each subject, see
        :func:`average_repetitions`.
    picks : str | sequence of str
        The channels that are kept in the end: what :meth:`mne.Epochs.pick`
        understands, or ``"occipito-parietal"``, see :func:`pick_occipito_parietal`.

    Raises
    ------
    TypeError
        If a step is of another type.
    ValueError
        If a number or an interval is out of range, ``whiten`` or ``zscore`` has an
        unknown value, or both are given.

    See Also
    --------
    paper : The preprocessing of the paper.
    """

    l_freq: float | None = None
    h_freq: float | None = None
    tmin: float = -0.2
    tmax: float = 1.0
    baseline: tuple[float | None, float | None] | None = (None, 0)
    sfreq: float | None = None
    window: tuple[float, float] | None = None
    whiten: str | None = None
    zscore: str | None = None
    average: bool = True
    picks: str | Sequence[str] = "data"

    def __post_init__(self) -> None:
        self._check_numbers()
        for name, values in (("whiten", METHODS), ("zscore", tuple(_ZSCORE))):
            if getattr(self, name) not in (None, *values):
                raise ValueError(
                    f"{name}={getattr(self, name)!r} must be one of {values} or None."
                )
        if self.whiten and self.zscore:
            raise ValueError(
                f"whiten={self.whiten!r} and zscore={self.zscore!r} exclude each "
                "other: set one of them to None."
            )

    def _check_numbers(self) -> None:
        for name in ("l_freq", "h_freq", "sfreq"):
            value = getattr(self, name)
            if value is not None:
                check_number(value, name, min_val=0, include_boundaries="neither")
        check_number(self.tmin, "tmin")
        check_number(self.tmax, "tmax", min_val=self.tmin, include_boundaries="neither")
        _check_interval("baseline", self.baseline, has_open_ends=True)
        _check_interval("window", self.window, has_open_ends=False)
        check_flags(average=self.average)

    def replace(self, **steps: Any) -> Preprocessing:
        """Override steps.

        Parameters
        ----------
        **steps : object
            Parameters of this class, such as ``whiten=None, sfreq=100``.

        Returns
        -------
        preprocessing : Preprocessing
            A new object; this one stays as it is.

        Raises
        ------
        ValueError
            If there is no such step, or a value is not understood.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in steps:
            if name not in known:
                raise ValueError(
                    f"Preprocessing has no step {name!r}. {suggest(name, known)}"
                )
        return dataclasses.replace(self, **steps)

    @property
    def epoching(self) -> dict[str, Any]:
        """The steps that the loaders take, as keyword arguments of ``load_bids``."""
        names = ("l_freq", "h_freq", "tmin", "tmax", "baseline", "sfreq")
        return {name: getattr(self, name) for name in names}

    def in_time(self, epochs: mne.BaseEpochs) -> mne.BaseEpochs:
        """Take the steps along time: baseline, resampling and window.

        Parameters
        ----------
        epochs : mne.Epochs
            Epochs from ``tmin`` to ``tmax``. Steps that were taken before do nothing.

        Returns
        -------
        epochs : mne.Epochs
            New epochs.
        """
        epochs = epochs.copy().load_data()
        if self.baseline is not None and epochs.baseline is None:
            epochs.apply_baseline(self.baseline)
        if self.sfreq is not None:
            epochs.resample(self.sfreq)
        if self.window is not None:
            start, stop = self.window
            # Resampling may end the epochs one sample before tmax.
            whole = 0 < stop - epochs.times[-1] < 1.5 / epochs.info["sfreq"]
            epochs.crop(start, None if whole else stop, include_tmax=whole)
        return epochs

    def normalizer(self) -> SessionwiseTransformer | None:
        """Build the step that is fitted.

        Returns
        -------
        transformer : MVNNWhitener | ChannelZScorer | None
            Not fitted yet; None where no step is.
        """
        if self.whiten is not None:
            return MVNNWhitener(self.whiten)
        if self.zscore is not None:
            return ChannelZScorer(by=_ZSCORE[self.zscore])
        return None

    def apply(
        self, train: mne.BaseEpochs, test: mne.BaseEpochs | None = None
    ) -> tuple[mne.BaseEpochs, mne.BaseEpochs | None]:
        """Take all steps after epoching: what is learnt is learnt from ``train``.

        Parameters
        ----------
        train : mne.Epochs
            Single training trials, with metadata, see
            :func:`mne_shallowalign.datasets.load_bids`.
        test : mne.Epochs | None
            Single test trials of the same sessions.

        Returns
        -------
        train, test : mne.Epochs
            The preprocessed epochs; ``test`` is None if none was given.

        Raises
        ------
        ValueError
            If the metadata lacks columns, or if ``test`` has sessions or channels that
            ``train`` has not.
        """
        parts = [self.in_time(part) for part in (train, test) if part is not None]
        normalizer = self.normalizer()
        if normalizer is not None:
            normalizer.fit(parts[0])
            parts = [normalizer.transform(part) for part in parts]
        if self.average:
            parts = [average_repetitions(p, by=["subject", "image"]) for p in parts]
        picks = resolve_picks(parts[0].info, self.picks)
        parts = [part.pick(picks) for part in parts]
        return parts[0], parts[1] if test is not None else None

    def __repr__(self) -> str:
        steps = [
            f"filtered to {self.l_freq} – {self.h_freq} Hz"
            * bool(self.l_freq or self.h_freq),
            f"epochs from {self.tmin:g} to {self.tmax:g} s",
            f"baseline {self.baseline}" * (self.baseline is not None),
            f"resampled to {self.sfreq or 0:g} Hz" * bool(self.sfreq),
            f"cropped to {self.window}" * (self.window is not None),
            f"whitened per session (MVNN, {self.whiten!r})" * bool(self.whiten),
            f"channels z-scored per {self.zscore}" * bool(self.zscore),
            "repetitions averaged" * self.average,
            f"channels: {self.picks}",
        ]
        taken = [step for step in steps if step]
        listed = "\n".join(f"  {i}. {step}" for i, step in enumerate(taken, start=1))
        return f"<Preprocessing\n{listed}\n>"


def _check_interval(name: str, interval: Any, has_open_ends: bool) -> None:
    if interval is None:
        return
    if not isinstance(interval, tuple | list) or len(interval) != 2:
        raise TypeError(
            f"{name} must be a pair of times in seconds or None, got {interval!r}."
        )
    ends = [end for end in interval if end is not None or not has_open_ends]
    for end in ends:
        check_number(end, name)
    if ends != sorted(ends):
        raise ValueError(f"{name} must end after it starts, got {interval!r}.")


_PAPERS = {
    "things-eeg2": Preprocessing(
        sfreq=250.0, window=(0.0, 1.0), whiten="epochs", picks="occipito-parietal"
    ),
    "things-meg": Preprocessing(
        l_freq=0.1,
        h_freq=100.0,
        sfreq=200.0,
        window=(0.0, 1.0),
        zscore="subject",
        picks="occipito-parietal",
    ),
}


def paper(dataset: str = "things-eeg2") -> Preprocessing:
    """Preprocess a dataset as the paper does.

    Parameters
    ----------
    dataset : "things-eeg2" | "things-meg"
        The dataset.

    Returns
    -------
    preprocessing : Preprocessing
        The steps of appendix A.1 of :footcite:t:`Du2026`; where it is silent, those of
        the code that it says to follow.

    Raises
    ------
    ValueError
        If the paper does not use that dataset.

    Notes
    -----
    The text of the paper, the code it follows and the recordings differ in places:

    - Whitening (MVNN) of THINGS-EEG2 is in that code, fitted on training trials only,
      but not in the paper's text. ``replace(whiten=None)`` takes the text at its word.
    - THINGS-EEG2 was filtered during the recording, to 0.01-100 Hz by its files, to
      0.1-100 Hz by the paper; neither filters again.
    - THINGS-MEG is sampled at 1200 Hz, not at 1000. The code it follows starts from the
      published epochs, which were filtered to 0.1-40 Hz and have a baseline of 100 ms,
      and keeps all 271 sensors: ``replace(picks="data")``. The steps given here, which
      are those of the text, need the raw recordings.
    - MNE's ``baseline=(None, 0)`` includes the sample of the onset.

    References
    ----------
    .. footbibliography::
    """
    if dataset not in _PAPERS:
        raise ValueError(
            f"dataset={dataset!r} is not in the paper. "
            f"{suggest(dataset, sorted(_PAPERS))}"
        )
    return _PAPERS[dataset]
