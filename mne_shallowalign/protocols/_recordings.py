"""What is fitted on: the recordings of several people, by subject and split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mne import BaseEpochs


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """A dataset as protocols see it.

    Parameters
    ----------
    name : str
        The name of the dataset, such as ``"things-eeg2"``.
    subjects : tuple of str
        The labels of the subjects.
    load : callable
        ``load(subject, split) -> Epochs``, with ``split`` ``"train"`` or ``"test"``:
        ready to be decoded, all channels, with ``metadata`` that has ``image``,
        ``concept``, ``subject`` and ``split``.
    image_root : Path | None
        What relative paths in ``metadata["image"]`` start from.
    categories : mapping of str to str | None
        The category of every concept, for concept accuracy (section 4.5).
    load_minutes : callable | None
        ``load_minutes(subject, minutes) -> Epochs``: the first minutes of the training
        recording, made ready as those of ``load`` are, but averaged only after the
        cut, see :func:`first_minutes`. What
        :class:`~mne_shallowalign.protocols.FewShotCalibration` adapts to. None where
        the times of the trials are not known.
    details : str
        What else tells these recordings from others of that name, such as how they were
        preprocessed: results with other details are other results.
    is_simulated : bool
        Whether no person was recorded; every table and figure then says so.

    See Also
    --------
    simulated_recordings : Nobody's.
    things_eeg2_recordings : Those of THINGS-EEG2.
    """

    name: str
    subjects: tuple[str, ...]
    load: Callable[[str, str], BaseEpochs]
    image_root: Path | None = None
    categories: Mapping[str, str] | None = field(default=None, repr=False)
    load_minutes: Callable[[str, float], BaseEpochs] | None = None
    details: str = field(default="", repr=False)
    is_simulated: bool = False
