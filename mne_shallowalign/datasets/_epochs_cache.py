"""Preprocessed epochs on disk: a folder per source and parameters, whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mne
from mne.utils import logger

_FORMAT = 2  # to be raised when the same parameters give other epochs


def epochs_folder(
    cache_dir: str | Path | bool | None, name: str, parameters: dict[str, Any]
) -> Path | None:
    """Say where epochs that were made with some parameters are kept.

    Parameters
    ----------
    cache_dir : str | Path | bool | None
        The cache. ``None``: ``mne-shallowalign/epochs`` in MNE's data folder.
        ``False``: there is none.
    name : str
        What they are epochs of.
    parameters : dict
        All that they depend on.

    Returns
    -------
    folder : Path | None
        The folder; it exists only when it is complete.
    """
    if cache_dir is False:
        return None
    if cache_dir is None or cache_dir is True:
        data = Path(mne.get_config("MNE_DATA", "~/mne_data")).expanduser()
        cache_dir = data / "mne-shallowalign" / "epochs"
    text = json.dumps([_FORMAT, parameters], sort_keys=True, default=str)
    key = hashlib.sha256(text.encode()).hexdigest()
    return Path(cache_dir, f"{name}-{key[:16]}")


def keep_epochs(folder: Path, made: Iterable[tuple[str, mne.BaseEpochs]]) -> None:
    """Write epochs as they are made, in single precision, then show the folder.

    Parameters
    ----------
    folder : Path
        What :func:`epochs_folder` returned.
    made : iterable of tuple of (str, mne.Epochs)
        The split and the epochs; several epochs of one split are kept in order.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    work = beside / "epochs"  # beside itself can be read by its owner only
    work.mkdir()
    try:
        for number, (split, epochs) in enumerate(made):
            epochs.save(work / f"{split}_{number:02d}-epo.fif", fmt="single")
        os.replace(work, folder)
        logger.info("Kept in %s", folder)
    except OSError:
        if not folder.exists():  # else another process was faster
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def read_kept(folder: Path, split: str, preload: bool) -> list[mne.BaseEpochs]:
    """Read the epochs of one split.

    Parameters
    ----------
    folder : Path
        Where they are.
    split : str
        The split.
    preload : bool
        Whether to load the data.

    Returns
    -------
    parts : list of mne.Epochs
        In the order in which they were made.
    """
    parts = sorted(folder.glob(f"{split}_??-epo.fif"))
    return [read_epochs(part, proj=False, preload=preload) for part in parts]


def read_epochs(fname: Path, **options: bool) -> mne.BaseEpochs:
    """Read epochs, without a warning that is for MNE alone.

    Parameters
    ----------
    fname : Path
        The file.
    **options : bool
        Of :func:`mne.read_epochs`.

    Returns
    -------
    epochs : mne.Epochs
        The epochs.
    """
    with warnings.catch_warnings():
        # What MNE 1.13 does to metadata is deprecated in pandas 3.1.
        warnings.filterwarnings("ignore", message="The inplace keyword")
        return mne.read_epochs(fname, **options)
