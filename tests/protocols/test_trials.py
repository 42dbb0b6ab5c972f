from __future__ import annotations

import dataclasses

import pytest

from mne_shallowalign.protocols import IntraSubject, LeaveOneSubjectOut


def test_channels_are_those_that_everybody_has(recordings, decoder, monkeypatch):
    seen = []
    cls = type(decoder())
    fit = cls.fit

    def noted(self, X, y, **kwargs):
        seen.append([one.ch_names for one in X])
        return fit(self, X, y, **kwargs)

    monkeypatch.setattr(cls, "fit", noted)

    def load(subject, split):
        epochs = recordings.load(subject, split).copy()
        epochs.info["bads"] = {"02": ["Oz"], "03": ["Pz"]}.get(subject, [])
        return epochs

    some = dataclasses.replace(recordings, load=load)
    rows = LeaveOneSubjectOut().run(decoder(solver="ridge"), some, seeds=1)
    all_but = [{"Oz", "Pz"}, {"Pz"}, {"Oz"}]
    names = set(recordings.load("01", "train").ch_names)
    for found, missing in zip(seen, all_but, strict=True):
        assert [set(one) for one in found] == [names - missing] * 2
    assert rows["n_train"].tolist() == [48] * 3


def test_nobody_else_is_learned_from(counted, decoder):
    recordings, loaded = counted
    LeaveOneSubjectOut().run(decoder(solver="ridge"), recordings, seeds=2)
    assert loaded[:4] == [("02", "train"), ("03", "train"), ("01", "test")] + [
        ("01", "test")
    ]


def test_metadata_are_needed(recordings, decoder):
    def load(subject, split):
        epochs = recordings.load(subject, split).copy()
        epochs.metadata = epochs.metadata.drop(columns="concept")
        return epochs

    some = dataclasses.replace(recordings, load=load)
    with pytest.raises(ValueError, match="no metadata column 'concept'"):
        IntraSubject().run(decoder(), some, seeds=1)


def test_a_trial_of_no_concept_is_refused(recordings, decoder):
    def load(subject, split):
        epochs = recordings.load(subject, split).copy()
        epochs.metadata.loc[epochs.metadata.index[2], "concept"] = None
        return epochs

    some = dataclasses.replace(recordings, load=load)
    with pytest.raises(ValueError, match=r"column 'concept' of .* first being \[2\]"):
        IntraSubject().run(decoder(), some, seeds=1)


def test_nothing_may_be_left(recordings, decoder):
    some = dataclasses.replace(
        recordings, load=lambda subject, split: recordings.load(subject, "test")
    )
    with pytest.raises(ValueError, match="leaves no training trial"):
        IntraSubject(overlap="drop").run(decoder(), some, seeds=1)


def test_categories_must_be_known(recordings, decoder):
    some = dataclasses.replace(recordings, categories={"cat": "animal"})
    with pytest.raises(ValueError, match="lack 4 concepts"):
        IntraSubject().run(decoder(), some, seeds=1)
