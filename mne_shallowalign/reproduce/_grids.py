"""Retrieved pictures: Figures 4 and 10 to 13."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import viz
from ._exhibit import Exhibit, Made
from ._runs import BEST, Layer, Run, arrays_of
from ._setting import Setting
from ._systems import align

if TYPE_CHECKING:
    from pandas import DataFrame

_WORDS = {BEST: "best intermediate layer", "final": "final output"}


def _runs(number: int, places: tuple[Layer, ...], setting: Setting) -> list[Run]:
    systems = [align(setting, setting.main, place) for place in places]
    person = setting.person(number)
    return [Run(systems=systems, setting=setting, subjects=[person], seeds=1)]


def _make(n_queries: int, results: DataFrame, setting: Setting) -> Made:
    rows = [row for _, row in results.iterrows()]
    kept = [arrays_of(row) for row in rows]
    root = setting.recordings.image_root or ""
    figure = viz.plot_retrieval_comparison(
        {
            f"{_WORDS[row['place']]} ({row['layer']}), subject {row['subject']}": one[
                "similarity"
            ]
            for row, one in zip(rows, kept, strict=True)
        },
        kept[0]["truth"],
        [Path(root, name) for name in kept[0]["gallery"].tolist()],
        names=kept[0]["concepts"].tolist(),
        n_queries=n_queries,
        show=False,
    )
    return Made(figures={"": figure})


def _exhibit(
    name: str, number: int, places: tuple[Layer, ...], n_queries: int
) -> Exhibit:
    words = " and ".join(_WORDS[str(place)] for place in places)
    return Exhibit(
        name,
        f"Five best candidates, {words}, subject {number}",
        "things-eeg2",
        partial(_runs, number, places),
        partial(_make, n_queries),
    )


EXHIBITS = (
    _exhibit("figure4", 7, (BEST, "final"), 4),
    _exhibit("figure10", 7, (BEST,), 8),
    _exhibit("figure11", 7, ("final",), 8),
    _exhibit("figure12", 10, (BEST,), 8),
    _exhibit("figure13", 10, ("final",), 8),
)
