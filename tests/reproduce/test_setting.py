from __future__ import annotations

import pandas as pd
import pytest

from mne_shallowalign.backbones._paper import PAPER
from mne_shallowalign.protocols import Recordings
from mne_shallowalign.reproduce import paper_setting


def _recordings(*subjects):
    return Recordings(name="things-eeg2", subjects=subjects, load=print)


def test_the_papers_models_in_its_order_whatever_was_asked_first():
    setting = paper_setting(_recordings("01"), backbones=["internvit-6b", "rn50"])
    assert [model.label for model in setting.models] == ["RN50", "InternViT"]
    assert setting.main.alias == "internvit-6b"
    every = paper_setting(_recordings("01")).models
    assert [model.alias for model in every] == [row.alias for row in PAPER]


def test_other_models_are_told():
    with pytest.raises(
        ValueError, match=r"backbones must be among rn50.*\['gabor/v1'\]"
    ):
        paper_setting(_recordings("01"), backbones=["gabor/v1"])
    with pytest.raises(ValueError, match="backbones must be among"):
        paper_setting(_recordings("01"), backbones=[])


def test_subjects_of_the_paper_or_who_stands_for_them():
    paper = paper_setting(_recordings(*(f"{i:02d}" for i in range(1, 11))))
    assert (paper.person(7), paper.person(10)) == ("07", "10")
    few = paper_setting(_recordings("03", "05"))
    assert (few.person(7), few.person(10)) == ("03", "05")


@pytest.mark.parametrize(
    ("alias", "layers"),
    [
        ("rn50", [1, 2, 3, 4]),
        ("vit-b-16", [1, 2, 3, 5, 6, 7, 8, 10, 11, 12]),
        ("internvit-6b", [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 45]),  # figure 8
    ],
)
def test_about_ten_evenly_spaced_layers(alias, layers):
    setting = paper_setting(_recordings("01"), backbones=[alias])
    assert setting.layers(setting.main) == layers


def test_the_note_says_what_a_reader_must_know():
    fits = pd.DataFrame({"subject": ["01", "02"] * 2, "seed": [0, 0, 1, 1]})
    honest = paper_setting(_recordings("01", "02"))
    assert honest.note(fits) == (
        "things-eeg2; 2 people; 2 seeds; nothing chosen by the score on the test set"
    )
    habit = paper_setting(_recordings("01", "02"), selection="test")
    note = habit.note(fits.iloc[:1])
    assert note.startswith("things-eeg2; 1 person; 1 seed; test-selected")
