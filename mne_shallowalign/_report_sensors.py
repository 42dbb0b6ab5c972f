"""Where and when the signal adds to the similarity, and what sensors see of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from ._report_figures import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .decoder import ShallowAlignDecoder
    from .preprocessing import MVNNWhitener

_MAX_NAMES = 25  # of more channels than that, names are not legible
_UNIT = "similarity"
_SYSTEMS = (("mag", "grad"), ("eeg",), ("csd",))  # one map each
_SEEN_BY = ("mag", "eeg", "csd")  # MNE draws pairs of gradiometers only
_N_MAPS = 5


def saliency_drawings(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any,
    whitener: MVNNWhitener | None = None,
) -> Iterator[Drawing]:
    """List the figures of where and when the signal adds to the similarity.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.
    epochs : Epochs
        The queries.
    images : sequence
        The image of every epoch.
    whitener : MVNNWhitener | None
        What the queries go through on their way to the decoder.

    Yields
    ------
    drawing : Drawing
        Gradient times input, see :func:`mne_shallowalign.inspection.saliency`: channels
        by time, and topographies where it is known where the sensors are.
    """
    from .inspection import saliency

    added = saliency(decoder, epochs, images, whitener=whitener)
    channel, time = np.unravel_index(np.argmax(added.data), added.data.shape)
    place = added.ch_names[channel]
    yield Drawing(
        "Saliency",
        "What each channel adds at each moment to the similarity between a recording "
        "and its picture (gradient times input, mean over test trials; time from "
        "picture onset). It tells what the decoder uses, not where activity is.",
        f"Heat map of channels by time; the largest value is at {place}, "
        f"{added.times[time]:.2f} s after picture onset.",
        partial(_draw_channels, added),
    )
    maps = [total for kinds in _SYSTEMS if (total := sum_by_place(added, kinds))]
    if maps:
        yield Drawing(
            "Saliency, topographies",
            "The same on the head, nose up, averaged over parts of the epoch. "
            "Sensors of one place, as the three of a Neuromag element, are summed.",
            f"Heads at successive latencies; the channel with the largest value is "
            f"{place}.",
            partial(_draw_heads, maps),
        )


def pattern_drawings(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any,
    whitener: MVNNWhitener | None = None,
) -> Iterator[Drawing]:
    """List the figure of how the sensors see what the decoder picks up.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        A fitted decoder.
    epochs : Epochs
        The queries.
    images : sequence
        The image of every epoch.
    whitener : MVNNWhitener | None
        What the queries go through on their way to the decoder.

    Yields
    ------
    drawing : Drawing
        The first of :func:`mne_shallowalign.inspection.patterns`, if the decoder has
        patterns, and where it is known where the sensors are.
    """
    from .inspection import patterns
    from .inspection._patterns import first_map

    if first_map(decoder) is None:
        return
    found = patterns(decoder, epochs, images, whitener=whitener)
    seen = mne.EvokedArray(found.patterns.T, found.info, epochs.tmin, verbose="error")
    kinds = [kind for kind in _SEEN_BY if sum_by_place(seen, (kind,))]
    if kinds:
        yield Drawing(
            "Patterns, topographies",
            "How the sensors see the activity that the decoder picks up (Haufe pattern "
            "of the component that goes best with the pictures, per standard deviation "
            "of it), at the strongest moment of each part of the epoch.",
            "Heads at successive latencies.",
            partial(_draw_patterns, seen, kinds),
        )


def sum_by_place(added: mne.Evoked, kinds: tuple[str, ...]) -> mne.Evoked | None:
    """Sum over the sensors of each place, whose contributions have no unit.

    MNE merges two gradiometers into the root of their mean square, which has no sign.

    Parameters
    ----------
    added : Evoked
        What each channel adds to the similarity.
    kinds : tuple of str
        The types of channels to take.

    Returns
    -------
    total : Evoked | None
        A channel a place, all of the first type. None if there are fewer than two
        places, or one is unknown.
    """
    types = np.array(added.get_channel_types())
    picks = np.flatnonzero(np.isin(types, kinds))
    places = np.array([added.info["chs"][pick]["loc"][:3] for pick in picks])
    if not np.isfinite(places).all():
        return None
    unique, first, index = np.unique(
        places.reshape(-1, 3).round(4), axis=0, return_index=True, return_inverse=True
    )
    if len(unique) < 2:
        return None
    data = np.zeros((len(unique), len(added.times)))
    np.add.at(data, index.ravel(), added.data[picks])
    info = mne.pick_info(added.info, picks[first], verbose="error")
    names = dict.fromkeys(info["ch_names"], kinds[0])
    info.set_channel_types(names, on_unit_change="ignore", verbose="error")
    return mne.EvokedArray(data, info, added.tmin, verbose="error")


def _draw_channels(added: mne.Evoked) -> Figure:
    kinds = added.get_channel_types(unique=True)
    figure = added.plot_image(
        units=dict.fromkeys(kinds, _UNIT),
        scalings=dict.fromkeys(kinds, 1),
        show_names="all" if len(added.ch_names) <= _MAX_NAMES else False,
        show=False,
    )
    for ax in figure.axes:
        if ax.get_title() == _UNIT:  # above a colour bar, over the number of trials
            ax.set(title="", ylabel=_UNIT)
    return figure


def _parts(times: np.ndarray) -> list[np.ndarray]:
    return np.array_split(np.arange(len(times)), min(_N_MAPS, len(times)))


def _make_axes(n_maps: int, n_parts: int) -> tuple[Figure, np.ndarray]:
    """Make a row of heads and a colour bar for each map."""
    import matplotlib.pyplot as plt

    return plt.subplots(
        n_maps,
        n_parts + 1,
        figsize=(1.6 * n_parts + 0.8, 2 * n_maps),
        width_ratios=[1] * n_parts + [0.07],
        squeeze=False,
        layout="constrained",
    )


def _draw_patterns(seen: mne.Evoked, kinds: list[str]) -> Figure:
    parts = _parts(seen.times)
    strength = seen.copy().pick(kinds[0]).data.std(axis=0)
    peaks = [part[strength[part].argmax()] for part in parts]
    figure, axes = _make_axes(len(kinds), len(parts))
    for row, kind in zip(axes, kinds, strict=True):
        seen.plot_topomap(
            seen.times[peaks],
            ch_type=kind,
            axes=row,
            time_format="%0.2f s",
            extrapolate="local",
            show=False,
        )
    return figure


def _draw_heads(maps: list[mne.Evoked]) -> Figure:
    times = maps[0].times
    parts = _parts(times)
    figure, axes = _make_axes(len(maps), len(parts))
    for row, total in zip(axes, maps, strict=True):
        data = np.stack([total.data[:, part].mean(axis=1) for part in parts], axis=1)
        means = mne.EvokedArray(data, total.info, verbose="error")
        means.plot_topomap(
            means.times,
            axes=row,
            units="",
            scalings=1,
            cbar_fmt="%.2g",
            extrapolate="local",  # a cap may leave half of the head bare
            show=False,
        )
        for ax, part in zip(row[:-1], parts, strict=True):
            first, last = times[part[[0, -1]]]
            ax.set_title(f"{first:.2f} to {last:.2f} s", fontsize="medium")
        row[-1].set(title="", ylabel=_UNIT)
    return figure
