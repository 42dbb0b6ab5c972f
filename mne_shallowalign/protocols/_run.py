"""A plan, run: on one machine or on many, once each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mne.utils import logger

from ._batches import make_batches, run_batch
from ._extract import extract_first
from ._plan import Job
from ._results import ResultsFolder
from ._score import Row

if TYPE_CHECKING:
    from pandas import DataFrame

KEEPS = (None, "similarity", "embeddings")


def run_plan(
    jobs: Sequence[Job],
    folder: str | Path | None,
    keep: str | None,
    watch_test: bool,
    n_jobs: int | None,
) -> DataFrame:
    """Do all fits that are not done yet.

    Parameters
    ----------
    jobs : sequence of Job
        The fits.
    folder : path | None
        Where results are kept.
    keep : str | None
        What is kept beside the rows.
    watch_test : bool
        Whether the score on the test set is recorded after every epoch.
    n_jobs : int | None
        As in :class:`joblib.Parallel`.

    Returns
    -------
    results : DataFrame
        One row per fit.
    """
    import pandas as pd

    if keep not in KEEPS:
        raise ValueError(f"keep must be one of {KEEPS}, got {keep!r}.")
    if jobs[0].selection == "test":
        logger.warning(
            "selection='test': epochs and layers are chosen by their score on the test "
            "set, as in publications; these scores are too high."
        )
    results = None if folder is None else ResultsFolder(folder)
    todo = [job for job in jobs if results is None or not results.has(job.id)]
    logger.info("%d of %d fits are to be done.", len(todo), len(jobs))
    rows: dict[str, Row] = {}
    for made in _fan_out(todo, results, keep, watch_test, n_jobs):
        rows |= {row["id"]: row for row in made}
    if results is not None:
        rows = {job.id: results.read(job.id) for job in jobs}
    return pd.DataFrame([rows[job.id] for job in jobs])


def _fan_out(
    todo: Sequence[Job],
    results: ResultsFolder | None,
    keep: str | None,
    watch_test: bool,
    n_jobs: int | None,
) -> Iterator[list[Row]]:
    from joblib import Parallel, delayed, effective_n_jobs
    from tqdm.auto import tqdm

    n_workers = effective_n_jobs(n_jobs)
    level = logger.level
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    if n_workers > 1:  # else the first fit of each backbone does it
        extract_first(todo, parallel, level)
    tasks = (
        delayed(run_batch)(batch, results, keep, watch_test, level)
        for batch in make_batches(todo, n_workers)
    )
    silent = not logger.isEnabledFor(logging.INFO)
    with tqdm(total=len(todo), desc="Fits", delay=2, disable=silent) as bar:
        for rows in parallel(tasks):
            bar.update(len(rows))
            yield rows
