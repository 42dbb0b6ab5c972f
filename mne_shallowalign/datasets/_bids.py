"""BIDS recordings with pictures, read as Epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import mne
import numpy as np
from mne.utils import verbose

from ..preprocessing._picks import resolve_picks
from ._presentations import describe, presentations
from ._recordings import Labels, find_recordings, read_recording


@verbose
def load_bids(
    root: str | Path,
    subject: str,
    *,
    session: Labels | None = None,
    task: str | Sequence[str] | None = None,
    run: Labels | None = None,
    datatype: str | None = None,
    tmin: float = -0.2,
    tmax: float = 0.8,
    baseline: tuple[float | None, float | None] | None = (None, 0),
    picks: str | Sequence[str] = "data",
    l_freq: float | None = None,
    h_freq: float | None = None,
    sfreq: float | None = None,
    reject: dict[str, float] | None = None,
    stimuli: str | Path | Literal[False] | None = None,
    verbose: bool | str | int | None = None,
) -> mne.EpochsArray:
    """Read every presentation of a picture to one subject of a BIDS dataset.

    Parameters
    ----------
    root : str | Path
        The root of the dataset.
    subject : str
        The label of the subject, with or without ``sub-``.
    session, task, run : str | int | sequence | None
        The sessions, tasks and runs to read, by label or, as 1 for ``01``, by number.
        ``None``: all.
    datatype : "eeg" | "meg" | None
        ``None``: the one that the subject has.
    tmin, tmax : float
        The start and the end of the epochs in seconds from the onset of the picture.
    baseline : tuple of (float | None, float | None) | None
        The interval whose mean is subtracted, see :class:`mne.Epochs`.
    picks : str | sequence of str
        The channels, see :class:`mne.Epochs`, or ``"occipito-parietal"``, see
        :func:`~mne_shallowalign.preprocessing.pick_occipito_parietal`. Both this and
        the default leave out those that are marked as bad.
    l_freq, h_freq : float | None
        The band in Hz that the continuous signal is filtered to, see
        :meth:`mne.io.Raw.filter`.
    sfreq : float | None
        The sampling frequency in Hz that the epochs are resampled to.
    reject : dict | None
        Peak-to-peak amplitudes (V, T) above which epochs are dropped, see
        :class:`mne.Epochs`.
    stimuli : str | Path | False | None
        The folder of the pictures. ``None``: ``<root>/stimuli``. ``False``: the
        pictures are not looked for.
    %(verbose)s

    Returns
    -------
    epochs : mne.EpochsArray
        The trials of all runs in order. Its metadata has the columns

        - ``image``: the path of the picture, relative to the stimuli folder, with
          forward slashes. It may be a folder: a picture known only by its class.
        - ``concept``: the column ``concept``, ``object`` or ``category`` of the
          events, else the folder of the picture.
        - ``repetition``: counts the presentations of the image, from 1, rejected ones
          included.
        - ``subject``, ``session``, ``run``: BIDS labels, ``"n/a"`` where there is none.
        - ``split``: the column ``split`` of the events, else the task where it is
          ``train`` or ``test``, else ``"train"``.
        - ``onset``: when the picture appeared, in seconds from the start of the run.

        Other columns of the events follow.

    Raises
    ------
    FileNotFoundError
        If there is no such dataset, subject or recording, or if pictures are missing.
    ValueError
        If no event has a ``stim_file``, if one leaves the stimuli folder or names two
        different pictures, if an image has two concepts, or if two events with a
        ``stim_file`` are on one sample.

    Notes
    -----
    The events are those of ``events.tsv``; those without a ``stim_file`` (``n/a``) are
    not pictures, and are left out, as are runs that show none. Channels that some run
    lacks are dropped.

    The events of THINGS-MEG (ds004212), THINGS-EEG1 (ds003825) and NOD (ds005810,
    ds005811) have no ``stim_file``; they are known by their columns, and theirs is
    filled in, as is that of THINGS-EEG2 on NEMAR (nm000232) from its ``stimuli.tsv``.
    Sensor types that the ``channels.tsv`` of a CTF recording has lost are
    restored, with a warning.
    """
    root, subject = Path(root), str(subject).removeprefix("sub-")
    paths = find_recordings(root, subject, session, task, run, datatype)
    raws = [read_recording(path) for path in paths]
    trials = [presentations(raw, path) for raw, path in zip(raws, paths, strict=True)]
    trials = describe(trials, root, root / "stimuli" if stimuli is None else stimuli)
    shown = [pair for pair in zip(raws, trials, strict=True) if len(pair[1])]
    raws = [
        raw.pick(resolve_picks(raw.info, picks), exclude="bads") for raw, _ in shown
    ]
    raws = mne.channels.equalize_channels(raws)

    epochs = []
    for raw, (_, of_run) in zip(raws, shown, strict=True):
        if l_freq is not None or h_freq is not None:
            raw = raw.copy().load_data().filter(l_freq, h_freq)
        events = np.ones((len(of_run), 3), int)
        events[:, 0], events[:, 1] = of_run.pop("sample"), 0
        cut = mne.Epochs(
            raw,
            events,
            {"image": 1},
            tmin,
            tmax,
            baseline=baseline,
            reject=reject,
            metadata=of_run,
            preload=True,
        )
        cut.set_annotations(None)  # they have done their part, and cannot be joined
        if len(cut):
            epochs.append(cut if sfreq is None else cut.resample(sfreq))
    if not epochs:
        raise ValueError(
            f"No trial of sub-{subject} is left: reject={reject} drops all."
        )
    return mne.concatenate_epochs(epochs, on_mismatch="warn")
