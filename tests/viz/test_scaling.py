"""What the scaling fit shows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mne_shallowalign.viz import plot_scaling
from mne_shallowalign.viz._scaling import describe_p

# Table 4 of the paper: millions of parameters, best layer, final output
_TABLE = np.array(
    [
        [38, 67.7, 40.3],
        [56, 59.2, 36.5],
        [86, 68.6, 37.1],
        [632, 76.8, 33.5],
        [1140, 75.9, 17.5],
        [1840, 75.2, 33.2],
        [4350, 79.0, 37.9],
        [5540, 82.6, 55.9],
    ]
)


@pytest.fixture
def scores():
    def one(column, kind):
        return pd.DataFrame(
            {
                "backbone": list("abcdefgh"),
                "n_parameters": _TABLE[:, 0] * 1e6,
                "top1": _TABLE[:, column] / 100,
                "kind": kind,
            }
        )

    return pd.concat([one(1, "layer"), one(2, "final")])


def _labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_paper_finds_scaling_with_layers_only(scores):
    """Figure 2c: two stars for the best layers, ns for the final outputs."""
    (axes,) = plot_scaling(scores, by="kind", show=False).axes
    layer, final = _labels(axes)
    assert layer.startswith("layer\n")
    assert layer.endswith("**, n = 8")
    assert final.startswith("final\n")
    assert final.endswith("ns, n = 8")


def test_line_and_p_are_those_of_least_squares(scores):
    scores = scores[scores["kind"] == "layer"]
    (axes,) = plot_scaling(scores, show=False).axes
    x, y = np.log(scores["n_parameters"]), scores["top1"]
    slope, intercept = np.polyfit(x, y, 1)
    (line,) = (line for line in axes.lines if "r =" in str(line.get_label()))
    ends = line.get_xydata()
    np.testing.assert_allclose(ends[:, 0], [x.min(), x.max()])
    np.testing.assert_allclose(ends[:, 1], intercept + slope * ends[:, 0])
    r = np.corrcoef(x, y)[0, 1]
    p = 2 * stats.t.sf(abs(r) * np.sqrt(6 / (1 - r**2)), 6)  # Student's, by hand
    assert _labels(axes) == [f"r = {r:.2f}, p = {p:.2g} **, n = 8"]


def test_points_are_the_data_and_named_once(scores):
    (axes,) = plot_scaling(scores, by="kind", show=False).axes
    points = axes.containers[1].lines[0].get_xydata()
    np.testing.assert_allclose(np.exp(points[:, 0]) / 1e6, _TABLE[:, 0])
    np.testing.assert_allclose(points[:, 1] * 100, _TABLE[:, 2])
    (edge,) = axes.child_axes
    assert [tick.get_text() for tick in edge.get_xticklabels()] == list("abcdefgh")


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0004, "p < 0.001 **"),
        (0.0099, "p = 0.0099 **"),
        (0.01, "p = 0.01 *"),
        (0.05, "p = 0.05 ns"),
        (0.77, "p = 0.77 ns"),
    ],
)
def test_stars(p, words):
    assert describe_p(p) == words


def test_given_axes_are_used(scores):
    figure, axes = plt.subplots()
    assert plot_scaling(scores, by="kind", axes=axes, show=False) is figure


def test_bad_scores_are_told(scores):
    with pytest.raises(ValueError, match="at least three vision models.* got 2"):
        plot_scaling(scores.iloc[:2], show=False)
    with pytest.raises(ValueError, match="got 1 for final"):
        plot_scaling(scores.iloc[:9], by="kind", show=False)
    with pytest.raises(ValueError, match="n_parameters must be positive"):
        plot_scaling(scores.assign(n_parameters=0), show=False)
    with pytest.raises(ValueError, match="lacks the column.* condition"):
        plot_scaling(scores, by="condition", show=False)


def test_the_legend_has_the_markers_of_the_points(scores):
    (axes,) = plot_scaling(scores, by="kind", show=False).axes
    points = [container.lines[0].get_marker() for container in axes.containers]
    assert [line.get_marker() for line in axes.get_legend().get_lines()] == points
    assert len(set(points)) == 2
