from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.protocols import (
    IntraSubject,
    calibrate_results,
    read_arrays,
    read_results,
)
from mne_shallowalign.retrieval import calibrate, top_k_accuracy

SCORES = ["top1", "top5", "mrr", "mean_rank", "median_rank", "two_way", "concept5"]


@pytest.fixture(scope="module")
def folder(recordings, tmp_path_factory):
    from mne_shallowalign import ShallowAlignDecoder

    folder = tmp_path_factory.mktemp("results")
    decoder = ShallowAlignDecoder("gabor/v1", 3, solver="ridge")
    IntraSubject().run(decoder, recordings, seeds=1, folder=folder, keep="embeddings")
    return folder


@pytest.mark.parametrize(
    ("method", "transductive"), [("gallery-whitening", False), ("csls", True)]
)
def test_rows_say_what_was_done(folder, method, transductive):
    table = calibrate_results(folder, method, transductive=transductive)
    plain = read_results(folder)
    assert set(table["calibration"]) == {method}
    assert set(table["transductive"]) == {transductive}
    assert set(plain["calibration"]) == {"none"}
    assert not plain["transductive"].any()
    same = [c for c in plain if c not in [*SCORES, "calibration", "transductive"]]
    assert table[same].equals(plain[same])
    for _, row in table.iterrows():
        kept = read_arrays(folder, row["id"])
        found = calibrate(
            (kept["queries"], kept["images"]), method, transductive=transductive
        )
        assert row["top1"] == top_k_accuracy(found.similarity, kept["truth"])


def test_the_queries_are_used_jointly_when_asked_for_only(folder):
    with pytest.raises(ValueError, match="transductive"):
        calibrate_results(folder, "hungarian")


def test_no_similarities(recordings, decoder, tmp_path):
    ridge = decoder(solver="ridge")
    IntraSubject().run(ridge, recordings, seeds=1, folder=tmp_path, keep=None)
    assert np.isfinite(read_results(tmp_path)["top1"]).all()
    with pytest.raises(ValueError, match="No similarities were kept"):
        calibrate_results(tmp_path, "csls", transductive=True)
