from __future__ import annotations

import dataclasses
import threading

import joblib
import numpy as np
import pandas as pd
import pytest
from mne.utils import catch_logging

from mne_shallowalign import LayerSearchCV
from mne_shallowalign.protocols import (
    FewShotCalibration,
    IntraSubject,
    LeaveOneSubjectOut,
    read_arrays,
    read_results,
)

TIMES = ["fit_seconds", "score_seconds", "versions"]


def assert_same_rows(one, other):
    pd.testing.assert_frame_equal(one.drop(columns=TIMES), other.drop(columns=TIMES))


def test_a_run_goes_on_where_it_was_killed(counted, decoder, tmp_path):
    recordings, loaded = counted

    def killed(subject, split):
        if (subject, split) == ("02", "test"):
            raise KeyboardInterrupt
        return recordings.load(subject, split)

    recipes = {"ridge": decoder(solver="ridge"), "plain": decoder()}
    dying = dataclasses.replace(recordings, load=killed)
    with pytest.raises(KeyboardInterrupt):
        IntraSubject().run(recipes, dying, seeds=2, folder=tmp_path)
    assert len(read_results(tmp_path)) == 4  # all of the first subject
    loaded.clear()
    resumed = IntraSubject().run(recipes, recordings, seeds=2, folder=tmp_path)
    assert loaded.count(("01", "test")) == 0
    assert loaded.count(("02", "test")) == loaded.count(("03", "test")) == 4
    assert loaded.count(("02", "train")) == 1  # once for all recipes and seeds
    whole = IntraSubject().run(recipes, recordings, seeds=2)
    assert_same_rows(resumed, whole)
    loaded.clear()
    again = IntraSubject().run(recipes, recordings, seeds=2, folder=tmp_path)
    assert not loaded
    pd.testing.assert_frame_equal(again, resumed)


def test_two_at_once_share_a_folder(counted, decoder, tmp_path):
    recordings, loaded = counted
    tables = []

    def work():
        made = LeaveOneSubjectOut().run(decoder(), recordings, seeds=3, folder=tmp_path)
        tables.append(made)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(split == "test" for _, split in loaded) == 9  # no fit was done twice
    pd.testing.assert_frame_equal(*tables)
    assert len(list(tmp_path.glob("*.json"))) == len(read_results(tmp_path)) == 9


def test_threads_give_the_same_rows(recordings, decoder, tmp_path):
    recipes = {"ridge": decoder(solver="ridge"), "auto": decoder("auto")}
    serial = IntraSubject().run(recipes, recordings, seeds=2)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        parallel = IntraSubject().run(recipes, recordings, seeds=2, folder=tmp_path)
    assert_same_rows(serial, parallel)
    assert sorted(serial["id"]) == sorted(read_results(tmp_path)["id"])


def test_scores_follow_from_what_is_kept(recordings, decoder, tmp_path):
    table = IntraSubject().run(
        decoder(), recordings, seeds=1, folder=tmp_path, keep="embeddings"
    )
    for _, row in table.iterrows():
        kept = read_arrays(tmp_path, row["id"])
        similarity, truth = kept["similarity"], kept["truth"]
        hits = (similarity.argmax(axis=1) == truth).mean()
        assert row["top1"] == pytest.approx(hits)
        np.testing.assert_allclose(
            kept["queries"] @ kept["images"].T, similarity, atol=1e-6
        )
        test = recordings.load(row["subject"], "test").metadata
        assert kept["gallery"][truth].tolist() == test["image"].tolist()
        assert kept["concepts"][truth].tolist() == test["concept"].tolist()
        assert len(kept["train_loss"]) == 5 == row["epoch"]
        assert "test_loss" not in kept


def test_a_row_is_what_a_user_would_get(recordings, decoder):

    row = IntraSubject().run(decoder(), recordings, seeds=[4]).iloc[1]
    train, test = (recordings.load("02", split) for split in ("train", "test"))
    mine = decoder(random_state=4, image_root=recordings.image_root)
    mine.fit(train, train.metadata["image"], groups=train.metadata["concept"])
    assert row["top1"] == mine.score(test, test.metadata["image"])
    ranks = mine.ranks(test, test.metadata["image"])
    assert row["mean_rank"] == pytest.approx(ranks.mean())
    assert row["layer"] == mine.layer_
    assert (row["n_train"], row["n_queries"], row["n_gallery"]) == (24, 12, 12)


def test_only_the_picked_channels_are_used(recordings, decoder, monkeypatch):
    from mne_shallowalign.protocols import Recipe

    seen = []
    cls = type(decoder())
    fit = cls.fit

    def noted(self, X, y, **kwargs):
        seen.append(X.ch_names)
        return fit(self, X, y, **kwargs)

    monkeypatch.setattr(cls, "fit", noted)
    recipe = Recipe(name="two", decoder=decoder(), picks=("Oz", "Pz"))
    only = dataclasses.replace(recordings, subjects=("01",))
    IntraSubject().run(recipe, only, seeds=1)
    assert [set(names) for names in seen] == [{"Oz", "Pz"}]
    assert len(recordings.load("01", "train").ch_names) == 17  # untouched


