"""Recordings and pictures in the shared space: Figures 5 and 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import viz
from ._exhibit import Exhibit, Made
from ._runs import BEST, Run, System, arrays_of
from ._setting import Setting
from ._systems import align, sweep

if TYPE_CHECKING:
    from pandas import DataFrame

_NUMBER = 7


def _three_depths(setting: Setting) -> list[Run]:
    systems = [align(setting, setting.main, place) for place in (1, BEST, "final")]
    return _runs(systems, setting)


def _all_depths(setting: Setting) -> list[Run]:
    return _runs(sweep(setting, setting.main), setting)


def _runs(systems: list[System], setting: Setting) -> list[Run]:
    return [
        Run(
            systems=systems,
            setting=setting,
            subjects=[setting.person(_NUMBER)],
            seeds=1,
            keep="embeddings",
        )
    ]


def _make(results: DataFrame, setting: Setting) -> Made:
    import matplotlib.pyplot as plt

    n_columns = min(4, len(results))
    n_rows = -(-len(results) // n_columns)
    size = (3.2 * n_columns, 3.2 * n_rows)
    figure = plt.figure(figsize=size, layout="constrained")
    for i, (_, row) in enumerate(results.iterrows()):
        axes = figure.add_subplot(n_rows, n_columns, i + 1)
        kept = arrays_of(row)
        pictures = np.asarray(kept["images"])[kept["truth"]]
        viz.plot_shared_space(kept["queries"], pictures, axes=axes, show=False)
        axes.set_title(f"{row['layer']}, subject {row['subject']}\n{axes.get_title()}")
    return Made(figures={"": figure})


EXHIBITS = (
    Exhibit(
        "figure5",
        "Shared space at an early layer, the best one and the final output",
        "things-eeg2",
        _three_depths,
        _make,
    ),
    Exhibit(
        "figure9", "Shared space at every layer", "things-eeg2", _all_depths, _make
    ),
)
