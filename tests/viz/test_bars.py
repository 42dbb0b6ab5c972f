"""What grouped bars show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_bars


@pytest.fixture
def scores():
    """Unordered on purpose, and one bar is missing."""
    return pd.DataFrame(
        {
            "backbone": ["b", "a", "b", "a", "c"],
            "encoder": ["mlp", "conv", "conv", "mlp", "mlp"],
            "top1": [0.5, 0.2, 0.4, 0.3, 0.1],
            "top1_low": [0.4, 0.1, 0.3, 0.2, 0.05],
            "top1_high": [0.7, 0.3, 0.5, 0.4, 0.15],
            "chance1": 0.01,
            "n_subjects": 3,
        }
    )


def _bars(axes):
    """Heights by group and kind, read off the figure."""
    groups = [tick.get_text() for tick in axes.get_xticklabels()]
    drawn = {}
    for bars in axes.containers:
        if not hasattr(bars, "patches"):
            continue
        for patch in bars.patches:
            at = patch.get_x() + patch.get_width() / 2
            drawn[groups[round(at)], bars.get_label()] = patch.get_height()
    return drawn


def test_heights_are_the_data_and_stand_at_their_group(scores):
    (axes,) = plot_bars(scores, group="backbone", bar="encoder", show=False).axes
    expected = scores.set_index(["backbone", "encoder"])["top1"].to_dict()
    assert _bars(axes) == expected
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["b", "a", "c"]
    assert axes.get_title() == "3 people"


def test_bars_of_a_group_do_not_overlap(scores):
    (axes,) = plot_bars(scores, group="backbone", bar="encoder", show=False).axes
    spans = sorted((p.get_x(), p.get_x() + p.get_width()) for p in axes.patches)
    assert all(a[1] <= b[0] + 1e-9 for a, b in zip(spans, spans[1:], strict=False))


def test_error_bars_reach_the_bounds(scores):
    (axes,) = plot_bars(scores, group="backbone", bar="encoder", show=False).axes
    segments = [
        segment
        for bars in axes.containers
        if hasattr(bars, "patches")
        for segment in bars.errorbar.lines[2][0].get_segments()
    ]
    found = sorted(tuple(np.round(segment[:, 1], 9)) for segment in segments)
    expected = sorted(zip(scores["top1_low"], scores["top1_high"], strict=True))
    assert found == expected


def test_kinds_differ_without_colour(scores):
    (axes,) = plot_bars(scores, group="backbone", bar="encoder", show=False).axes
    kinds = [bars for bars in axes.containers if hasattr(bars, "patches")]
    assert len({bars.patches[0].get_hatch() for bars in kinds}) == 2


def test_given_axes_and_no_intervals(scores):
    figure, axes = plt.subplots()
    bare = scores[["backbone", "encoder", "top1"]]
    assert (
        plot_bars(bare, group="backbone", bar="encoder", axes=axes, show=False)
        is figure
    )
    assert len(axes.patches) == 5
    assert axes.get_title() == ""


def test_bad_scores_are_told(scores):
    twice = pd.concat([scores, scores.iloc[:1]])
    with pytest.raises(ValueError, match="several for backbone 'b' and encoder 'mlp'"):
        plot_bars(twice, group="backbone", bar="encoder", show=False)
    with pytest.raises(ValueError, match=r"lacks the column\(s\) decoder"):
        plot_bars(scores, group="backbone", bar="decoder", show=False)
    many = pd.DataFrame({"group": "a", "bar": range(7), "top1": 0.1})
    with pytest.raises(ValueError, match="at most 6 kinds.* got 7 values of 'bar'"):
        plot_bars(many, group="group", bar="bar", show=False)
