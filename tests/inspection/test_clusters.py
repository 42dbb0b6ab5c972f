"""Cluster statistics against MNE's own, and against what must come out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mne.stats import permutation_cluster_1samp_test
from scipy.stats import ttest_1samp

from mne_shallowalign.inspection import layer_time_clusters

TIMES, LAYERS = np.arange(6) / 10, ["one", "two", "three"]


def make_table(scores, chance=0.1):
    """Tidy table of scores of shape (n_subjects, n_times, n_layers)."""
    cells = [
        {
            "subject": f"{i:02}",
            "time": TIMES[j],
            "layer": LAYERS[k],
            "score": scores[i, j, k],
            "chance": chance,
        }
        for i, j, k in np.ndindex(scores.shape)
    ]
    return pd.DataFrame(cells)


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    scores = 0.1 + 0.02 * rng.standard_normal((10, 6, 3))
    scores[:, 2:4, 1:] += 0.1
    scores[:, 2, 2] += 0.1
    return scores


def test_the_effect_is_found_where_it_is(scores):
    table = make_table(scores)
    found = layer_time_clusters(table, n_permutations="all")
    p = found.pivot(index="time", columns="layer", values="p")[LAYERS].to_numpy()
    assert (p[2:4, 1:] < 0.002).all()  # of all flips of ten subjects, none is larger
    rest = np.ones((6, 3), bool)
    rest[1:5] = False
    assert (p[rest] > 0.05).all()
    assert (found["n_subjects"] == 10).all()
    row = found.iloc[7]
    assert (row["time"], row["layer"]) == (0.2, "two")
    np.testing.assert_allclose(row["effect"], scores[:, 2, 1].mean() - 0.1)
    np.testing.assert_allclose(row["t"], ttest_1samp(scores[:, 2, 1], 0.1).statistic)


def test_people_who_are_all_alike(scores):
    """Nothing varies: the effect has no error, and chance has none to compare with."""
    same = np.full((10, 6, 3), 0.1)
    same[:, 2:4, 1:] = 0.3
    found = layer_time_clusters(make_table(same), n_permutations="all")
    is_there = same[0].ravel() > 0.2
    assert (found["t"][is_there] > 1e6).all()
    assert found["t"][~is_there].isna().all()
    assert (found["p"][is_there] < 0.002).all()
    assert (found["p"][~is_there] == 1).all()


def test_the_order_of_rows_does_not_matter(scores):
    table = make_table(scores)
    mixed = table.sample(frac=1, random_state=0)
    # layers come in the order of their first row: shallow to deep
    mixed = pd.concat([table.iloc[:3], mixed]).drop_duplicates()
    mixed.index = np.zeros(len(mixed), int)  # as of tables that were joined
    params = {"n_permutations": 100, "random_state": 3}
    pd.testing.assert_frame_equal(
        layer_time_clusters(mixed, **params), layer_time_clusters(table, **params)
    )


def test_contrast_of_layers_is_that_of_mne(scores):
    table = make_table(scores)
    found = layer_time_clusters(
        table, ("three", "one"), n_permutations=200, random_state=5
    )
    assert list(found["layer"].unique()) == ["three - one"]
    difference = scores[:, :, 2] - scores[:, :, 0]
    t, clusters, p_values, _ = permutation_cluster_1samp_test(
        difference, n_permutations=200, tail=0, seed=5, out_type="mask"
    )
    np.testing.assert_allclose(found["t"], t)
    expected = np.ones(6)
    for cluster, p in zip(clusters, p_values, strict=True):
        expected[cluster] = p
    np.testing.assert_array_equal(found["p"], expected)
    assert (found["p"][2:4] < 0.05).all()
    assert (found["effect"][2:4] > 0.05).all()


def test_noise_is_rarely_significant():
    """Of 40 tables of nothing, 5 % have a cluster below .05."""
    n_found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        noise = 0.1 + 0.02 * rng.standard_normal((10, 6, 3))
        found = layer_time_clusters(
            make_table(noise), n_permutations=200, random_state=seed
        )
        n_found += (found["p"] < 0.05).any()
    assert n_found <= 7  # binomial(40, .05): less than one in a thousand is above


def test_what_is_wrong_is_told(scores):
    table = make_table(scores)
    with pytest.raises(ValueError, match=r"1 subject\(s\)"):
        layer_time_clusters(table[table["subject"] == "00"])
    with pytest.raises(ValueError, match="180 in all, but has 179"):
        layer_time_clusters(table.iloc[1:])
    with pytest.raises(ValueError, match="name two of the layers"):
        layer_time_clusters(table, ("one", "four"))
