"""What a decoder loses without one channel for a while."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger, use_log_level
from tqdm.auto import tqdm

from ._sensors import SensorView, check_scoring
from ._windows import make_windows

if TYPE_CHECKING:
    import mne

    from ..decoder import ShallowAlignDecoder
    from ..preprocessing import MVNNWhitener


def occlusion(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any = None,
    *,
    window: float | None = 0.1,
    step: float | None = None,
    scoring: str = "similarity",
    whitener: MVNNWhitener | None = None,
    verbose: bool | str | int | None = None,
) -> mne.EvokedArray:
    """Measure the drop in score when a channel is replaced by its mean for a while.

    The mean is that of each sample over the epochs, so that what differs from picture
    to picture is taken away, and nothing else.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    epochs : Epochs
        The signals **at the sensors**, of the test set, with the times that the decoder
        was fitted on.
    images : sequence of path | list of PIL.Image | array | None
        The image of every epoch; the candidates are the unique ones. None:
        ``epochs.metadata["image"]``.
    window : float | None
        Length of the windows in seconds. None: each time sample. Default 0.1.
    step : float | None
        From the start of one window to that of the next, in seconds. None: the windows
        do not overlap.
    scoring : ``"similarity"`` | ``"top1"`` | ``"top5"`` | ``"mrr"`` | ``"mean_rank"``
        What drops: the mean cosine similarity to the right picture (default), or a
        measure of retrieval as in :func:`layer_by_time`.
    whitener : MVNNWhitener | None
        What the decoder's signal goes through first, as in :func:`saliency`. Channels
        are replaced before it.
    verbose : bool | str | int | None
        MNE's logging level; a progress bar appears on long runs.

    Returns
    -------
    evoked : mne.EvokedArray
        The score of the whole signal minus that without the channel in the window: a
        value of a window stands at all its samples, and where windows overlap their
        mean. It has the unit of the score. Samples at the end that no window reaches
        are 0.

    Raises
    ------
    TypeError
        If ``epochs`` is not Epochs, or ``whitener`` no MVNNWhitener.
    ValueError
        If channels, times or images do not fit the decoder, no window fits in, there
        is one epoch only, or ``scoring`` is unknown.

    See Also
    --------
    saliency : The gradient, in one pass.
    channel_ablation : The same for groups of channels, at all times.

    Notes
    -----
    It takes as many passes of the decoder as there are channels times windows. What
    two channels have in common is not missed when one of them is replaced.
    """
    check_scoring(scoring)
    view = SensorView(decoder, epochs, images, whitener)
    windows = make_windows(epochs, window, step)
    to_mean = view.mean() - view.signal
    entered = view.enter(view.signal)
    whole = view.score(entered, scoring)
    drops, counts = np.zeros((2, *view.signal.shape[1:]))
    with use_log_level(verbose):
        for channel, times in _progress(view.signal.shape[1], windows):
            reached, change = view.spread(channel, to_mean[:, channel, times])
            kept = entered[:, reached, times].copy()
            entered[:, reached, times] += change
            drops[channel, times] += whole - view.score(entered, scoring)
            counts[channel, times] += 1
            entered[:, reached, times] = kept
    drops /= np.maximum(counts, 1)
    return view.as_evoked(drops, f"occlusion ({scoring})")


def _progress(n_channels: int, windows: list[slice]) -> Iterator[tuple[int, slice]]:
    silent = not logger.isEnabledFor(logging.INFO)
    n = n_channels * len(windows)
    pairs = product(range(n_channels), windows)
    return iter(tqdm(pairs, "Occlusion", n, delay=2, unit="part", disable=silent))
