"""What the layer curve shows, not how its pixels look."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_layer_curve


@pytest.fixture
def scores():
    top1 = np.array([0.2, 0.5, 0.3, 0.1])
    return pd.DataFrame(
        {
            "layer": ["one", "two", "three", "final"],
            "depth": [0, 0.5, 1, np.nan],
            "top1": top1,
            "top1_low": top1 - 0.05,
            "top1_high": top1 + 0.1,
            "top5": top1 + 0.3,
            "top5_low": top1 + 0.2,
            "top5_high": top1 + 0.4,
            "chance1": 0.01,
            "chance5": 0.05,
            "n_queries": 120,
            "n_gallery": 100.0,
        }
    )


def _line(axes, label):
    (line,) = (line for line in axes.lines if line.get_label() == label)
    return line.get_xydata()


def test_curves_bands_and_chance_are_the_numbers_given(scores):
    (axes,) = plot_layer_curve(scores, show=False).axes
    expected = scores.iloc[:3]
    for k in (1, 5):
        np.testing.assert_allclose(
            _line(axes, f"top-{k}"), expected[["depth", f"top{k}"]]
        )
        np.testing.assert_allclose(
            _line(axes, f"chance, top-{k}")[:, 1], scores[f"chance{k}"]
        )
    for band, k in zip(axes.collections[::2], (5, 1), strict=True):
        edges = band.get_datalim(axes.transData)
        assert edges.ymin == pytest.approx(expected[f"top{k}_low"].min())
        assert edges.ymax == pytest.approx(expected[f"top{k}_high"].max())


def test_the_order_of_rows_does_not_matter(scores):
    (axes,) = plot_layer_curve(scores.iloc[[2, 3, 0, 1]], show=False).axes
    np.testing.assert_allclose(_line(axes, "top-1")[:, 0], [0, 0.5, 1])


def test_final_stands_apart_with_its_interval(scores):
    (axes,) = plot_layer_curve(scores, show=False).axes
    top5, top1 = axes.containers  # error bars
    assert top1.lines[0].get_xydata().tolist() == [[1.12, 0.1]]
    (bar,) = top1.lines[2][0].get_segments()
    np.testing.assert_allclose(bar[:, 1], [0.05, 0.2])
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert labels[0] == "one (0)"
    assert labels[-1] == "final"


def test_words_of_the_axes(scores):
    (axes,) = plot_layer_curve(scores, marks={"two": "true"}, show=False).axes
    assert axes.get_title() == "120 queries, 100 pictures to choose from"
    assert [text.get_text() for text in axes.texts] == ["true"]
    axes.figure.canvas.draw()
    assert axes.get_yticklabels()[1].get_text().endswith("%")


def test_only_top1_and_many_layers():
    n = 30
    scores = pd.DataFrame(
        {
            "layer": [f"blocks.{i}" for i in range(n)],
            "depth": np.linspace(0, 1, n),
            "top1": 0.5,
            "top1_low": 0.4,
            "top1_high": 0.6,
            "chance1": 0.1,
        }
    )
    (axes,) = plot_layer_curve(scores, show=False).axes
    assert len(axes.collections) == 1
    named = [tick.get_text() for tick in axes.get_xticklabels()]
    assert 0 < sum(map(bool, named)) <= 12
    assert axes.get_title() == ""


def test_given_axes_are_used(scores):
    figure, axes = plt.subplots()
    assert plot_layer_curve(scores, axes=axes, show=False) is figure


def test_bad_scores_are_told(scores):
    with pytest.raises(ValueError, match="lacks the column.* chance1"):
        plot_layer_curve(scores.drop(columns="chance1"), show=False)
    with pytest.raises(ValueError, match="scores must have at least one row"):
        plot_layer_curve(scores.iloc[:0], show=False)
    with pytest.raises(ValueError, match="no depth for one"):
        plot_layer_curve(scores.assign(depth=np.nan), show=False)
    with pytest.raises(
        ValueError, match=r"marks names \['four'\]; scores has only one"
    ):
        plot_layer_curve(scores, marks={"four": "true"}, show=False)


def test_tilted_names_are_apart():
    n = 33
    scores = pd.DataFrame(
        {
            "layer": [f"transformer.resblocks.{i}" for i in range(n)],
            "depth": np.linspace(0, 1, n),
            "top1": 0.5,
            "top1_low": 0.4,
            "top1_high": 0.6,
            "chance1": 0.1,
        }
    )
    figure = plot_layer_curve(scores, show=False)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    named = [(x, label) for x, label in ticks if label.get_text()]
    assert named[1][1].get_text() == "resblocks.3 (0.094)"
    pixels = axes.transData.transform([(x, 0) for x, _ in named])[:, 0]
    height = max(label.get_fontsize() * figure.dpi / 72 for _, label in named)
    lines = max(label.get_text().count("\n") + 1 for _, label in named)
    plt.close(figure)
    assert np.diff(pixels).min() * np.sin(np.deg2rad(45)) > height * lines
