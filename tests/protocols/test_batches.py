from __future__ import annotations

import pytest

from mne_shallowalign.protocols import FewShotCalibration, IntraSubject, Recordings
from mne_shallowalign.protocols._batches import make_batches
from mne_shallowalign.protocols._plan import make_plan

PEOPLE = Recordings(
    name="people", subjects=("01", "02", "03"), load=print, load_minutes=print
)


@pytest.mark.parametrize("n_workers", [1, 2, 8, 100])
def test_every_fit_is_in_one_batch(decoder, n_workers):
    recipes = {str(layer): decoder(layer) for layer in range(1, 6)}
    jobs = make_plan(IntraSubject(), recipes, PEOPLE, 4, "train")
    batches = make_batches(jobs, n_workers)
    assert sorted(job.id for batch in batches for job in batch) == sorted(
        job.id for job in jobs
    )
    for batch in batches:
        assert len({job.case.subject for job in batch}) == 1
    if n_workers == 1:
        assert len(batches) == 3  # each recording is loaded once
    else:
        assert len(batches) >= min(len(jobs), 3 * n_workers)


def test_minutes_of_one_fit_stay_together(decoder):
    jobs = make_plan(FewShotCalibration(), decoder(), PEOPLE, 2, "train")
    batches = make_batches(jobs, 100)
    assert [len(batch) for batch in batches] == [3] * 6


def test_other_channels_are_another_batch(decoder):
    from mne_shallowalign.protocols import Recipe

    recipes = [
        Recipe(name=picks, decoder=decoder(), picks=picks)
        for picks in ("eeg", "occipito-parietal")
    ]
    jobs = make_plan(IntraSubject(), recipes, PEOPLE, 1, "train")
    for batch in make_batches(jobs, 1):
        assert len({job.recipe.picks for job in batch}) == 1
