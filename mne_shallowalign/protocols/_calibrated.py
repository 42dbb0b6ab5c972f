"""Scores after calibration, from what was kept: nothing is fitted anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..retrieval import calibrate, score_similarity
from ._results import read_arrays, read_results

if TYPE_CHECKING:
    from pandas import DataFrame


def calibrate_results(
    folder: str | Path, method: str, *, transductive: bool = False, **params: Any
) -> DataFrame:
    """Score all fits in a folder again, with calibrated similarities.

    Parameters
    ----------
    folder : path
        What was given to ``run(folder=)`` of a protocol.
    method : str
        As for :func:`~mne_shallowalign.retrieval.calibrate`. The whitenings need
        ``keep="embeddings"``.
    transductive : bool
        Whether a method may use the queries of a fit jointly. Default False.
    **params
        As for :func:`~mne_shallowalign.retrieval.calibrate`.

    Returns
    -------
    results : DataFrame
        The rows of :func:`read_results` with the scores after calibration.
        ``calibration`` is the method and ``transductive`` whether it used the queries
        jointly, all ``n_queries`` of the fit.

    Raises
    ------
    ValueError
        If no similarities were kept, or for the reasons of
        :func:`~mne_shallowalign.retrieval.calibrate`.

    See Also
    --------
    read_results : The scores without.
    """
    table = read_results(folder)
    rows = [
        row | _rescore(read_arrays(folder, row["id"]), method, transductive, params)
        for row in table.to_dict("records")
    ]
    return type(table)(rows, columns=table.columns)


def _rescore(
    kept: dict[str, np.ndarray], method: str, transductive: bool, params: dict[str, Any]
) -> dict[str, Any]:
    if "similarity" not in kept:
        raise ValueError(
            "No similarities were kept in the folder: run the protocol with "
            "keep='similarity' or keep='embeddings'."
        )
    given: Any = kept["similarity"]
    if "queries" in kept:
        given = kept["queries"], kept["images"]
    found = calibrate(given, method, transductive=transductive, **params)
    scores = score_similarity(
        found.similarity, kept["truth"], categories=kept.get("categories")
    )
    kind = {"calibration": found.method, "transductive": found.kind == "transductive"}
    return kind | scores
