"""Fits that learn from the same trials, done together by one worker."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

from mne.utils import use_log_level

from ._fit import Fitted, adapt, fit_candidates, fit_job, fit_on_others
from ._plan import Job
from ._results import ResultsFolder
from ._score import Arrays, Row, describe_fit, score_fit
from ._trials import Trials, load_test, load_training, refuse_overlap

BATCHES_PER_WORKER = 3


def make_batches(jobs: Sequence[Job], n_workers: int) -> list[list[Job]]:
    """Put fits of the same data together, in enough batches for all workers.

    Parameters
    ----------
    jobs : sequence of Job
        The fits.
    n_workers : int
        How many there are to share them.

    Returns
    -------
    batches : list of list of Job
        Each loads its training trials once. Those of one recipe and seed, which may
        share a fit, stay together.
    """
    wanted = 1 if n_workers == 1 else BATCHES_PER_WORKER * n_workers
    batches = [
        list(_grouped(same, _fit_key).values())
        for same in _grouped(jobs, _data_key).values()
    ]
    while 0 < len(batches) < wanted and max(map(len, batches)) > 1:
        largest = max(batches, key=len)
        batches.remove(largest)
        half = len(largest) // 2
        batches += [largest[:half], largest[half:]]
    return [[job for same in batch for job in same] for batch in batches]


def _grouped(
    jobs: Sequence[Job], key: Callable[[Job], Hashable]
) -> dict[Hashable, list[Job]]:
    groups: dict[Hashable, list[Job]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return groups


def _data_key(job: Job) -> Hashable:
    case = job.case
    picks = str(job.recipe.picks)
    return id(job.recordings), case.subject, case.train_subjects, picks


def _fit_key(job: Job) -> Hashable:
    return job.recipe.name, job.seed


def run_batch(
    jobs: Sequence[Job],
    results: ResultsFolder | None,
    keep: str | None,
    watch_test: bool,
    level: int,
) -> list[Row]:
    """Do some fits, those first that no other process is at.

    Parameters
    ----------
    jobs : sequence of Job
        Fits of the same data.
    results : ResultsFolder | None
        Where results are kept.
    keep : str | None
        What is kept beside the rows.
    watch_test : bool
        Whether the score on the test set is recorded after every epoch.
    level : int
        MNE's logging level.

    Returns
    -------
    rows : list of dict
        One for each.
    """
    from ..alignment import build_net  # noqa: F401  # else the first fit counts it

    with use_log_level(level):
        batch = Batch(jobs[0], keep, watch_test)
        if results is None:
            return [batch.run(job)[0] for job in jobs]
        busy = [job for job in jobs if not _run_claimed(batch, job, results, False)]
        for job in busy:
            _run_claimed(batch, job, results, True)
        return [results.read(job.id) for job in jobs]


def _run_claimed(batch: Batch, job: Job, results: ResultsFolder, wait: bool) -> bool:
    with results.claim(job.id, wait=wait) as mine:
        if mine:
            results.write(*batch.run(job))
    return results.has(job.id)


class Batch:
    """The training trials of several fits, loaded when they are first needed.

    Parameters
    ----------
    job : Job
        One of the fits.
    keep : str | None
        What is kept beside the rows.
    watch_test : bool
        Whether the score on the test set is recorded after every epoch.
    """

    def __init__(self, job: Job, keep: str | None, watch_test: bool) -> None:
        self.job = job
        self.keep = keep
        self.watch_test = watch_test
        self._of_others: tuple[Hashable, Fitted] | None = None

    @cached_property
    def train(self) -> Trials:
        """The training trials."""
        return load_training(self.job)

    def run(self, job: Job) -> tuple[Row, Arrays]:
        """Fit, and then test.

        Parameters
        ----------
        job : Job
            One of the fits.

        Returns
        -------
        row : dict
            The row of the table.
        arrays : dict of str to array
            What is kept beside it.
        """
        try:
            if job.selection == "train":
                return self._test(job, self._fit(job))
            tested = [self._test(job, one) for one in fit_candidates(job, self.train)]
        except Exception as error:
            error.add_note(f"In the fit {job.columns}.")
            raise
        return max(tested, key=lambda made: made[0]["top1"])

    def _fit(self, job: Job) -> Fitted:
        if job.case.minutes is None or self.watch_test:
            return fit_job(job, self.train, self.watch_test)
        if self._of_others is None or self._of_others[0] != _fit_key(job):
            self._of_others = _fit_key(job), fit_on_others(job, self.train)
        return adapt(job, self._of_others[1])

    def _test(self, job: Job, fitted: Fitted) -> tuple[Row, Arrays]:
        row, curves = describe_fit(job, fitted, len(self.train))
        test = load_test(job)  # not before: nothing that was learned can depend on it
        refuse_overlap(self.train, test, job)
        if fitted.own is not None:
            refuse_overlap(fitted.own, test, job)
        scores, arrays = score_fit(job, fitted, test, self.keep)
        return row | scores, curves | arrays
