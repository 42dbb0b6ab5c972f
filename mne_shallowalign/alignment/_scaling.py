"""Scales that are learnt in fit: M/EEG comes in volts and teslas, nets want ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler

CHUNK_BYTES = 8 * 2**20


class Standardizer:
    """Zero mean and unit variance for every channel or feature.

    Fitted and applied in chunks, so that no second copy of the data is made. Because
    each channel has its own scale, sensors of different types and units (V, T, T/m)
    can be used together, and Epochs and arrays give the same result.

    Parameters
    ----------
    mean : array, shape (n_channels,)
        Mean over epochs and times.
    scale : array, shape (n_channels,)
        Standard deviation over epochs and times; 1 where it is 0.
    """

    def __init__(self, mean: np.ndarray, scale: np.ndarray) -> None:
        self.mean = mean
        self.scale = scale

    @classmethod
    def fit(cls, data: np.ndarray) -> Standardizer:
        """Learn the scales.

        Parameters
        ----------
        data : array, shape (n, n_channels) or (n, n_channels, n_times)
            Training data.

        Returns
        -------
        standardizer : Standardizer
            The fitted object.
        """
        scaler = StandardScaler()
        for rows in _chunks(data):
            scaler.partial_fit(_channels_last(data[rows]))
        return cls(scaler.mean_, scaler.scale_)

    def flat(self, data: np.ndarray) -> np.ndarray:
        """Find the channels that never change.

        Parameters
        ----------
        data : array, shape (n, n_channels, n_times)
            The data that the scales were learnt from.

        Returns
        -------
        flat : array of int
            Their indices.
        """
        ptp = data.max(axis=(0, 2)) - data.min(axis=(0, 2))
        rounding = np.finfo(data.dtype).eps * np.abs(self.mean)
        return np.flatnonzero(ptp <= rounding)

    def to_device(
        self, data: np.ndarray, device: str | torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        """Scale data into one new tensor on the device.

        Parameters
        ----------
        data : array, shape (n, n_channels) or (n, n_channels, n_times)
            Data in the units of the training data.
        device : str | torch.device
            Where to.
        dtype : torch.dtype
            As what.

        Returns
        -------
        scaled : torch.Tensor, shape of data
            The scaled data.
        """
        scaled = torch.empty(data.shape, dtype=dtype, device=device)
        shape = (-1,) + (1,) * (data.ndim - 2)
        mean, scale = self.mean.reshape(shape), self.scale.reshape(shape)
        for rows in _chunks(data):
            chunk = ((data[rows] - mean) / scale).astype(np.float32)
            scaled[rows] = torch.from_numpy(chunk).to(device, dtype)
        return scaled


def _channels_last(data: np.ndarray) -> np.ndarray:
    return np.moveaxis(data, 1, -1).reshape(-1, data.shape[1])


def _chunks(data: np.ndarray) -> Iterator[slice]:
    # float64 temporaries of a chunk stay below CHUNK_BYTES each
    step = max(1, CHUNK_BYTES // (8 * int(np.prod(data.shape[1:]))))
    for start in range(0, len(data), step):
        yield slice(start, start + step)
