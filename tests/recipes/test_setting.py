"""Settings and datasets that a system was not published for."""

import pytest

from mne_shallowalign import recipes


@pytest.mark.parametrize("name", recipes.list_recipes())
def test_unknown_setting(name):
    with pytest.raises(ValueError, match="setting must be one of"):
        getattr(recipes, name)(setting="both")


@pytest.mark.parametrize("name", ["nice", "atm", "neural_mcrl", "samga"])
def test_dataset_that_it_was_not_published_for(name):
    with pytest.raises(ValueError, match="was published for things-eeg2, got"):
        getattr(recipes, name)(dataset="things-meg")
