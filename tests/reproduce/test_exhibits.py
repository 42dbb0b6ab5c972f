from __future__ import annotations

import pytest

from mne_shallowalign.reproduce import list_exhibits, plan, simulated_setting
from mne_shallowalign.reproduce._exhibits import get_exhibit


def test_all_tables_and_figures_of_results_are_there():
    tables = {f"table{i}" for i in (1, 2, 4, 5, 6)}  # table 3 lists architectures
    figures = {f"figure{i}" for i in range(2, 14)}  # figure 1 is a sketch
    exhibits = list_exhibits()
    assert set(exhibits.index) == tables | figures
    assert exhibits["dataset"].value_counts().to_dict() == {
        "things-eeg2": 16,
        "things-meg": 1,
    }


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match="Did you mean 'figure2'"):
        get_exhibit("figur2")
    with pytest.raises(ValueError, match="name must be one of table1"):
        plan("x", simulated_setting(None))
