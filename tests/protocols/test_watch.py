from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mne_shallowalign.protocols import (
    FewShotCalibration,
    IntraSubject,
    read_arrays,
)


def test_looking_changes_nothing_that_is_learned(recordings, decoder, tmp_path):
    recipe = decoder(encoder_params={"drop_prob": 0.5})
    plain = IntraSubject().run(recipe, recordings, seeds=2)
    watched = IntraSubject().run(
        recipe, recordings, seeds=2, folder=tmp_path, watch_test=True
    )
    assert plain["digest"].tolist() == watched["digest"].tolist()
    assert plain["top1"].tolist() == watched["top1"].tolist()
    for _, row in watched.iterrows():
        curve = read_arrays(tmp_path, row["id"])["test_top1"]
        assert len(curve) == row["epoch"]
        assert curve[-1] == row["top1"]


def test_the_loss_is_eq_3_over_the_test_set(recordings, decoder, tmp_path):
    recipe = decoder(learn_temperature=False, temperature=0.1)
    only = dataclasses.replace(recordings, subjects=("01",))
    row = IntraSubject().run(recipe, only, seeds=1, folder=tmp_path, watch_test=True)
    kept = read_arrays(tmp_path, row["id"][0])
    logits = torch.from_numpy(kept["similarity"][:, kept["truth"]]) / 0.1
    target = torch.arange(len(logits))
    by_hand = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
    assert kept["test_loss"][-1] == pytest.approx(by_hand.item(), rel=1e-5)


def test_ensembles_are_watched_too(recordings, decoder, tmp_path):
    only = dataclasses.replace(recordings, subjects=("01",))
    row = (
        IntraSubject()
        .run(decoder(n_members=2), only, seeds=1, folder=tmp_path, watch_test=True)
        .iloc[0]
    )
    kept = read_arrays(tmp_path, row["id"])
    assert kept["test_top1"][-1] == row["top1"]
    assert np.isfinite(kept["test_loss"]).all()


def test_only_the_adaptation_is_watched(recordings, decoder, tmp_path):
    only = FewShotCalibration(minutes=(0.5,), max_epochs=3)
    rows = only.run(decoder(), recordings, seeds=1, folder=tmp_path, watch_test=True)
    plain = only.run(decoder(), recordings, seeds=1)
    assert rows["digest"].tolist() == plain["digest"].tolist()
    curve = read_arrays(tmp_path, rows["id"][0])["test_top1"]
    assert np.isnan(curve).tolist() == [True] * 5 + [False] * 3
    assert curve[-1] == rows["top1"][0]


def test_the_best_epoch_comes_back(recordings, decoder, tmp_path):
    recipe = decoder(max_epochs=12, lr=3e-2)
    rows = IntraSubject().run(
        recipe, recordings, seeds=2, folder=tmp_path, selection="test"
    )
    for _, row in rows.iterrows():
        curve = read_arrays(tmp_path, row["id"])["test_top1"]
        assert row["epoch"] == 1 + curve.argmax()
        assert row["top1"] == curve.max()
    assert (rows["epoch"] < 12).any()  # so that it had something to bring back
