"""Make the tables in ``registries/`` from the published lists.

``python -m mne_shallowalign.datasets._make_registry SOURCE [DESTINATION]``, where
``SOURCE`` has a folder ``registries`` with ``<accession>_v<version>.tsv.gz`` (columns
``path``, ``size``, ``hash``, ``s3_version_id``, from the git-annex metadata that
OpenNeuro publishes) and a folder ``things_meta`` with the tables of THINGS.
"""

from __future__ import annotations

import lzma
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ._remote import REGISTRIES

_ABBREVIATED = "stimuli/ImageNet/"  # 80,000 pictures: whole rows would take 5 MB
_DIGITS = 32  # 128 bits


def make_registries(source: Path, destination: Path) -> list[Path]:
    """Write every table.

    Parameters
    ----------
    source : Path
        The published lists.
    destination : Path
        The folder to write to.

    Returns
    -------
    paths : list of Path
        What was written.
    """
    made = [
        _write(destination, path.name.removesuffix(".tsv.gz"), _file_list(path))
        for path in sorted((source / "registries").glob("ds*.tsv.gz"))
    ]
    categories = _categories(source)
    for name, table in {
        "things_categories": pd.DataFrame({"category": categories.columns}),
        "things_concepts": _concepts(source, categories),
        "things_images": _images(source),
    }.items():
        made.append(_write(destination, name, table))
    return made


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def _file_list(path: Path) -> pd.DataFrame:
    files = _read(path).sort_values("path")
    many = files["path"].str.startswith(_ABBREVIATED)
    algorithm = files["hash"].str.split(":").str[0]
    digest = files["hash"].str.split(":").str[1]
    files.loc[many, "hash"] = algorithm[many] + ":" + digest[many].str[:_DIGITS]
    files.loc[many, "s3_version_id"] = ""
    return files[["path", "size", "hash", "s3_version_id"]]


def _categories(source: Path) -> pd.DataFrame:
    """Which of the 53 categories apply to each concept, in the official order."""
    table = _read(
        source / "things_meta" / "Categories_final_20200131_fixedUniqueID.tsv"
    )
    table.index = table["uniqueID"].str.replace(" ", "_")
    return table.drop(columns=["uniqueID", "Word"]) == "1"


def _concepts(source: Path, categories: pd.DataFrame) -> pd.DataFrame:
    """One row per concept in the official order, with the names of its categories."""
    concepts = _read(source / "things_meta" / "things_concepts.tsv")
    rows = categories.loc[concepts["uniqueID"]].to_numpy()
    return pd.DataFrame(
        {
            "concept": concepts["uniqueID"],
            "word": concepts["Word"],
            "categories": [",".join(categories.columns[row]) for row in rows],
        }
    )


def _images(source: Path) -> pd.DataFrame:
    """One row per picture; its number is the row, counted from 1."""
    images = _read(source / "things_meta" / "things_images_26107.tsv")
    if images["image_nr"].astype(int).tolist() != list(range(1, len(images) + 1)):
        raise ValueError("The pictures are not in the order of their numbers.")
    return images.drop(columns=["image_nr", "concept"])


def _write(destination: Path, name: str, table: pd.DataFrame) -> Path:
    text = "\n".join("\t".join(table[column]) for column in table)
    path = destination / f"{name}.xz"
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """Write the tables, and print their sizes.

    Parameters
    ----------
    argv : sequence of str | None
        The source and, if not the package itself, the destination. ``None`` takes the
        arguments of the process.
    """
    source, *rest = sys.argv[1:] if argv is None else argv
    for path in make_registries(Path(source), Path(rest[0]) if rest else REGISTRIES):
        print(f"{path}: {path.stat().st_size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
