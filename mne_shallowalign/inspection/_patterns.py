"""The activity that a decoder picks up, as the sensors see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from mne.decoding import SpatialFilter
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from ._sensors import SensorView

if TYPE_CHECKING:
    import mne
    from torch import nn

    from ..decoder import ShallowAlignDecoder
    from ..preprocessing import MVNNWhitener


def patterns(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any = None,
    *,
    n_components: int = 1,
    whitener: MVNNWhitener | None = None,
) -> SpatialFilter:
    r"""Turn the first linear map of a decoder into patterns of activity.

    The weights :math:`W` that take the signal :math:`X`, channels and times, to
    :math:`S = W^\top X` are filters: they cancel noise as much as they pick up
    activity. What may be interpreted are the patterns of Haufe et al.
    :footcite:p:`Haufe2014` (eq. 6),

    .. math::

        A = \Sigma_X W \Sigma_S^{-1}.

    The first layer has hundreds of outputs, which training fixes up to rotations only.
    They are therefore rotated first, to the directions in which they covary with the
    images: the left singular vectors of the covariance of :math:`S` and the images in
    the shared space, of which the leading ones are kept.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder that begins with a linear map of the whole signal:
        ``encoder="eegproject"`` or ``solver="ridge"``.
    epochs : Epochs
        The signals **at the sensors**, with the times that the decoder was fitted on.
        Covariances are theirs: those of training, or of the test set.
    images : sequence of path | list of PIL.Image | array | None
        The image of every epoch. None: ``epochs.metadata["image"]``.
    n_components : int
        How many directions. Default 1.
    whitener : MVNNWhitener | None
        What the decoder's signal goes through first, as in :func:`saliency`. Patterns
        are of the sensors before it.

    Returns
    -------
    spatial_filter : mne.decoding.SpatialFilter
        Of one component, ``patterns`` and ``filters`` have the shape ``(n_times,
        n_channels)``, a topography for each latency; of several, ``(n_components,
        n_times, n_channels)``. ``plot_patterns(components=[0.1, 0.2],
        tmin=epochs.tmin)`` draws latencies in seconds, in µV, fT or fT/cm, which it
        calls AU unless it is told ``units=``. Patterns are in V, T or T/m per standard
        deviation of the component; the sign is such that the largest number, of
        sensors of all types, is positive. ``evals`` are the covariances with the
        images.

    Raises
    ------
    TypeError
        If ``epochs`` is not Epochs, or ``whitener`` no MVNNWhitener.
    ValueError
        If the decoder begins with no such map, or channels, times or images do not fit
        it.

    See Also
    --------
    mne.decoding.LinearModel : The like for linear models of scikit-learn, which takes
        the covariance of the target for that of the source.

    References
    ----------
    .. footbibliography::
    """
    check_is_fitted(decoder, "net_")
    check_scalar(n_components, "n_components", int, min_val=1)
    linear = first_map(decoder)
    if linear is None:
        raise ValueError(
            "patterns needs a decoder that begins with one linear map of the whole "
            "signal: encoder='eegproject' or solver='ridge', and n_members=1. This one "
            f"has {type(decoder.encoder_).__name__} and {len(decoder.seeds_)} "
            "member(s). For others, see saliency and occlusion."
        )
    view = SensorView(decoder, epochs, images, whitener)
    sources = _sources(decoder, linear, view)
    rotation, strength = _rotation(sources, view.gallery[view.index], n_components)
    sources = sources @ rotation
    rotation, sources = rotation / sources.std(axis=0), sources / sources.std(axis=0)
    flat = view.signal.reshape(len(sources), -1)
    found = _as_maps(haufe_patterns(flat, sources), view)
    weights = linear.weight.detach().cpu().numpy().astype(float)
    filters = _as_maps(_at_the_sensors(view, weights.T @ rotation), view)
    signs = np.sign(_largest(found))
    found, filters = found * signs, filters * signs
    if n_components == 1:
        found, filters = found[0], filters[0]
    return SpatialFilter(
        view.info, filters, patterns=found, evals=strength, patterns_method="haufe"
    )


def haufe_patterns(signal: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Compute cov(X, S) cov(S)^-1, which is cov(X) W cov(S)^-1 for S = X W.

    Parameters
    ----------
    signal : array, shape (n_trials, n_inputs)
        The signal X.
    sources : array, shape (n_trials, n_components)
        What filters make of it.

    Returns
    -------
    patterns : array, shape (n_inputs, n_components)
        In units of the signal per unit of the source.
    """
    centred = sources - sources.mean(axis=0)
    return np.linalg.lstsq(centred, signal - signal.mean(axis=0), rcond=None)[0].T


def first_map(decoder: ShallowAlignDecoder) -> nn.Linear | None:
    """Find the linear map that a decoder begins with.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.

    Returns
    -------
    linear : torch.nn.Linear | None
        The map of the whole signal; None if it begins with something else.
    """
    from ..alignment import FlatLinear
    from ..encoders import EEGProject

    encoder = decoder.encoder_
    if len(decoder.seeds_) == 1 and isinstance(encoder, FlatLinear):
        return encoder.linear
    if len(decoder.seeds_) == 1 and isinstance(encoder, EEGProject):
        return encoder.project
    return None


def _sources(
    decoder: ShallowAlignDecoder, linear: nn.Linear, view: SensorView
) -> np.ndarray:
    """Return what the first map makes of the signal, (n_epochs, n_outputs)."""
    import torch

    signal = view.enter(view.signal)
    with torch.no_grad():
        chunks = decoder._chunks(signal, decoder.signal_scaler_)
        outputs = torch.cat([linear(chunk.flatten(1)).cpu() for chunk in chunks])
    return outputs.numpy().astype(float)


def _rotation(
    sources: np.ndarray, images: np.ndarray, n_components: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the directions of the sources that covary most with the images."""
    centred = images - images.mean(axis=0)
    covariance = (sources - sources.mean(axis=0)).T @ centred / len(sources)
    left, strength, _ = np.linalg.svd(covariance, full_matrices=False)
    return left[:, :n_components], strength[:n_components]


def _at_the_sensors(view: SensorView, weights: np.ndarray) -> np.ndarray:
    """Take weights of the scaled, whitened signal back to that of the sensors."""
    n_channels, n_times = view.signal.shape[1:]
    scale = view.decoder.signal_scaler_.scale[:, None, None]
    filters = np.zeros((n_channels, n_times, weights.shape[1]))
    filters[view.used] = weights.reshape(len(view.used), n_times, -1) / scale
    return view.go_back(filters.reshape(n_channels, -1)).reshape(-1, weights.shape[1])


def _as_maps(values: np.ndarray, view: SensorView) -> np.ndarray:
    """Bring (n_channels * n_times, k) to (k, n_times, n_channels)."""
    return values.reshape(*view.signal.shape[1:], -1).T


def _largest(maps: np.ndarray) -> np.ndarray:
    """Return the value of each map that is farthest from zero, (k, 1, 1)."""
    flat = maps.reshape(len(maps), -1)
    return flat[np.arange(len(flat)), np.abs(flat).argmax(axis=1)][:, None, None]
