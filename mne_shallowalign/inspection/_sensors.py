"""The way from signals at the sensors, through a whitener, to the shared space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mne
import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._checks import check_lengths, check_same_rate, metadata_column
from .._decoder_training import INFERENCE_BATCH
from .._search_jobs import measure
from .._search_results import MEASURES
from ..features._gallery import as_sequence
from ..preprocessing import MVNNWhitener
from ..preprocessing._signal import as_signal
from ._windows import check_epochs

if TYPE_CHECKING:
    from ..decoder import ShallowAlignDecoder

SCORES = ("similarity", *MEASURES)


class SensorView:
    """A fitted decoder, as a function of the signal at the sensors.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    epochs : Epochs
        Signals at the sensors, before the whitener if there is one.
    images : sequence of path | list of PIL.Image | array | None
        The image of every epoch. None: ``epochs.metadata["image"]``.
    whitener : MVNNWhitener | None
        What the signal goes through on its way to the decoder.

    Attributes
    ----------
    info : mne.Info
        The sensors: those of the whitener, or of the decoder without one.
    signal : array of float64, shape (n_epochs, n_channels, n_times)
        Their signal, in V, T or T/m.
    used : list of int, length n_used
        Which of them the decoder looks at, in its order.
    gallery : array, shape (n_images, n_components)
        The images in the shared space, of unit norm.
    index : array of int, shape (n_epochs,)
        Which of them each epoch shows.
    """

    def __init__(
        self,
        decoder: ShallowAlignDecoder,
        epochs: mne.BaseEpochs,
        images: Any,
        whitener: MVNNWhitener | None,
    ) -> None:
        check_is_fitted(decoder, "net_")
        check_epochs(epochs)
        self.decoder, self.tmin = decoder, epochs.times[0]
        seen = None if decoder.info_ is None else list(decoder.info_["ch_names"])
        signal, info = as_signal(epochs, _sensors(whitener, seen))
        assert info is not None  # Epochs have one
        self.info = info
        self.signal = np.array(signal, dtype=float)
        self.used = _positions(self.info["ch_names"], seen)
        if decoder.info_ is not None:
            check_same_rate(self.info, decoder.info_)
        self.matrices = [] if whitener is None else list(whitener._matrices(epochs))
        self._read_images(epochs, images)

    def _read_images(self, epochs: mne.BaseEpochs, images: Any) -> None:
        images = metadata_column(epochs, "image") if images is None else images
        if images is None:
            raise ValueError(
                "images is None, but epochs.metadata has no column 'image' either: "
                "pass the image of every epoch."
            )
        images = as_sequence(images)
        check_lengths(len(epochs), len(images))
        self.decoder._check_order(epochs, images)
        candidates = self.decoder._read_candidates(images)
        self.gallery = self.decoder._embed_features(candidates.features)
        self.index = candidates.index

    def mean(self) -> np.ndarray:
        """Average the signal, which channels are replaced with.

        Returns
        -------
        mean : array, shape (n_channels, n_times)
            The mean over epochs.

        Raises
        ------
        ValueError
            If there is one epoch only.
        """
        if len(self.signal) < 2:
            raise ValueError(
                "epochs holds one epoch, which is its own mean: no part of it would "
                "change. Give two or more."
            )
        return self.signal.mean(axis=0)

    def whiten(self, signal: np.ndarray) -> np.ndarray:
        """Whiten a signal at the sensors.

        Parameters
        ----------
        signal : array, shape (n_epochs, n_channels, n_times)
            The signal.

        Returns
        -------
        whitened : array, shape (n_epochs, n_channels, n_times)
            The same without a whitener. The map is symmetric: gradients go back as
            signals go forth.
        """
        if not self.matrices:
            return signal
        whitened = np.empty_like(signal)
        for rows, matrix in self.matrices:
            whitened[rows] = matrix @ signal[rows]
        return whitened

    def go_back(self, filters: np.ndarray) -> np.ndarray:
        """Take filters of the whitened signal back to the sensors.

        Parameters
        ----------
        filters : array, shape (n_channels, n)
            Filters of whitened channels.

        Returns
        -------
        filters : array, shape (n_channels, n)
            Of the sensors, the mean over epochs if there are several sessions.
        """
        if not self.matrices:
            return filters
        rows = np.arange(len(self.signal))
        weights = [len(rows[session]) / len(rows) for session, _ in self.matrices]
        mean = np.tensordot(weights, [m for _, m in self.matrices], axes=1)
        return mean @ filters

    def enter(self, signal: np.ndarray) -> np.ndarray:
        """Bring a signal at the sensors to what the decoder takes.

        Parameters
        ----------
        signal : array, shape (n_epochs, n_channels, n_times)
            The signal.

        Returns
        -------
        entered : array, shape (n_epochs, n_used, n_times)
            Whitened, the channels used only.
        """
        whitened = self.whiten(signal)[:, self.used]
        return self.decoder._read_signal(whitened, reset=False)

    def spread(self, channel: int, change: np.ndarray) -> tuple[slice, np.ndarray]:
        """Bring a change of one sensor's signal to what the decoder takes.

        Whitening is linear, so that no other sensor need be whitened again.

        Parameters
        ----------
        channel : int
            Which sensor.
        change : array, shape (n_epochs, n_times)
            What is added to its signal.

        Returns
        -------
        reached : slice
            Which channels of what :meth:`enter` returns change.
        spread : array, shape (n_epochs, n_reached, n_times)
            What is added to them.
        """
        if not self.matrices:  # the sensors are those of the decoder
            return slice(channel, channel + 1), change[:, np.newaxis]
        spread = np.empty((len(change), len(self.used), change.shape[1]))
        for rows, matrix in self.matrices:
            column = matrix[self.used, channel]
            spread[rows] = change[rows][:, np.newaxis] * column[:, np.newaxis]
        return slice(None), spread

    def score(self, entered: np.ndarray, scoring: str) -> float:
        """Score the retrieval of the images.

        Parameters
        ----------
        entered : array, shape (n_epochs, n_used, n_times)
            What :meth:`enter` makes of a signal at the sensors.
        scoring : str
            One of SCORES.

        Returns
        -------
        score : float
            Larger is better.
        """
        queries = self.decoder._embed_signal(entered)
        if scoring == "similarity":
            return float((queries * self.gallery[self.index]).sum(1).mean())
        return measure(queries @ self.gallery.T, self.index)[scoring]

    def gradients(self) -> np.ndarray:
        """Differentiate each epoch's similarity to its image.

        Returns
        -------
        gradients : array of float64, shape (n_epochs, n_channels, n_times)
            With respect to the signal at the sensors, per V, T or T/m.
        """
        entered = self.enter(self.signal)
        inner = np.zeros(self.signal.shape)
        for start in range(0, len(entered), INFERENCE_BATCH):
            rows = slice(start, start + INFERENCE_BATCH)
            targets = self.gallery[self.index[rows]]
            inner[rows, self.used] = _gradient(self.decoder, entered[rows], targets)
        return self.whiten(inner)

    def as_evoked(self, data: np.ndarray, comment: str) -> mne.EvokedArray:
        """Put a map of the sensors into an Evoked.

        Parameters
        ----------
        data : array, shape (n_channels, n_times)
            The map.
        comment : str
            What it is.

        Returns
        -------
        evoked : mne.EvokedArray
            With the sensors' names, types and places, and the times of the epochs.
        """
        n_epochs = len(self.signal)
        return mne.EvokedArray(
            data, self.info, self.tmin, comment, nave=n_epochs, verbose="error"
        )


def check_scoring(scoring: str) -> None:
    """Refuse a measure that there is not.

    Parameters
    ----------
    scoring : str
        What a user gave.

    Raises
    ------
    ValueError
        If it is none of SCORES.
    """
    if scoring not in SCORES:
        raise ValueError(f"scoring={scoring!r} must be one of {', '.join(SCORES)}.")


def _sensors(whitener: MVNNWhitener | None, seen: list[str] | None) -> list[str] | None:
    if whitener is None:
        return seen
    if not isinstance(whitener, MVNNWhitener):
        raise TypeError(
            "whitener must be a fitted MVNNWhitener, whose map can be undone, or None; "
            f"got {type(whitener).__name__}."
        )
    check_is_fitted(whitener)
    return whitener.ch_names_


def _positions(names: list[str], seen: list[str] | None) -> list[int]:
    missing = [name for name in seen or [] if name not in names]
    if missing:
        raise ValueError(
            f"whitener does not know {len(missing)} of the decoder's channels: "
            f"{', '.join(missing[:5])}. Pass the one that the training signal went "
            "through."
        )
    return [names.index(name) for name in seen or names]


def _gradient(
    decoder: ShallowAlignDecoder, signal: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Return the gradient for the unscaled signal, (n, n_used, n_times)."""
    import torch

    net, scaler = decoder.net_, decoder.signal_scaler_
    x = scaler.to_device(signal, decoder.device_, torch.float32).requires_grad_()
    tower = net.module_.eval()
    seen = torch.from_numpy(targets).to(x.device)
    (gradient,) = torch.autograd.grad((net.embed(tower, x) * seen).sum(), x)
    return gradient.cpu().numpy().astype(float) / scaler.scale[:, None]