def test_minutes_share_what_was_learned_of_others(recordings, decoder, monkeypatch):
    fits = []
    cls = type(decoder())
    fit = cls.fit

    def noted(self, X, y, **kwargs):
        fits.append("others" if isinstance(X, list) else "own")
        return fit(self, X, y, **kwargs)

    both = FewShotCalibration(minutes=(0.2, 0.5)).run(decoder(), recordings, seeds=1)
    one = FewShotCalibration(minutes=(0.5,)).run(decoder(), recordings, seeds=1)
    later = both[both["minutes"] == 0.5].reset_index(drop=True)
    assert_same_rows(later, one)
    assert (both["n_adapt"] < both["n_train"]).all()
    assert later["n_adapt"].tolist() == [
        len(recordings.load_minutes(subject, 0.5)) for subject in recordings.subjects
    ]
    monkeypatch.setattr(cls, "fit", noted)
    FewShotCalibration(minutes=(0.2, 0.5)).run(decoder(), recordings, seeds=1)
    assert fits == ["others", "own", "own"] * 3


def test_adaptation_is_a_warm_start(recordings, decoder):
    protocol = FewShotCalibration(minutes=(0.5,), max_epochs=2, lr=1e-3)
    row = protocol.run(decoder(), recordings, seeds=1).iloc[0]
    others = [recordings.load(subject, "train") for subject in ("02", "03")]
    images = [image for one in others for image in one.metadata["image"]]
    mine = decoder(random_state=0, image_root=recordings.image_root)
    mine.fit(others, images)
    own = recordings.load_minutes("01", 0.5)
    mine.set_params(warm_start=True, max_epochs=2, lr=1e-3)
    mine.fit(own, own.metadata["image"])
    test = recordings.load("01", "test")
    assert row["top1"] == mine.score(test, test.metadata["image"])
    ranks = mine.ranks(test, test.metadata["image"])
    assert row["mean_rank"] == pytest.approx(ranks.mean())


def test_what_is_chosen_on_the_test_set_says_so(recordings, decoder, tmp_path):
    search = LayerSearchCV(decoder(), [1, 3, 5], cv=2)
    with catch_logging() as log:
        rows = IntraSubject().run(
            search, recordings, seeds=1, folder=tmp_path, selection="test"
        )
    assert log.getvalue().count("too high") == 1
    assert (rows["selection"] == "test").all()
    assert (rows["layer_rule"] == "test").all()
    honest = IntraSubject().run(
        {layer: decoder(layer) for layer in (1, 3, 5)},
        recordings,
        seeds=1,
        folder=tmp_path,
        watch_test=True,
    )
    for _, row in rows.iterrows():
        own = honest[honest["subject"] == row["subject"]]
        curves = {
            one["layer"]: read_arrays(tmp_path, one["id"])["test_top1"]
            for _, one in own.iterrows()
        }
        assert row["top1"] == max(curve.max() for curve in curves.values())
        assert row["epoch"] == 1 + curves[row["layer"]].argmax()
    assert read_results(tmp_path)["selection"].value_counts().to_dict() == {
        "train": 9,
        "test": 3,
    }


def test_a_search_chooses_on_training_concepts(recordings, decoder):
    search = LayerSearchCV(decoder(random_state=0), [1, 3, 5], cv=2)
    row = IntraSubject().run(search, recordings, seeds=1).iloc[0]
    train = recordings.load("01", "train")
    mine = search.set_params(decoder__image_root=recordings.image_root)
    mine.fit(train, train.metadata["image"], groups=train.metadata["concept"])
    test = recordings.load("01", "test")
    assert row["layer"] == mine.best_layer_
    assert row["layer_rule"] == "search"
    assert row["top1"] == mine.score(test, test.metadata["image"])


def test_known_concepts_are_refused_or_dropped(recordings, decoder):
    def load(subject, split):
        epochs = recordings.load(subject, split)
        if split == "test":
            return epochs
        known = recordings.load(subject, "test").metadata["concept"].iloc[0]
        concept = epochs.metadata["concept"].tolist()
        concept[:3] = [known] * 3
        epochs = epochs.copy()
        epochs.metadata = epochs.metadata.assign(concept=concept)
        return epochs

    leaking = dataclasses.replace(recordings, load=load, subjects=("01",))
    with pytest.raises(ValueError, match="3 of 24 training trials"):
        IntraSubject().run(decoder(), leaking, seeds=1)
    rows = IntraSubject(overlap="drop").run(decoder(), leaking, seeds=1)
    assert rows["n_train"].tolist() == [21]


def test_copies_of_test_pictures_are_refused(recordings, decoder, tmp_path):
    import shutil

    test = recordings.load("01", "test").metadata["image"].iloc[0]
    copy = recordings.image_root / "copies" / "copy.png"
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(recordings.image_root / test, copy)

    def load(subject, split):
        epochs = recordings.load(subject, split)
        if split == "test":
            return epochs
        images = epochs.metadata["image"].tolist()
        images[0] = "copies/copy.png"
        epochs = epochs.copy()
        epochs.metadata = epochs.metadata.assign(image=images)
        return epochs

    leaking = dataclasses.replace(recordings, load=load, subjects=("01",))
    with pytest.raises(ValueError, match="1 of 24 training trials"):
        IntraSubject().run(decoder(), leaking, seeds=1)


def test_an_error_says_which_fit_it_was(recordings, decoder):
    with pytest.raises(ValueError, match="layer") as caught:
        IntraSubject().run({"deep": decoder(99)}, recordings, seeds=1)
    assert "'recipe': 'deep'" in caught.value.__notes__[0]


def test_what_is_kept_must_be_known(recordings, decoder):
    with pytest.raises(ValueError, match="keep must be one of"):
        IntraSubject().run(decoder(), recordings, keep="everything")
