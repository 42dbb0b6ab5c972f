"""Tables and figures as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ._exhibit import Exhibit, Made

if TYPE_CHECKING:
    from pandas import DataFrame

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{font-family: sans-serif; margin: 2em}}
table {{border-collapse: collapse}}
th, td {{text-align: left; padding: .3em .8em; border-bottom: 1px solid #ccc}}
</style></head><body><h1>{title}</h1><p>{note}</p>
{table}
</body></html>
"""


def write_made(
    made: Made, exhibit: Exhibit, note: str, out: Path, suffix: str = ""
) -> list[Path]:
    """Write tables as CSV and HTML, figures as PNG and PDF; nothing half-written.

    Parameters
    ----------
    made : Made
        The tables and figures.
    exhibit : Exhibit
        What they are.
    note : str
        What has to stand below each.
    out : Path
        The folder.
    suffix : str
        What the names of the files end with.

    Returns
    -------
    files : list of Path
        What was written.
    """
    writers: dict[str, Callable[[Path], None]] = {}
    for part, table in made.tables.items():
        stem = _stem(exhibit.name, part) + suffix
        writers[f"{stem}.csv"] = partial(_write_csv, table, note)
        writers[f"{stem}.html"] = partial(_write_html, table, exhibit.title, note)
    for part, figure in made.figures.items():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, not anew for every file
        for kind in ("png", "pdf"):
            name = f"{_stem(exhibit.name, part)}{suffix}.{kind}"
            writers[name] = partial(figure.savefig, format=kind, dpi=150)
    return [_write(out / name, write) for name, write in writers.items()]


def _stem(name: str, part: str) -> str:
    return f"{name}-{part}" if part else name


def _write_csv(table: DataFrame, note: str, path: Path) -> None:
    table.assign(note=note).to_csv(path, index=_has_names(table))


def _write_html(table: DataFrame, title: str, note: str, path: Path) -> None:
    html = table.to_html(
        index=_has_names(table), border=0, na_rep="", float_format="{:.3f}".format
    )
    page = _PAGE.format(title=escape(title), note=escape(note), table=html)
    path.write_text(page, encoding="utf-8")


def _has_names(table: DataFrame) -> bool:
    return table.index.names[0] is not None


def _write(path: Path, write: Callable[[Path], None]) -> Path:
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
