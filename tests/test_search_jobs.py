"""Seeds of a search."""

import numpy as np
import pytest

from mne_shallowalign._search_jobs import random_states

MOST = np.iinfo(np.int32).max


@pytest.mark.parametrize("random_state", [7, np.random.RandomState(7)])
def test_states_are_those_of_decoders_in_turn(random_state):
    """Each decoder draws its seed from the state that it is given."""
    found = [state.randint(MOST) for state in random_states(random_state, 3)]
    state = np.random.RandomState(7)
    assert found == [state.randint(MOST) for _ in range(3)]


def test_without_a_state_seeds_differ_but_are_shared():
    first, second = random_states(None, 2)
    again = first.get_state()[1]
    assert (again == first.get_state()[1]).all()
    assert first.randint(MOST) != second.randint(MOST)
    assert random_states(None, 1)[0].randint(MOST) != random_states(None, 1)[0].randint(
        MOST
    )
