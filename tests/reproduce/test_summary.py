from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign.protocols import read_arrays
from mne_shallowalign.reproduce._summary import add_depth, concept_chance, summarize


def test_accuracies_are_those_of_the_fits(made, setting):
    results = made("figure3").results
    summary = summarize(results, ["place"]).set_index("place")
    for place, rows in results.groupby("place"):
        assert summary.at[place, "top1"] == pytest.approx(rows["top1"].mean())
        assert summary.at[place, "top5"] == pytest.approx(rows["top5"].mean())
        assert summary.at[place, "top1_low"] <= rows["top1"].mean()
        assert summary.at[place, "top1_high"] >= rows["top1"].mean()
    assert (summary["n_subjects"] == 2).all()
    assert (summary["chance1"] == 1 / 8).all()


def test_depths_are_those_of_the_paper(made, setting):
    results = add_depth(made("figure3").results, setting)
    found = results.drop_duplicates("place").set_index("place")["depth"]
    layers = setting.layers(setting.main)
    expected = {str(layer): (layer - 1) / 5 for layer in layers}
    assert found.drop("final").to_dict() == pytest.approx(expected)
    assert np.isnan(found["final"])


def test_chance_of_a_concept_counted_pair_by_pair():
    categories = dict(zip("abcde", "xxxyy", strict=True))
    concepts = np.array(list("abcde"))
    pairs = [
        categories[one] == categories[other]
        for one in concepts
        for other in concepts
        if one != other
    ]
    assert concept_chance(concepts, categories) == pytest.approx(np.mean(pairs))


def test_arrays_lie_where_results_say(made):
    row = made("figure3").results.iloc[0]
    kept = read_arrays(row["folder"], row["id"])
    assert kept["similarity"].shape == (8, 8)
