"""The fits that a table or figure needs, and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..protocols import IntraSubject, Recipe, read_arrays
from ._setting import Setting

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

Layer = int | str
BEST = "best"


@dataclass(frozen=True, kw_only=True)
class System:
    """A recipe, and what a table or figure calls it.

    Parameters
    ----------
    recipe : Recipe
        What is fitted.
    labels : mapping of str to str
        Columns that its results get, such as ``{"model": "RN50"}``.
    """

    recipe: Recipe
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Fits of one protocol.

    Parameters
    ----------
    systems : sequence of System
        What is fitted.
    setting : Setting
        What they are fitted with.
    protocol : Protocol
        Who learns from whom. Default: each person is decoded by their own trials.
    subjects : sequence of str | None
        Who is tested. None: everybody.
    seeds : int | None
        How many seeds. None: those of the setting.
    keep : str
        What is kept of each fit, see :meth:`IntraSubject.run
        <mne_shallowalign.protocols.IntraSubject>`.
    watch_test : bool
        Whether losses on the test set are recorded for training curves.
    """

    systems: Sequence[System]
    setting: Setting
    protocol: Any = field(default_factory=IntraSubject)
    subjects: Sequence[str] | None = None
    seeds: int | None = None
    keep: str = "similarity"
    watch_test: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """What ``plan`` and ``run`` of the protocol take."""
        recordings = self.setting.recordings
        if self.subjects is not None:
            recordings = replace(recordings, subjects=tuple(self.subjects))
        return {
            "recipes": [system.recipe for system in self.systems],
            "recordings": recordings,
            "seeds": self.seeds or self.setting.seeds,
            "selection": self.setting.selection,
        }

    def plan(self) -> DataFrame:
        """List the fits; nothing is read."""
        return self.protocol.plan(**self.arguments)

    def folder(self, out: Path) -> Path:
        """Say where results are kept: apart, where more is kept of a fit."""
        return out / "fits" / (f"{self.keep}-watched" if self.watch_test else self.keep)

    def run(self, out: Path, n_jobs: int | None) -> DataFrame:
        """Do what is not done yet; the results have the labels and a ``folder``."""
        import pandas as pd

        folder = self.folder(out)
        results = self.protocol.run(
            **self.arguments,
            folder=folder,
            keep=self.keep,
            watch_test=self.watch_test,
            n_jobs=n_jobs,
        )
        labels = pd.DataFrame(
            [dict(system.labels) for system in self.systems],
            index=[system.recipe.name for system in self.systems],
        )
        return results.join(labels, on="recipe").assign(folder=str(folder))


def arrays_of(row: Any) -> dict[str, np.ndarray]:
    """Read what was kept of the fit of a row."""
    return read_arrays(row["folder"], row["id"])
