"""What projector and encoder contribute: Figures 6 and 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import viz
from ._exhibit import Exhibit, Made
from ._runs import BEST, Run, System
from ._setting import Setting
from ._summary import summarize, two_lines
from ._systems import align

if TYPE_CHECKING:
    from pandas import DataFrame

_PROJECTORS = {None: "no projector", "linear": "linear projector"}
_ENCODERS = {
    "eegproject": "EEGProject",
    "tsconv": "TSConv",
    "atm": "ATM",
    "eegconformer": "EEGConformer",
    "eegnet": "EEGNet",
}
_PLACES = {BEST: "best layer", "final": "final output"}


def _projector_runs(setting: Setting) -> list[Run]:
    systems = [
        _label(align(setting, model, place, words, projector=projector), bar=words)
        for model in setting.models
        for place in _PLACES
        for projector, words in _PROJECTORS.items()
    ]
    return [Run(systems=systems, setting=setting)]


def _encoder_runs(setting: Setting) -> list[Run]:
    systems = [
        _label(align(setting, model, BEST, words, encoder=encoder), bar=words)
        for model in setting.models
        for encoder, words in _ENCODERS.items()
    ]
    return [Run(systems=systems, setting=setting)]


def _label(system: System, **labels: str) -> System:
    return System(recipe=system.recipe, labels={**system.labels, **labels})


def _make_projectors(results: DataFrame, setting: Setting) -> Made:
    summary = summarize(results, ["model", "place", "bar"])
    kinds = summary["bar"] + ", " + summary["place"].map(_PLACES)
    figure = viz.plot_bars(
        two_lines(summary.assign(bar=kinds), "model"),
        group="model",
        bar="bar",
        show=False,
    )
    return Made(tables={"": summary}, figures={"": figure})


def _make_encoders(results: DataFrame, setting: Setting) -> Made:
    summary = summarize(results, ["model", "bar"])
    figure = viz.plot_bars(
        two_lines(summary, "model"), group="model", bar="bar", show=False
    )
    return Made(tables={"": summary}, figures={"": figure})


EXHIBITS = (
    Exhibit(
        "figure6",
        "With and without a linear projector, best layer and final output",
        "things-eeg2",
        _projector_runs,
        _make_projectors,
    ),
    Exhibit(
        "figure7",
        "Five neural encoders with each vision model",
        "things-eeg2",
        _encoder_runs,
        _make_encoders,
    ),
)
