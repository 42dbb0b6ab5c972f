"""An evaluation on disk, in files that other tools read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ._evaluation import Evaluation, measure
from .retrieval import ranks

RECORD = "provenance.json"
SIMILARITY = "similarity.safetensors"


def write_evaluation(
    folder: Path, evaluation: Evaluation, record: Mapping[str, Any]
) -> None:
    """Write metrics and ranks as CSV, similarities as safetensors, the rest as JSON.

    Parameters
    ----------
    folder : Path
        An existing folder.
    evaluation : Evaluation
        What was found.
    record : mapping of str to object
        How it was found; ``files`` is added, the names of what is written.
    """
    import pandas as pd
    from safetensors.numpy import save

    truth = evaluation.truth
    queries = {
        "image": [evaluation.gallery[i] for i in truth],
        "rank": ranks(evaluation.similarity, truth),
        "best": [evaluation.gallery[i] for i in evaluation.similarity.argmax(axis=1)],
    }
    if evaluation.concepts is not None:
        queries["concept"] = [evaluation.concepts[i] for i in truth]
    measure(evaluation).to_csv(folder / "metrics.csv", index=False)
    pd.DataFrame(queries).to_csv(folder / "ranks.csv", index=False)
    text = {"gallery": evaluation.gallery, "concepts": evaluation.concepts}
    said = {name: json.dumps(words) for name, words in text.items()}
    # not save_file, which would make the file unreadable to colleagues
    (folder / SIMILARITY).write_bytes(save(_arrays(evaluation), said))
    files = sorted(path.name for path in folder.iterdir())
    whole = json.dumps({**record, "files": files}, indent=2, ensure_ascii=False)
    (folder / RECORD).write_text(f"{whole}\n", encoding="utf-8")


def read_evaluation(
    folder: Path, image_root: Path | None = None
) -> tuple[Evaluation, dict[str, Any]]:
    """Read what :func:`write_evaluation` wrote.

    Parameters
    ----------
    folder : Path
        The folder.
    image_root : Path | None
        Where the pictures lie. None (default): they are not needed.

    Returns
    -------
    evaluation : Evaluation
        What was found.
    record : dict
        How it was found.

    Raises
    ------
    ValueError
        If one of the files is damaged.
    """
    from safetensors import SafetensorError, safe_open

    name = SIMILARITY
    try:
        with safe_open(folder / name, framework="np") as file:
            arrays = {key: file.get_tensor(key) for key in file.keys()}
            text = {key: json.loads(said) for key, said in file.metadata().items()}
        gallery = text["gallery"]
        name = RECORD
        record = json.loads((folder / name).read_text(encoding="utf-8"))
        del record["files"]
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{folder / name} is damaged ({error}). Evaluate the decoder again."
        ) from error
    pictures = None if image_root is None else [image_root / one for one in gallery]
    return Evaluation(**arrays, **text, pictures=pictures), record


def is_evaluation(folder: Path) -> bool:
    """Tell a folder that :func:`write_evaluation` filled.

    Parameters
    ----------
    folder : Path
        A folder.

    Returns
    -------
    found : bool
        Whether it is one.
    """
    return (folder / RECORD).is_file() and (folder / SIMILARITY).is_file()


def _arrays(evaluation: Evaluation) -> dict[str, np.ndarray]:
    names = ("similarity", "truth", "queries", "images")
    found = {name: getattr(evaluation, name) for name in names}
    return {n: np.ascontiguousarray(a) for n, a in found.items() if a is not None}
