"""The sentence says what the test measures."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands._folds import Seen
from mne_shallowalign.commands._study import _say_seen


@pytest.mark.parametrize(
    ("seen", "by_class", "expected"),
    [
        (Seen(24, 0, 0), False, ""),
        (
            Seen(24, 24, 24),
            False,
            "The pictures were seen in training: this measures how well repetitions "
            "are recognised, not zero-shot retrieval.",
        ),
        (
            Seen(24, 24, 24),
            True,
            "The classes were seen in training: this measures how well known classes "
            "are recognised, not zero-shot retrieval.",
        ),
        (Seen(24, 0, 24), False, "Their concepts were in training."),
        (
            Seen(24, 6, 10),
            False,
            "In 6 of the 24 queries the picture was seen in training, which measures "
            "how well repetitions are recognised, not zero-shot retrieval. "
            "In 4 of the 24 queries the picture was new, but its concept was in "
            "training.",
        ),
        (
            Seen(24, 6, 6),
            True,
            "In 6 of the 24 queries the class was seen in training, which measures how "
            "well known classes are recognised, not zero-shot retrieval.",
        ),
    ],
)
def test_what_is_not_new_is_said(seen, by_class, expected):
    assert " ".join(_say_seen(seen, by_class)) == expected
