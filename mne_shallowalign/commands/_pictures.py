"""The pictures that a folder or a list stands for."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

_COLUMNS = ("path", "stim_file", "image")
_TABLES = {".tsv": "excel-tab", ".csv": "excel"}


def find_pictures(images: Path) -> list[str]:
    """Name the pictures of a folder or a list.

    Parameters
    ----------
    images : Path
        A folder, in which pictures are looked for at any depth, leaving hidden files
        out; a text file with one path a line; or a ``.tsv`` or ``.csv`` file with a
        column ``path``, ``stim_file`` or ``image``, in which ``n/a`` is passed over.

    Returns
    -------
    names : list of str
        Paths relative to the folder, sorted, or as the list has them.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or list.
    ValueError
        If there are no pictures, or it is not a list.
    """
    if images.is_dir():
        names = sorted(_walk(images))
    elif images.is_file():
        names = _read_list(images)
    else:
        raise FileNotFoundError(f"{images} is neither a folder nor a list of pictures.")
    if not names:
        raise ValueError(f"There are no pictures in {images}.")
    return names


def _walk(folder: Path) -> Iterator[str]:
    from PIL import Image

    suffixes = Image.registered_extensions()
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(here, name)
            if path.suffix.lower() in suffixes and not name.startswith("."):
                yield path.relative_to(folder).as_posix()


def _read_list(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not a list of pictures: give a folder, a text file with a path "
            "a line, or a .tsv or .csv file."
        ) from error
    dialect = _TABLES.get(path.suffix.lower())
    if dialect is None:
        return [line.strip() for line in text.splitlines() if line.strip()]
    rows = csv.DictReader(text.splitlines(), dialect=dialect)
    header = rows.fieldnames or []
    column = next((name for name in _COLUMNS if name in header), None)
    if column is None:
        raise ValueError(
            f"{path} needs a column {', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}; it "
            f"has {', '.join(header) or 'none'}."
        )
    return [row[column] for row in rows if row[column] not in (None, "", "n/a")]
