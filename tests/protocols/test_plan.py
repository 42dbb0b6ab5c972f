from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
from mne_shallowalign.protocols import (
    FewShotCalibration,
    IntraSubject,
    LeaveOneSubjectOut,
    Recipe,
    Recordings,
)


def never(*args):
    raise AssertionError("a plan reads no data")


PEOPLE = Recordings(
    name="people", subjects=("01", "02", "03"), load=never, load_minutes=never
)


def test_one_row_per_recipe_subject_and_seed(decoder):
    recipes = {"a": decoder(), "b": LayerSearchCV(decoder())}
    plan = IntraSubject().plan(recipes, PEOPLE, seeds=(3, 5))
    assert len(plan) == 2 * 3 * 2 == plan["id"].nunique()
    rows = plan[["recipe", "subject", "seed"]].values.tolist()
    assert rows[:3] == [["a", "01", 3], ["a", "01", 5], ["a", "02", 3]]
    assert set(plan["n_train_subjects"]) == {1}
    assert (plan["selection"] == "train").all()


def test_several_datasets_and_minutes(decoder):
    other = dataclasses.replace(PEOPLE, name="others", subjects=("x", "y"))
    plan = FewShotCalibration(minutes=(1, 5)).plan(decoder(), [PEOPLE, other], seeds=1)
    assert plan.groupby("dataset").size().to_dict() == {"people": 6, "others": 4}
    assert plan["minutes"].tolist()[:4] == [1, 5, 1, 5]
    assert plan["n_train_subjects"].tolist() == [2] * 6 + [1] * 4


def test_the_grid_of_the_paper():
    backbones = "rn50 rn101 vit-b-16 vit-h-14 vit-bigg-14 dinov2-giant".split()
    backbones += ["eva02-e-14-plus", "internvit-6b"]
    encoders = "eegproject tsconv eegnet atm eegconformer".split()
    recipes = {
        f"{backbone} {depth} {encoder}": ShallowAlignDecoder(
            backbone, depth, encoder=encoder
        )
        for backbone in backbones
        for depth in np.linspace(0, 1, 10).tolist()
        for encoder in encoders
    }
    people = Recordings(name="x", subjects=tuple(map(str, range(10))), load=never)
    plan = IntraSubject().plan(recipes, people, seeds=5)
    assert len(plan) == 8 * 10 * 10 * 5 * 5 == plan["id"].nunique()
    assert plan.groupby("backbone").size().to_dict() == dict.fromkeys(backbones, 2500)


def test_ids_tell_apart_what_gives_other_results(decoder):
    def ids(protocol, recipe, people=PEOPLE, **options):
        return set(protocol.plan({"r": recipe}, people, **options)["id"])

    one = ids(IntraSubject(), decoder())
    others = [
        ids(LeaveOneSubjectOut(), decoder()),
        ids(IntraSubject(overlap="drop"), decoder()),
        ids(IntraSubject(), decoder(layer=2)),
        ids(IntraSubject(), decoder(encoder_params={"drop_prob": 0.1})),
        ids(IntraSubject(), LayerSearchCV(decoder())),
        ids(IntraSubject(), Recipe(name="r", decoder=decoder(), picks="eeg")),
        ids(IntraSubject(), decoder(), selection="test"),
        ids(IntraSubject(), decoder(), dataclasses.replace(PEOPLE, name="other")),
        ids(IntraSubject(), decoder(), dataclasses.replace(PEOPLE, details="x")),
    ]
    assert all(one.isdisjoint(other) for other in others)


def test_ids_stay_where_results_do(decoder):
    few = FewShotCalibration(minutes=(1,)).plan(decoder(), PEOPLE, seeds=2)
    more = FewShotCalibration(minutes=(1, 5)).plan(
        decoder(device="cpu", cache_dir="elsewhere", random_state=7), PEOPLE, seeds=3
    )
    assert set(few["id"]) < set(more["id"])


def test_ids_are_the_same_in_another_process():
    code = (
        "from functools import partial\n"
        "from mne_shallowalign import ShallowAlignDecoder\n"
        "from mne_shallowalign.alignment import RepetitionAverage\n"
        "from mne_shallowalign.protocols import IntraSubject, Recordings\n"
        "people = Recordings(name='people', subjects=('01',), load=print)\n"
        "decoder = ShallowAlignDecoder(augment=[RepetitionAverage(), len])\n"
        "found = IntraSubject().plan(decoder, people, seeds=1)['id'][0]\n"
    )
    names: dict = {}
    exec(code, names)
    run = [sys.executable, "-W", "ignore", "-c", code + "print(found)"]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said.strip() == names["found"]


@pytest.mark.parametrize(
    ("recipes", "error", "message"),
    [
        ([], ValueError, "at least one"),
        ([ShallowAlignDecoder(), ShallowAlignDecoder()], ValueError, "names that diff"),
        ({"x": 3}, TypeError, "must be a ShallowAlignDecoder"),
    ],
)
def test_what_is_no_recipe(recipes, error, message):
    with pytest.raises(error, match=message):
        IntraSubject().plan(recipes, PEOPLE)


def test_what_cannot_be_planned(decoder):
    alone = dataclasses.replace(PEOPLE, subjects=("01",))
    with pytest.raises(ValueError, match="nobody else to learn from"):
        LeaveOneSubjectOut().plan(decoder(), alone)
    untimed = dataclasses.replace(PEOPLE, load_minutes=None)
    with pytest.raises(ValueError, match="no load_minutes"):
        FewShotCalibration().plan(decoder(), untimed)
    with pytest.raises(ValueError, match="closed form that cannot be adapted"):
        FewShotCalibration().plan(decoder(solver="ridge"), PEOPLE)
    with pytest.raises(ValueError, match="selection must be one of"):
        IntraSubject().plan(decoder(), PEOPLE, selection="validation")
    with pytest.raises(ValueError, match="seeds must be"):
        IntraSubject().plan(decoder(), PEOPLE, seeds=(1, 1))
    with pytest.raises(ValueError, match="overlap must be one of"):
        IntraSubject(overlap="ignore")
    with pytest.raises(ValueError, match="positive numbers"):
        FewShotCalibration(minutes=(0, 1))


def test_no_dataset_at_all(decoder):
    with pytest.raises(ValueError, match="recordings must be at least one"):
        IntraSubject().run(decoder(), [])
