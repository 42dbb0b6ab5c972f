"""What is written is read again, by us and by other tools."""

from __future__ import annotations

import json
import stat

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from mne_shallowalign._evaluation import Evaluation
from mne_shallowalign._evaluation_folder import (
    is_evaluation,
    read_evaluation,
    write_evaluation,
)


@pytest.mark.parametrize("name", ["similarity.safetensors", "provenance.json"])
@pytest.mark.parametrize("damage", [b"", b"[]"])
def test_a_damaged_file_is_named(name, damage, tmp_path):
    found = Evaluation(
        similarity=np.eye(2, dtype=np.float32),
        truth=np.array([0, 1]),
        gallery=["a/1.png", "b/2.png"],
        concepts=["a", "b"],
    )
    write_evaluation(tmp_path, found, {})
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(ValueError, match=rf"{name} is damaged .*Evaluate"):
        read_evaluation(tmp_path)


def test_a_folder_gives_back_what_it_was_given(tmp_path):
    rng = np.random.default_rng(0)
    found = Evaluation(
        similarity=np.array([[0.9, 0.1, 0.2], [0.3, 0.2, 0.1]], np.float32),
        truth=np.array([0, 2]),
        gallery=["a/1.png", "a/2.png", "b/3.png"],
        concepts=["a", "a", "b"],
        queries=rng.standard_normal((2, 4)).astype(np.float32),
    )
    assert not is_evaluation(tmp_path)
    write_evaluation(tmp_path, found, {"dataset": "mine"})
    assert is_evaluation(tmp_path)
    again, record = read_evaluation(tmp_path, tmp_path / "stimuli")
    assert record == {"dataset": "mine"}
    for name in ("similarity", "truth", "queries"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert (again.gallery, again.concepts) == (found.gallery, found.concepts)
    assert again.images is None
    assert again.pictures[2] == tmp_path / "stimuli" / "b/3.png"
    ranks = pd.read_csv(tmp_path / "ranks.csv")
    assert ranks["rank"].tolist() == [1, 3]
    assert ranks["best"].tolist() == ["a/1.png", "a/1.png"]
    assert ranks["concept"].tolist() == ["a", "b"]
    assert pd.read_csv(tmp_path / "metrics.csv")["metric"][0] == "top1"
    assert set(load_file(tmp_path / "similarity.safetensors")) == {
        "similarity",
        "truth",
        "queries",
    }
    files = json.loads((tmp_path / "provenance.json").read_text())["files"]
    assert set(files) | {"provenance.json"} == {p.name for p in tmp_path.iterdir()}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1  # all of them readable to the same people
