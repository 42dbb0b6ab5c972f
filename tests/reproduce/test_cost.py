from __future__ import annotations

import pytest

from mne_shallowalign.protocols import Recordings
from mne_shallowalign.reproduce import cost, paper_setting, plan, simulated_setting


@pytest.fixture
def setting():
    recordings = Recordings(
        name="things-eeg2", subjects=tuple(f"{i:02d}" for i in range(1, 11)), load=print
    )
    return paper_setting(recordings, backbones=["rn50", "vit-b-16"])


def test_fits_and_hours_counted_by_hand(setting):
    fits = plan("table6", setting)
    found = cost(fits, setting, seconds_per_fit=36)
    assert found.n_fits == 2 * 2 * 10 * 5  # protocols, models, people, seeds
    # one person's trials within, those of nine between
    assert found.gpu_hours == pytest.approx(100 * 0.01 + 100 * 9 * 0.01)


def test_a_search_counts_as_all_its_layers_in_five_folds(setting):
    found = cost(plan("table4", setting), setting, seconds_per_fit=36)
    searches = 50 * (4 * 5 + 1) + 50 * (10 * 5 + 1)
    assert found.gpu_hours == pytest.approx((searches + 100) * 0.01)


def test_simulated_takes_hardly_any_disk():
    setting = simulated_setting(None)
    found = cost(plan("figure2", setting), setting, seconds_per_fit=1)
    assert found.result_bytes + found.feature_bytes < 50e6


def test_simulated_fits_are_not_taken_for_those_of_the_paper(setting):
    quick = simulated_setting(None)
    assert cost(plan("figure2", quick), quick).gpu_hours < 0.1
    fits = plan("table6", setting)
    assert cost(fits, setting) == cost(fits, setting, seconds_per_fit=50)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_seconds_are_positive(setting, seconds):
    with pytest.raises(ValueError, match="seconds_per_fit must be positive"):
        cost(plan("table6", setting), setting, seconds_per_fit=seconds)
