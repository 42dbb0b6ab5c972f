"""From the authors' files of THINGS-EEG2 to BIDS."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from mne.utils import logger, verbose

from .._provenance import versions
from ._things_eeg2_events import PARTS, find_presentations, read_images
from ._things_eeg2_files import as_label, find_authors_files, find_image_metadata
from ._things_eeg2_raw import RawThingsEEG2, read_raw_things_eeg2

_COLUMNS = {
    "trial_type": "image: a picture was shown; target: the picture to be counted",
    "stim_file": "The picture shown, relative to the stimuli folder",
    "concept": "The THINGS concept of the picture",
    "condition": "The value of the stimulus channel: the number of the image, from 1, "
    "within its split; 99999 is the target",
    "sequence": "Counts the streams of pictures, 0.2 s apart; epochs of one overlap",
    "surplus": "1: a presentation beyond the plan, which the authors leave out; else 0",
}
_EVENT_ID = {"image": 1, "target": 99}
_PICTURE_S = 0.1
_REFERENCE = "Fz"  # the only electrode of the cap that is not among the channels
_BLOCK = 500_000  # samples: 256 MB


@verbose
def convert_things_eeg2(
    source: str | Path,
    root: str | Path,
    subject: int | str,
    *,
    sessions: str | int | Sequence[str] | Sequence[int] | None = None,
    image_metadata: str | Path | None = None,
    overwrite: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Convert the recordings of one subject of THINGS-EEG2 to BIDS.

    Parameters
    ----------
    source : str | Path
        The authors' files: the folder with ``ses-01`` … ``ses-04`` of the subject, or
        the one above it with ``sub-01`` … ``sub-10``.
    root : str | Path
        The root of the BIDS dataset, new or with other subjects and sessions.
    subject : int | str
        The number of the subject.
    sessions : str | int | sequence | None
        The sessions. ``None``: all that are there.
    image_metadata : str | Path | None
        The authors' ``image_metadata.npy``. ``None``: in the folder of ``source`` or
        above, else fetched.
    overwrite : bool
        Whether sessions that are there already are replaced. By default they are left
        as they are, so that a conversion that was broken off goes on where it was.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset.

    Raises
    ------
    FileNotFoundError
        If files of the authors are missing.
    ValueError
        If a file is not what it should be.

    See Also
    --------
    load_things_eeg2 : Read either form as Epochs.

    Notes
    -----
    A session has two recordings, ``task-train`` and ``task-test``, in BrainVision
    format, as float32 in microvolts: half the size of the authors' float64, every
    sample within 6e-8 of its value. All events are kept, those of
    target trials and surplus presentations too. The pictures are not part of the
    conversion: their folders ``training_images`` and ``test_images`` belong into
    ``<root>/stimuli``.

    A session is built beside ``root`` and moved in when it is complete. The signal is
    never in memory as a whole.
    """
    root, label = Path(root), as_label(subject)
    recordings = find_authors_files(Path(source), label, sessions)
    metadata = find_image_metadata(Path(source), image_metadata)
    images = {split: read_images(metadata, split) for split in PARTS}
    for session, files in recordings.items():
        place = root / f"sub-{label}" / f"ses-{session}"
        if place.exists() and not overwrite:
            logger.info("%s is there already", place)
            continue
        _convert_session(files, images, root, label, session)
        logger.info("Converted %s", place)
    return root


def _convert_session(
    files: dict[str, list[Path]],
    images: dict[str, pd.DataFrame],
    root: Path,
    label: str,
    session: str,
) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    work = beside / "dataset"  # beside itself can be read by its owner only
    try:
        for split, (fname,) in files.items():
            raw = read_raw_things_eeg2(fname)
            trials = find_presentations(raw, images[split], split)
            copy = _write_signal(raw, beside / split)
            _write_recording(copy, trials, work, label, session, split)
            shutil.rmtree(beside / split)
        _describe_dataset(work)
        _move_in(work, root, Path(f"sub-{label}", f"ses-{session}"))
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_signal(raw: RawThingsEEG2, folder: Path) -> mne.io.BaseRaw:
    """Write the EEG block by block as BrainVision, headers by pybv."""
    from pybv import write_brainvision

    picks = mne.pick_types(raw.info, eeg=True, exclude=())
    names = [raw.ch_names[pick] for pick in picks]
    write_brainvision(
        data=np.zeros((len(picks), 1)),  # the headers do not say how long it is
        sfreq=raw.info["sfreq"],
        ch_names=names,
        fname_base="signal",
        folder_out=folder,
        resolution=1.0,
        unit="µV",
        fmt="binary_float32",
    )
    with open(folder / "signal.eeg", "wb") as file:
        for start in _blocks(raw.n_times):
            block = raw[picks, start : start + _BLOCK][0]
            file.write((1e6 * block).T.astype("<f4").tobytes())
    copy = mne.io.read_raw_brainvision(folder / "signal.vhdr", verbose="error")
    _copy_info(raw, copy)
    return copy


