"""What is known of data and protocol where nobody has said it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mne

if TYPE_CHECKING:
    from .decoder import ShallowAlignDecoder

UNSAID = {
    "not said": "dataset, split and preprocessing; provenance={'dataset': ..., 'split':"
    " ...} of make_report writes them here"
}
_FIELDS = {"subject": "subjects", "session": "sessions", "split": "split"}


def describe_data(
    decoder: ShallowAlignDecoder | None, epochs: Any = None, images: Any = None
) -> dict[str, Any]:
    """Record what a decoder and the trials tell of themselves.

    Parameters
    ----------
    decoder : ShallowAlignDecoder | None
        A fitted decoder.
    epochs : Epochs | array | None
        The trials that it was tested with.
    images : sequence | None
        The image of every one of them.

    Returns
    -------
    record : dict
        Pictures and channels of the training, trials, pictures, window and people of
        the test, and what is not known.
    """
    record: dict[str, Any] = {}
    if decoder is not None:
        record |= _describe_training(decoder)
    if epochs is not None:
        root = None if decoder is None else decoder.image_root
        record |= _describe_trials(epochs, images, root)
    return record | UNSAID


def _describe_training(decoder: ShallowAlignDecoder) -> dict[str, Any]:
    record: dict[str, Any] = {"training: pictures": len(decoder.gallery_)}
    if decoder.subjects_ is not None:
        record["training: subjects"] = ", ".join(map(str, decoder.subjects_))
    if decoder.info_ is not None:
        record["channels"] = _channels(decoder.info_)
        record["sampling rate"] = f"{decoder.info_['sfreq']:g} Hz"
    return record | {"time samples": decoder.n_times_}


def _describe_trials(
    epochs: Any, images: Sequence[Any], image_root: str | Path | None
) -> dict[str, Any]:
    from .features._gallery import as_sequence
    from .features._read_gallery import identify

    record: dict[str, Any] = {
        "test: trials": len(epochs),
        "test: pictures": len(set(identify(as_sequence(images), image_root))),
    }
    if not isinstance(epochs, mne.BaseEpochs):
        return record
    record["test: window"] = f"{epochs.tmin:g} to {epochs.tmax:g} s"
    metadata = epochs.metadata
    for column, title in _FIELDS.items():
        if metadata is not None and column in metadata:
            found = metadata[column].dropna().unique()
            record[f"test: {title}"] = ", ".join(map(str, found))
    return {name: value for name, value in record.items() if value != ""}


def _channels(info: mne.Info) -> str:
    kinds = info.get_channel_types()
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
