"""All tables and figures that can be reproduced."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from . import _ablations, _depths, _grids, _spaces, _tables, _training
from ._exhibit import Exhibit

if TYPE_CHECKING:
    from pandas import DataFrame

EXHIBITS: dict[str, Exhibit] = {
    exhibit.name: exhibit
    for family in (_tables, _depths, _grids, _spaces, _ablations, _training)
    for exhibit in family.EXHIBITS
}


def get_exhibit(name: str) -> Exhibit:
    """Find a table or figure by its name."""
    if name not in EXHIBITS:
        close = difflib.get_close_matches(name, EXHIBITS, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"name must be one of {', '.join(EXHIBITS)}, got {name!r}.{hint}"
        )
    return EXHIBITS[name]


def list_exhibits() -> DataFrame:
    """List the tables and figures of the paper that can be reproduced.

    Returns
    -------
    exhibits : DataFrame
        The columns ``title`` and ``dataset``, indexed by ``name``.

    Examples
    --------
    >>> from mne_shallowalign.reproduce import list_exhibits
    >>> list_exhibits().loc["table2", "dataset"]
    'things-meg'
    """
    import pandas as pd

    rows = [(one.name, one.title, one.dataset) for one in EXHIBITS.values()]
    columns = ["name", "title", "dataset"]
    return pd.DataFrame(rows, columns=columns).set_index("name")
