"""What a decoder loses without groups of channels, and what these give alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mne
import numpy as np

from ._sensors import SensorView, check_scoring

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..decoder import ShallowAlignDecoder
    from ..preprocessing import MVNNWhitener

# The letters that names of the 10-05 system begin with, and those of CTF sensors.
_EEG_LOBES = {
    "frontal": ("FP", "AF", "F"),
    "central": ("FC", "C", "CP"),
    "temporal": ("FT", "T", "TP"),
    "parietal": ("P",),
    "occipital": ("PO", "O", "I"),
}
_EEG = re.compile(r"([A-Z]+)(Z|\d+)")
_CTF = re.compile(r"M[LRZ]([CFOPT])\d\d")
_CTF_LOBES = dict(F="frontal", C="central", T="temporal", P="parietal", O="occipital")
_NEUROMAG = {
    "frontal": ["Left-frontal", "Right-frontal"],
    "temporal": ["Left-temporal", "Right-temporal"],
    "parietal": ["Left-parietal", "Right-parietal"],
    "occipital": ["Left-occipital", "Right-occipital"],
}


def channel_ablation(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any = None,
    groups: str | Mapping[str, Sequence[str]] = "lobe",
    *,
    scoring: str = "top1",
    whitener: MVNNWhitener | None = None,
) -> DataFrame:
    """Score without each group of channels, and with it alone.

    Channels are taken away by replacing them with their mean over the epochs. The
    decoder is not fitted again: the question is what it uses, not what there is.

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
    groups : ``"lobe"`` | ``"type"`` | mapping of str to list of str
        ``"lobe"`` (default): by the names of the 10-05 system, of CTF or of Neuromag
        sensors, the latter without a central group, for those over the vertex belong
        to other lobes; ``"type"``: ``"eeg"``, ``"mag"``, ``"grad"`` …; or names of
        groups with the names of their channels, which may overlap.
    scoring : ``"similarity"`` | ``"top1"`` | ``"top5"`` | ``"mrr"`` | ``"mean_rank"``
        The score, as in :func:`occlusion`. Default ``"top1"``.
    whitener : MVNNWhitener | None
        What the decoder's signal goes through first, as in :func:`saliency`.

    Returns
    -------
    table : DataFrame
        A row per group: ``group``, ``n_channels``, ``without`` (score without it),
        ``drop`` (score of all channels minus that) and ``alone`` (score of the group
        alone). The first row, ``"all"``, has the score of all channels in ``alone``,
        and of none in ``without``.

    Raises
    ------
    TypeError
        If ``epochs`` is not Epochs, or ``whitener`` no MVNNWhitener.
    ValueError
        If channels, times or images do not fit the decoder, there is one epoch only,
        ``scoring`` is unknown, or a group has no channel or one that is not there.

    See Also
    --------
    occlusion : One channel for a while.
    """
    import pandas as pd

    check_scoring(scoring)
    view = SensorView(decoder, epochs, images, whitener)
    everything = np.arange(len(view.info["ch_names"]))
    members = {"all": everything, **_members(view.info, groups)}
    mean = view.mean()

    def score_without(channels: np.ndarray) -> float:
        signal = view.signal.copy()
        signal[:, channels] = mean[channels]
        return view.score(view.enter(signal), scoring)

    whole, rows = score_without(everything[:0]), []
    for name, channels in members.items():
        without = score_without(channels)
        rest = np.setdiff1d(everything, channels)
        row = (name, len(channels), without, whole - without, score_without(rest))
        rows.append(row)
    columns = ["group", "n_channels", "without", "drop", "alone"]
    return pd.DataFrame(rows, columns=columns)


def _members(
    info: mne.Info, groups: str | Mapping[str, Sequence[str]]
) -> dict[str, np.ndarray]:
    names = info["ch_names"]
    if isinstance(groups, Mapping):
        return {group: _find(names, group, chosen) for group, chosen in groups.items()}
    if groups == "type":
        labels = info.get_channel_types()
    elif groups == "lobe":
        labels = _lobes(info)
    else:
        raise ValueError(
            f"groups={groups!r} must be 'lobe', 'type', or a mapping from names of "
            "groups to names of channels."
        )
    array = np.array(labels)
    return {one: np.flatnonzero(array == one) for one in dict.fromkeys(labels)}


def _find(names: list[str], group: str, chosen: Sequence[str]) -> np.ndarray:
    missing = [name for name in chosen if name not in names]
    if missing or not len(chosen):
        raise ValueError(
            f"groups[{group!r}] names {', '.join(map(repr, missing)) or 'no channel'}; "
            f"the signal has {', '.join(names[:5])} … Leave out bad channels."
        )
    return np.array([names.index(name) for name in chosen])


def _lobes(info: mne.Info) -> list[str]:
    neuromag = _neuromag_lobes()
    lobes = [_lobe(name, neuromag) for name in info["ch_names"]]
    homeless = [n for n, lobe in zip(info["ch_names"], lobes, strict=True) if not lobe]
    if homeless:
        raise ValueError(
            "groups='lobe' goes by names of the 10-05 system, of CTF or of Neuromag "
            f"sensors, but the signal has {', '.join(homeless[:5])}. Pass a mapping "
            "from names of groups to names of channels."
        )
    return lobes


def _lobe(name: str, neuromag: dict[str, str]) -> str:
    if found := _CTF.match(name):
        return _CTF_LOBES[found[1]]
    if found := _EEG.fullmatch(name.upper()):
        lobes = (lobe for lobe, starts in _EEG_LOBES.items() if found[1] in starts)
        return next(lobes, "")
    return neuromag.get(name.replace(" ", ""), "")


def _neuromag_lobes() -> dict[str, str]:
    return {
        name.replace(" ", ""): lobe
        for lobe, selection in _NEUROMAG.items()
        for name in mne.read_vectorview_selection(selection, verbose="error")
    }