def _blocks(n_times: int) -> Iterator[int]:
    from tqdm.auto import tqdm

    yield from tqdm(
        range(0, n_times, _BLOCK),
        desc="Writing BIDS",
        unit="block",
        delay=2,
        leave=False,
        disable=not logger.isEnabledFor(logging.INFO),
    )


def _copy_info(raw: mne.io.BaseRaw, copy: mne.io.BaseRaw) -> None:
    copy.set_montage(raw.get_montage(), verbose="error")
    copy.info["line_freq"] = raw.info["line_freq"]
    with copy.info._unlock():
        for name in ("highpass", "lowpass"):
            copy.info[name] = raw.info[name]


def _write_recording(
    raw: mne.io.BaseRaw,
    trials: pd.DataFrame,
    work: Path,
    label: str,
    session: str,
    split: str,
) -> None:
    from mne_bids import BIDSPath, update_sidecar_json, write_raw_bids

    events = np.zeros((len(trials), 3), int)
    events[:, 0] = trials["sample"]
    events[:, 2] = trials["trial_type"].map(_EVENT_ID)
    path = BIDSPath(
        subject=label, session=session, task=split, datatype="eeg", root=work
    )
    write_raw_bids(
        raw,
        path,
        events=events,
        event_id=_EVENT_ID,
        event_metadata=trials[list(_COLUMNS)],
        extra_columns_descriptions=_COLUMNS,
        overwrite=True,
        verbose="error",
    )
    sidecar = path.copy().update(suffix="eeg", extension=".json")
    update_sidecar_json(sidecar, {"EEGReference": _REFERENCE}, verbose="error")
    _set_duration(path.update(suffix="events", extension=".tsv").fpath)


def _set_duration(fname: Path) -> None:
    """Say how long pictures were on; mne-bids writes 0."""
    table = pd.read_csv(fname, sep="\t", dtype=str, keep_default_na=False)
    table["duration"] = str(_PICTURE_S)
    table.to_csv(fname, sep="\t", index=False)


def _describe_dataset(work: Path) -> None:
    from mne_bids import make_dataset_description

    make_dataset_description(
        path=work,
        name="THINGS-EEG2",
        authors=[
            "Alessandro T. Gifford",
            "Kshitij Dwivedi",
            "Gemma Roig",
            "Radoslaw M. Cichy",
        ],
        data_license="CC BY 4.0",
        doi="doi:10.25452/figshare.plus.18470912.v4",
        references_and_links=["https://doi.org/10.1016/j.neuroimage.2022.119754"],
        generated_by=[
            dict(
                Name="mne-shallowalign",
                Version=versions()["mne-shallowalign"],
                Description="Converted from the authors' NumPy files",
            )
        ],
        overwrite=True,
        verbose="error",
    )


def _move_in(work: Path, root: Path, session: Path) -> None:
    """Move a finished session to its place, and what the dataset says of itself."""
    place = root / session
    place.parent.mkdir(parents=True, exist_ok=True)
    for path in work.iterdir():
        if path.is_file() and not (root / path.name).exists():
            os.replace(path, root / path.name)
    _add_participants(work / "participants.tsv", root / "participants.tsv")
    if place.exists():
        os.replace(place, work / "replaced")
    os.replace(work / session, place)


def _add_participants(new: Path, table: Path) -> None:
    if not new.exists():  # it has become the table
        return
    rows = [
        pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        for path in (table, new)
    ]
    joined = pd.concat(rows).drop_duplicates("participant_id").fillna("n/a")
    joined.to_csv(new, sep="\t", index=False)
    os.replace(new, table)
