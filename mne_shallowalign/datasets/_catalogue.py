"""Which datasets there are, and what of them is on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ._dataset import DATASETS, Dataset
from ._fetch import data_folder
from ._record import Record


def list_datasets(
    pattern: str = "*", *, path: str | Path | None = None
) -> pd.DataFrame:
    """List the datasets that can be fetched by name.

    Parameters
    ----------
    pattern : str
        A shell-style wildcard pattern of names. Default ``"*"``.
    path : str | Path | None
        The folder of all datasets. ``None``: ``mne-shallowalign`` in MNE's data folder
        (the configuration value ``MNE_DATA``).

    Returns
    -------
    datasets : DataFrame
        Indexed by name, those of installed plugins included. The columns are ``title``,
        ``modality``, ``subjects`` (their number), ``hours`` (of recording per subject),
        ``size`` (bytes per subject of what is fetched by default, without pictures),
        ``licence``, ``doi``, ``on_disk`` (bytes that are there) and ``folder``. Hours
        and sizes are medians over subjects.
    """
    rows = {}
    for name in DATASETS.names(pattern):
        dataset: Dataset = DATASETS.get(name)
        root = data_folder(path, dataset.folder)
        rows[name] = {
            "title": dataset.title,
            "modality": dataset.modality,
            "subjects": len(dataset.subjects),
            "hours": dataset.hours,
            "size": dataset.size,
            "licence": dataset.licence,
            "doi": dataset.doi,
            "on_disk": _n_bytes(root),
            "folder": str(root),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(index="name")


def _n_bytes(root: Path) -> int:
    """Add up what was fetched and is still there."""
    entries = Record(root).entries().values()
    places = (root / entry.path for entry in entries)
    return sum(place.stat().st_size for place in places if place.is_file())
