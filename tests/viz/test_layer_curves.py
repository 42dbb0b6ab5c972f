"""What the panels of several vision models show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_layer_curves


@pytest.fixture
def scores():
    def one(backbone, top1, final):
        return pd.DataFrame(
            {
                "backbone": backbone,
                "layer": [*(f"l{i}" for i in range(len(top1))), "final"],
                "depth": [*np.linspace(0, 1, len(top1)), np.nan],
                "top1": [*top1, final],
                "chance1": 0.01,
                "n_queries": 50,
            }
        )

    both = pd.concat(
        [one("small", [0.2, 0.5], 0.3), one("large", [0.1, 0.6, 0.4], 0.2)]
    )
    return both.assign(top1_low=both["top1"] - 0.05, top1_high=both["top1"] + 0.2)


def _lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_a_panel_a_model_with_its_layers_and_final_output(scores):
    figure = plot_layer_curves(scores.iloc[::-1], show=False)  # whatever the order
    large, small = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["large", "small"]
    np.testing.assert_allclose(
        _lines(large)["layers"], [[0, 0.1], [0.5, 0.6], [1, 0.4]]
    )
    np.testing.assert_allclose(_lines(small)["layers"], [[0, 0.2], [1, 0.5]])
    assert set(_lines(large)["final output"][:, 1]) == {0.2}
    assert set(_lines(small)["final output"][:, 1]) == {0.3}
    assert set(_lines(small)["chance"][:, 1]) == {0.01}
    assert figure.get_suptitle() == "50 queries"


def test_panels_share_their_scale_and_hold_the_bands(scores):
    small, large = plot_layer_curves(scores, show=False).axes
    assert small.get_ylim() == large.get_ylim()
    assert large.get_ylim()[1] > 0.8
    (band,) = large.collections
    edges = band.get_datalim(large.transData)
    assert (edges.ymin, edges.ymax) == pytest.approx((0.05, 0.8))


def test_lines_differ_without_colour(scores):
    axes = plot_layer_curves(scores, show=False).axes[0]
    assert len({line.get_linestyle() for line in axes.lines}) == 3


def test_given_axes_are_used(scores):
    figure, axes = plt.subplots(1, 2)
    assert plot_layer_curves(scores, axes=axes, show=False) is figure
    assert all(ax.lines for ax in axes)
    with pytest.raises(ValueError, match="axes must be 2 .* one for each panel, got 1"):
        plot_layer_curves(scores, axes=axes[:1], show=False)


def test_bad_scores_are_told(scores):
    with pytest.raises(ValueError, match="lacks the column.* backbone"):
        plot_layer_curves(scores.drop(columns="backbone"), show=False)
    with pytest.raises(ValueError, match="no depth for l0"):
        plot_layer_curves(scores.assign(depth=np.nan), show=False)


def test_the_legend_hides_no_data(scores):
    figure = plot_layer_curves(scores, show=False)
    figure.draw_without_rendering()
    (legend,) = (ax.get_legend() for ax in figure.axes if ax.get_legend())
    covered = [
        legend.get_window_extent().overlaps(ax.get_window_extent())
        for ax in figure.axes
    ]
    plt.close(figure)
    assert not any(covered)
