"""What the map of layers and times shows, not how its pixels look."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_layer_by_time

TIMES, LAYERS = np.array([0.05, 0.15, 0.25, 0.35]), ["b.0", "b.1", "b.2"]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    cells = pd.MultiIndex.from_product(
        [["01", "02"], TIMES, LAYERS], names=["subject", "time", "layer"]
    )
    frame = pd.DataFrame({"score": rng.random(24), "chance": 0.1}, index=cells)
    return frame.reset_index()


@pytest.fixture
def clusters():
    p = np.ones((4, 3))
    p[1, :2] = p[2, 1:] = 0.01
    cells = pd.MultiIndex.from_product([TIMES, LAYERS], names=["time", "layer"])
    return pd.DataFrame({"p": p.ravel()}, index=cells).reset_index()


def test_colours_are_means_over_subjects(table):
    figure = plot_layer_by_time(table, score="top-1 accuracy", show=False)
    axes, bar = figure.axes
    (mesh,) = axes.collections
    mean = table["score"].to_numpy().reshape(2, 4, 3).mean(0)
    np.testing.assert_allclose(mesh.get_array(), mean.T)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == LAYERS
    assert bar.get_ylabel() == "top-1 accuracy, mean of 2 subjects"
    assert bar.get_title("left") == "chance\n0.1"
    assert [line.get_label() for line in axes.lines] != ["best layer"]


def test_best_layers_are_marked_inside_clusters(table, clusters):
    figure = plot_layer_by_time(table, clusters, time_unit="ms", show=False)
    axes = figure.axes[0]
    (dots,) = (line for line in axes.lines if line.get_label() == "best layer")
    mean = table["score"].to_numpy().reshape(2, 4, 3).mean(0)
    expected = [[150, mean[1, :2].argmax()], [250, 1 + mean[2, 1:].argmax()]]
    np.testing.assert_allclose(dots.get_xydata(), expected)
    hatched = axes.collections[1]
    assert len(hatched.get_paths()) == 8  # all cells but four
    figure.canvas.draw()


def test_given_axes_are_used_and_many_layers_are_not_all_named(table):
    figure, axes = plt.subplots()
    assert plot_layer_by_time(table, axes=axes, show=False) is figure
    one = table.iloc[[0]]
    many = pd.concat([one.assign(layer=f"blocks.{i}") for i in range(40)])
    many = pd.concat([many, many.assign(time=0.15)])
    axes = plot_layer_by_time(many, show=False).axes[0]
    named = [tick.get_text() for tick in axes.get_yticklabels()]
    assert 0 < sum(map(bool, named)) <= 14


def test_what_is_wrong_is_told(table, clusters):
    with pytest.raises(ValueError, match="lacks the column.* chance: pass what"):
        plot_layer_by_time(table.drop(columns="chance"), show=False)
    with pytest.raises(ValueError, match="clusters is of 3 windows and 3 layers"):
        plot_layer_by_time(table, clusters[clusters["time"] > 0.1], show=False)
    with pytest.raises(ValueError, match="time_unit='min' must be"):
        plot_layer_by_time(table, time_unit="min", show=False)
