"""One table or figure, from its fits to its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from mne.utils import verbose

from ._exhibit import Made
from ._exhibits import get_exhibit
from ._setting import Setting
from ._write import write_made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from pandas import DataFrame

LETTERS_PER_INCH = 18  # of the note below a figure


@dataclass(frozen=True)
class Reproduction:
    """What reproducing a table or figure returns.

    Parameters
    ----------
    results : DataFrame
        One row per fit, see :func:`mne_shallowalign.protocols.read_results`, with what
        tables and figures call it and the ``folder`` of its arrays.
    tables : mapping of str to DataFrame
        The tables, by what was added to the name of their files; each has a column
        ``selection``.
    figures : mapping of str to matplotlib.figure.Figure
        The figures.
    files : list of Path
        What was written.
    note : str
        What stands below every table and figure: dataset, sample sizes, selection.
    """

    results: DataFrame
    tables: Mapping[str, DataFrame]
    figures: Mapping[str, Figure]
    files: list[Path]
    note: str


@verbose
def reproduce(
    name: str,
    setting: Setting,
    out: str | Path,
    *,
    n_jobs: int | None = None,
    verbose: bool | str | int | None = None,
) -> Reproduction:
    """Reproduce a table or figure of the paper.

    Parameters
    ----------
    name : str
        Which one, such as ``"table1"``; see :func:`list_exhibits`.
    setting : Setting
        People, vision models, seeds and the rule of selection: those of the paper
        (:func:`paper_setting`), or simulated ones (:func:`simulated_setting`).
    out : path
        Where fits and files are kept. Called again, it does only the fits that are not
        there yet, also those that another table or figure had done.
    n_jobs : int | None
        How many fits run at once, as in :class:`joblib.Parallel`.
    %(verbose)s

    Returns
    -------
    reproduction : Reproduction
        Results, tables, figures and files. Where nothing was simulated, tables hold the
        difference to the published number. Every table and figure says whether it is
        simulated and how layers were chosen.

    Raises
    ------
    ValueError
        If there is no such table or figure.

    See Also
    --------
    plan : What would be fitted.
    """
    import pandas as pd

    exhibit, out = get_exhibit(name), Path(out).expanduser()
    out.mkdir(parents=True, exist_ok=True)
    runs = exhibit.runs(setting)
    results = pd.concat([run.run(out, n_jobs) for run in runs], ignore_index=True)
    made = _label(exhibit.make(results, setting), setting.selection)
    note = setting.note(results)
    for figure in made.figures.values():
        width = int(LETTERS_PER_INCH * figure.get_figwidth())
        figure.supxlabel(fill(note, width), fontsize="x-small")
    files = write_made(made, exhibit, note, out, setting.file_suffix)
    return Reproduction(results, made.tables, made.figures, files, note)


def _label(made: Made, selection: str) -> Made:
    tables = {
        part: table.assign(selection=selection) for part, table in made.tables.items()
    }
    return replace(made, tables=tables)


def plan(name: str, setting: Setting) -> DataFrame:
    """List the fits that a table or figure needs; nothing is read or fitted.

    Parameters
    ----------
    name : str
        Which one, see :func:`list_exhibits`.
    setting : Setting
        What it is reproduced with.

    Returns
    -------
    plan : DataFrame
        One row per fit, as ``plan`` of a protocol gives it.

    Raises
    ------
    ValueError
        If there is no such table or figure.
    """
    import pandas as pd

    plans = [run.plan() for run in get_exhibit(name).runs(setting)]
    return pd.concat(plans, ignore_index=True)
