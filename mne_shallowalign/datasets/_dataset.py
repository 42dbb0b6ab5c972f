"""What a dataset says of itself, and the names of those that can be fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from mne.utils import logger

from .._registry import Registry
from ._remote import RemoteFile

DATASETS = Registry(
    "dataset",
    "mne_shallowalign.datasets",
    {
        "nod-eeg": "mne_shallowalign.datasets._nod:NOD_EEG",
        "nod-meg": "mne_shallowalign.datasets._nod:NOD_MEG",
        "things-eeg1": "mne_shallowalign.datasets._openneuro:THINGS_EEG1",
        "things-eeg2": "mne_shallowalign.datasets._fetch_things_eeg2:THINGS_EEG2",
        "things-images": "mne_shallowalign.datasets._things_images:THINGS_IMAGES",
        "things-meg": "mne_shallowalign.datasets._things_meg:THINGS_MEG",
    },
)


@dataclass(frozen=True)
class Dataset:
    """A dataset that can be fetched by name.

    Packages add theirs with an entry point in the group ``mne_shallowalign.datasets``
    that names an instance.

    Parameters
    ----------
    title : str
        What it is called.
    folder : str
        Its folder below that of all datasets.
    modality : str
        ``"EEG"``, ``"MEG"``, or ``""`` for pictures alone.
    subjects : sequence of str
        The labels of the subjects.
    hours : float
        The length of the recording of one subject (the median) in hours.
    size : int
        What is fetched for one subject by default (the median) in bytes.
    licence : str
        Its licence.
    doi : str
        The DOI of the data or, where there is none, of the article.
    citation : str
        What its authors ask to be cited.
    files : callable
        ``files(subject, root, **options) -> list of RemoteFile``: what ``fetch`` would
        bring, as far as it is known before; ``root`` is the folder of the dataset.
    fetch : callable
        ``fetch(subject, *, path=None, check=False, **options) -> Path``.
    """

    title: str
    folder: str
    modality: str
    subjects: Sequence[str]
    hours: float
    size: int
    licence: str
    doi: str
    citation: str
    files: Callable[..., list[RemoteFile]]
    fetch: Callable[..., Path]

    def label(self, subject: str | int) -> str:
        """Find the label of a subject.

        Parameters
        ----------
        subject : str | int
            The label, with or without ``sub-``, or the number in it.

        Returns
        -------
        label : str
            As the dataset writes it.

        Raises
        ------
        ValueError
            If there is no such subject.
        """
        given = str(subject).removeprefix("sub-")
        for label in self.subjects:
            digits = re.sub(r"\D", "", label)
            if given == label or (
                given.isdigit() and given.lstrip("0") == digits.lstrip("0")
            ):
                return label
        raise ValueError(
            f"subject={subject!r} is not in {self.title}; it has: "
            + ", ".join(self.subjects)
        )

    def show_terms(self, root: Path) -> None:
        """Show the licence and what to cite, and keep both beside the data.

        Parameters
        ----------
        root : Path
            The folder of the dataset.
        """
        logger.info("%s: %s. Please cite: %s", self.title, self.licence, self.citation)
        root.mkdir(parents=True, exist_ok=True)
        for name, text in {
            "LICENSE": f"{self.title}: {self.licence}\nhttps://doi.org/{self.doi}\n",
            "CITATION": f"{self.citation}\n",
        }.items():
            if not (root / name).exists():
                (root / name).write_text(text, encoding="utf-8")


def as_labels(values: Any, width: int = 2) -> list[str] | None:
    """Turn one or several session or run numbers into BIDS labels.

    Parameters
    ----------
    values : str | int | sequence of str or int | None
        Numbers or labels.
    width : int
        The number of digits.

    Returns
    -------
    labels : list of str | None
        The labels; ``None`` stays ``None``: all.
    """
    if values is None:
        return None
    if isinstance(values, (str, Integral)):
        values = [values]
    return [str(v).zfill(width) if str(v).isdigit() else str(v) for v in values]
