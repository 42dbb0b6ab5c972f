"""Covariances of single trials, shrunk one by one: many at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np

CHUNK_BYTES = 32 * 2**20


def ledoit_wolf_stack(data: np.ndarray) -> np.ndarray:
    r"""Estimate one shrunk covariance per member of a stack.

    Every feature is standardised over the samples, the correlations are shrunk towards
    a multiple of the identity with the intensity of Ledoit and Wolf (2004), and the
    scale is put back, as MVNN is commonly computed. Equal to
    :func:`sklearn.covariance.ledoit_wolf` on standardised data; but a feature that
    does not change has no variance, instead of one in units of the data.

    Parameters
    ----------
    data : array, shape (n, n_features, n_samples)
        The stack.

    Returns
    -------
    covariances : array, shape (n, n_features, n_features)
        The covariances.
    """
    n_features, n_samples = data.shape[1:]
    data = np.asarray(data, dtype=np.float64)
    mean = data.mean(axis=-1, keepdims=True)
    data = data - mean
    scale = _scale(data, mean[..., 0])
    data /= np.where(scale > 0, scale, 1)[..., None]
    covariances = data @ data.swapaxes(-1, -2) / n_samples

    # beta: variance of the entries of the covariance, delta: their distance from the
    # target, each divided by n_features
    mu = np.trace(covariances, axis1=-2, axis2=-1) / n_features
    squares = np.einsum("nij,nij->n", covariances, covariances)
    fourth = (np.einsum("nct,nct->nt", data, data) ** 2).sum(axis=-1)
    beta = (fourth / n_samples - squares) / (n_features * n_samples)
    delta = squares / n_features - mu**2
    beta = np.minimum(beta, delta)
    intensity = np.divide(beta, delta, out=np.zeros_like(beta), where=beta > 0)

    covariances *= (1 - intensity)[:, None, None]
    diagonal = np.arange(n_features)
    covariances[:, diagonal, diagonal] += (intensity * mu)[:, None]
    return covariances * scale[:, :, None] * scale[:, None, :]


def _scale(centred: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Compute standard deviations, with 0 for what is constant up to rounding."""
    n_samples, eps = centred.shape[-1], np.finfo(np.float64).eps
    variance = (centred**2).mean(axis=-1)
    constant = variance <= n_samples * eps * variance + (n_samples * mean * eps) ** 2
    return np.where(constant, 0.0, np.sqrt(variance))


def noise_covariance(
    data: np.ndarray, conditions: np.ndarray | None, method: str
) -> np.ndarray:
    """Average the covariances of single trials over conditions.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        Single trials.
    conditions : array, shape (n_epochs,) | None
        What each trial showed; None: every trial is a condition of its own.
    method : "epochs" | "time"
        ``"epochs"``: one covariance per trial, over its times. ``"time"``: one per
        condition and time, over repetitions.

    Returns
    -------
    covariance : array, shape (n_channels, n_channels)
        The mean over trials or times, then over conditions.

    Raises
    ------
    ValueError
        If ``method="time"`` and a condition has a single trial.
    """
    if conditions is None:
        conditions = np.arange(len(data))
    _, group, counts = np.unique(conditions, return_inverse=True, return_counts=True)
    if method == "epochs":
        weights = 1 / (counts[group] * len(counts))
        parts = [
            np.tensordot(weights[rows], ledoit_wolf_stack(data[rows]), axes=1)
            for rows in chunks(data)
        ]
        return np.sum(parts, axis=0)
    if counts.min() < 2:
        raise ValueError(
            "method='time' needs two or more single trials of every image in each "
            f"session; {np.sum(counts < 2)} of {len(counts)} have one. Use "
            "method='epochs', or do not average before whitening."
        )
    order = np.argsort(group, kind="stable")
    trials = np.split(order, np.cumsum(counts)[:-1])
    # (n_trials, n_channels, n_times) -> (n_times, n_channels, n_trials)
    covariances = (
        ledoit_wolf_stack(data[rows].transpose(2, 1, 0)).mean(0) for rows in trials
    )
    return reduce(np.add, covariances) / len(counts)


def chunks(data: np.ndarray) -> Iterator[slice]:
    """Split epochs so that a float64 copy of a part stays below CHUNK_BYTES.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        The epochs.

    Yields
    ------
    rows : slice
        The epochs of one part.
    """
    step = max(1, CHUNK_BYTES // (8 * int(np.prod(data.shape[1:]))))
    for start in range(0, len(data), step):
        yield slice(start, start + step)
