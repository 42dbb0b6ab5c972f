"""The pictures of a simulated dataset: drawn, copied or found; which are held out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ._pictures import draw_pictures

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def lay_out_stimuli(
    root: Path, work: Path, images: str | Path | None, design: dict[str, Any]
) -> pd.DataFrame:
    """Find the pictures of the dataset, or draw or copy them if there are none.

    Parameters
    ----------
    root : Path
        The root of the dataset, with pictures if it has a subject.
    work : Path
        Where the dataset is built.
    images : str | Path | None
        The folder that pictures are copied from. ``None``: they are drawn.
    design : dict
        ``n_concepts``, ``n_test_concepts``, ``n_images_per_concept`` and ``seed``.

    Returns
    -------
    pictures : DataFrame
        One row per picture: ``path``, ``stim_file``, ``concept``, ``split``.
    """
    stimuli = root / "stimuli"
    if not stimuli.is_dir():
        stimuli = work / "stimuli"
        n_concepts = design["n_concepts"] + design["n_test_concepts"]
        n_images, seed = design["n_images_per_concept"], design["seed"]
        if images is None:
            draw_pictures(stimuli, n_concepts, n_images, random_state=seed)
        else:
            _copy_pictures(Path(images), stimuli, n_concepts, n_images, seed)
    paths = [path for group in _find_pictures(stimuli).values() for path in group]
    pictures = pd.DataFrame({"path": paths})
    pictures["stim_file"] = [path.relative_to(stimuli).as_posix() for path in paths]
    pictures["concept"] = [path.parent.name for path in paths]
    concepts = np.random.RandomState(design["seed"]).permutation(
        pictures["concept"].unique()
    )
    held_out = pictures["concept"].isin(concepts[: design["n_test_concepts"]])
    pictures["split"] = np.where(held_out, "test", "train")
    return pictures


def _find_pictures(folder: Path) -> dict[str, list[Path]]:
    """List the pictures of each concept, both sorted by name."""
    return {
        concept.name: [p for p in sorted(concept.iterdir()) if _is_picture(p)]
        for concept in sorted(folder.iterdir())
        if concept.is_dir()
    }


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES


def _copy_pictures(
    images: Path, stimuli: Path, n_concepts: int, n_images: int, seed: int
) -> None:
    """Copy the first pictures of randomly chosen concepts."""
    if not images.is_dir():
        raise FileNotFoundError(f"images={str(images)!r} is no folder.")
    found = _find_pictures(images)
    rich = [concept for concept, paths in found.items() if len(paths) >= n_images]
    if len(rich) < n_concepts:
        raise ValueError(
            f"images={str(images)!r} has {len(rich)} folders with {n_images} pictures "
            f"or more; {n_concepts} are needed (n_concepts + n_test_concepts)."
        )
    for concept in np.random.RandomState(seed).permutation(rich)[:n_concepts]:
        (stimuli / concept).mkdir(parents=True)
        for path in found[concept][:n_images]:
            shutil.copy(path, stimuli / concept)
