"""Our numbers and the published ones by subject: Tables 1, 2, 5 and 6."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..protocols import IntraSubject, LeaveOneSubjectOut
from ._exhibit import Exhibit, Made
from ._runs import BEST, Run, System
from ._setting import Setting
from ._systems import align, published_system
from ._tabulate import compare, spread

if TYPE_CHECKING:
    from pandas import DataFrame

_PROTOCOLS = {"intra": IntraSubject, "inter": LeaveOneSubjectOut}
_EEG, _MEG = "things-eeg2", "things-meg"
_EEG_SYSTEMS = ("nice", "atm", "neural_mcrl", "ubp", "neurobridge", "shallow_alignment")
_MEG_SYSTEMS = ("ubp", "neurobridge", "shallow_alignment")

# the systems of a table, for a protocol
Systems = Callable[[Setting, str], Sequence[System]]


def _of_publications(
    names: Sequence[str], dataset: str, setting: Setting, kind: str
) -> list[System]:
    return [published_system(setting, name, kind, dataset) for name in names]


def _of_models(layer: str, setting: Setting, kind: str) -> list[System]:
    return [align(setting, model, layer) for model in setting.models]


def _runs(systems: Systems, setting: Setting) -> list[Run]:
    one_person = len(setting.recordings.subjects) == 1
    # of training pictures of the test's concepts, THINGS-MEG has some
    return [
        Run(
            systems=systems(setting, kind),
            setting=setting,
            protocol=protocol(overlap="drop"),
        )
        for kind, protocol in _PROTOCOLS.items()
        if not (kind == "inter" and one_person)  # who has nobody to learn from
    ]


def _make(systems: Systems, dataset: str, results: DataFrame, setting: Setting) -> Made:
    every = [one for kind in _PROTOCOLS for one in systems(setting, kind)]
    table = compare(results, every, setting, dataset)
    return Made(tables={"": table, "by-subject": spread(table)})


def _exhibit(name: str, title: str, dataset: str, systems: Systems) -> Exhibit:
    return Exhibit(
        name, title, dataset, partial(_runs, systems), partial(_make, systems, dataset)
    )


EXHIBITS = (
    _exhibit(
        "table1",
        "Published systems, intra- and inter-subject",
        _EEG,
        partial(_of_publications, _EEG_SYSTEMS, _EEG),
    ),
    _exhibit(
        "table2",
        "Published systems on MEG, intra- and inter-subject",
        _MEG,
        partial(_of_publications, _MEG_SYSTEMS, _MEG),
    ),
    _exhibit(
        "table5",
        "The best layer of each vision model, by subject",
        _EEG,
        partial(_of_models, BEST),
    ),
    _exhibit(
        "table6",
        "The final output of each vision model, by subject",
        _EEG,
        partial(_of_models, "final"),
    ),
)
