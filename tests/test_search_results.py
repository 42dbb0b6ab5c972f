"""Scores and their table against their definitions."""

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score, roc_auc_score

from mne_shallowalign._search_jobs import measure
from mne_shallowalign._search_results import Outcome, tabulate


def test_measures_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    similarity, truth = rng.standard_normal((50, 20)), rng.integers(20, size=50)
    right = np.eye(20, dtype=int)[truth]
    found = measure(similarity, truth)
    top = np.argsort(-similarity, axis=1)
    assert found["top1"] == np.mean(top[:, 0] == truth)
    assert found["top5"] == np.mean((top[:, :5] == truth[:, None]).any(1))
    # with one right candidate, precision at its rank is the reciprocal rank
    expected = label_ranking_average_precision_score(right, similarity)
    assert found["mrr"] == pytest.approx(expected)
    # and the share of wrong ones above it is one minus the area under the ROC curve
    areas = [roc_auc_score(*row) for row in zip(right, similarity, strict=True)]
    assert found["mean_rank"] == pytest.approx(np.mean(areas) - 1)


def outcome(score):
    return Outcome({"top1": score, "mrr": 2 * score}, False, 10 * score, score)


def test_the_table_has_moments_over_splits_and_ranks():
    values = np.random.default_rng(0).random((4, 3, 2))
    values[3] = values[1]
    table = np.vectorize(outcome, otypes=[object])(values)
    params = [{"layer": i, "pooling": "mean"} for i in range(4)]
    results = tabulate(params, table, "mrr")
    assert results["params"] == params
    np.testing.assert_allclose(results["mean_fit_time"], 10 * values.mean((1, 2)))
    np.testing.assert_allclose(results["std_score_time"], values.std((1, 2)))
    splits = 2 * values.mean(2)
    np.testing.assert_allclose(results["split2_test_score"], splits[:, 2])
    np.testing.assert_allclose(results["mean_test_mrr"], splits.mean(1))
    np.testing.assert_allclose(results["std_test_score"], splits.std(1))
    np.testing.assert_allclose(results["seed1_test_mrr"], 2 * values[:, :, 1].mean(1))
    better = (splits.mean(1) > splits.mean(1)[:, None]).sum(1)
    np.testing.assert_array_equal(results["rank_test_score"], better + 1)
    assert results["rank_test_score"][1] == results["rank_test_score"][3]
    assert "seed0_test_top1" not in tabulate(params, table[..., :1], "mrr")
