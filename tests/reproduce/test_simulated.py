from __future__ import annotations

import pytest

from mne_shallowalign.encoders import build_encoder
from mne_shallowalign.reproduce import plan, simulated_setting
from mne_shallowalign.reproduce._ablations import _ENCODERS
from mne_shallowalign.reproduce._setting import PAPER_NAMES


def test_stand_ins_never_pass_for_the_papers_models():
    setting = simulated_setting(None)
    for model in setting.models:
        assert model.label.startswith(f"stand-in for {PAPER_NAMES[model.alias]} (")
        assert model.description.weights in ("random-0", "none")  # nothing is fetched
    assert setting.recordings.is_simulated


def test_without_a_path_it_is_for_plans():
    setting = simulated_setting(None, subjects=["02"], seeds=2)
    assert set(plan("table6", simulated_setting(None))["subject"]) == {"01", "02", "03"}
    assert set(plan("table4", setting)["subject"]) == {"02"}
    with pytest.raises(ValueError, match="for plan only"):
        setting.recordings.load("02", "train")


def test_who_and_what_is_not_there_is_told():
    with pytest.raises(
        ValueError, match="backbones must be among those with a stand-in.* got"
    ):
        simulated_setting(None, backbones=["rn101"])
    with pytest.raises(
        ValueError, match="subjects must be among those simulated, 01, 02, 03"
    ):
        simulated_setting(None, subjects=["07"])


def test_every_encoder_of_the_paper_has_enough_samples(setting):
    epochs = setting.recordings.load("01", "test")
    shape = {"n_chans": len(epochs.ch_names), "n_times": len(epochs.times)}
    for name in _ENCODERS:
        build_encoder(name, shape, {"n_outputs": 8})
