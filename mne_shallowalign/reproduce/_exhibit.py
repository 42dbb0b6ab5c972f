"""What an exhibit is: a table or figure of the paper, its fits and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._runs import Run
from ._setting import Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True)
class Made:
    """The tables and figures of an exhibit.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By what is added to the name of their file.
    figures : mapping of str to matplotlib.figure.Figure
        The same of figures.
    """

    tables: Mapping[str, DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Exhibit:
    """A table or figure of the paper.

    Parameters
    ----------
    name : str
        ``"table1"``, ``"figure2"`` ....
    title : str
        What it shows.
    dataset : str
        The dataset that the paper shows it of.
    runs : callable
        ``runs(setting) -> list of Run``: the fits that it needs.
    make : callable
        ``make(results, setting) -> Made``, from the table of these fits.
    """

    name: str
    title: str
    dataset: str
    runs: Callable[[Setting], list[Run]]
    make: Callable[[DataFrame, Setting], Made]
