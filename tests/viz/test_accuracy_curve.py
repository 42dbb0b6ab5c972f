"""What accuracy curves show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from overlaps import overlapping

from mne_shallowalign.viz import plot_accuracy_curve


@pytest.fixture
def curve():
    size = np.array([200, 2, 20])
    return pd.DataFrame(
        {
            "size": size,
            "top1": [0.5, 0.9, 0.7],
            "low": [0.4, 0.8, 0.6],
            "high": [0.6, 1.0, 0.8],
            "chance": 1 / size,
            "n_queries": 200,
        }
    )


def _lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_points_are_the_data_in_order(curve):
    (axes,) = plot_accuracy_curve(curve, show=False).axes
    lines = _lines(axes)
    np.testing.assert_allclose(lines["top-1"], [[2, 0.9], [20, 0.7], [200, 0.5]])
    np.testing.assert_allclose(lines["chance"], [[2, 0.5], [20, 0.05], [200, 0.005]])
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "20", "200"]
    assert axes.get_title() == "200 queries"
    edges = axes.collections[0].get_datalim(axes.transData)
    assert (edges.ymin, edges.ymax) == (0.4, 1.0)


def test_several_curves_differ_without_colour(curve):
    both = pd.concat(
        [curve.assign(layer="two"), curve.assign(layer="final", top1=0.3)]
    ).rename(columns={"size": "n_repetitions"})
    (axes,) = plot_accuracy_curve(both, x="n_repetitions", by="layer", show=False).axes
    lines = _lines(axes)
    assert list(lines) == ["two", "final", "chance"]
    assert set(lines["final"][:, 1]) == {0.3}
    assert len({line.get_marker() for line in axes.lines}) == 3
    assert axes.get_xlabel() == "repetitions averaged (log scale)"


def test_given_axes_are_used(curve):
    figure, axes = plt.subplots()
    assert plot_accuracy_curve(curve, axes=axes, show=False) is figure


def test_bad_curves_are_told(curve):
    with pytest.raises(ValueError, match="curve lacks the column.* minutes"):
        plot_accuracy_curve(curve, x="minutes", show=False)
    with pytest.raises(ValueError, match="size must be positive"):
        plot_accuracy_curve(curve.assign(size=0), show=False)


def test_labels_of_many_points_are_apart():
    n = np.arange(1, 81)
    curve = pd.DataFrame(
        {"n_repetitions": n, "top1": 0.5, "low": 0.4, "high": 0.6, "chance": 0.01}
    )
    figure = plot_accuracy_curve(curve, x="n_repetitions", show=False)
    labels = figure.axes[0].get_xticklabels()
    assert labels[0].get_text() == "1"
    assert len(labels) > 5
    assert not overlapping(figure, labels)
    plt.close(figure)
