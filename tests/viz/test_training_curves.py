"""What the losses by layer show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_training_curves


@pytest.fixture
def history():
    """Two seeds, whose losses differ by two."""
    return pd.DataFrame(
        [
            {
                "layer": layer,
                "epoch": epoch,
                "train_loss": 8 - epoch + 2 * seed,
                "test_loss": 10.0 + shift,
            }
            for shift, layer in enumerate(["blocks.1", "final"])
            for seed in range(2)
            for epoch in (1, 2, 3)
        ]
    )


def test_mean_and_range_over_fits(history):
    figure = plot_training_curves(history, show=False)
    assert [ax.get_title() for ax in figure.axes] == [
        "blocks.1, 2 fits",
        "final, 2 fits",
    ]
    first, final = figure.axes
    train, test = final.lines
    np.testing.assert_allclose(train.get_xydata(), [[1, 8], [2, 7], [3, 6]])
    np.testing.assert_allclose(test.get_ydata(), 11)
    assert [line.get_label() for line in first.lines] == ["training", "test"]
    edges = final.collections[0].get_datalim(final.transData)
    assert (edges.ymin, edges.ymax) == (5, 9)
    assert first.get_ylim() == final.get_ylim()
    assert train.get_linestyle() != test.get_linestyle()


def test_given_axes_are_used(history):
    figure, axes = plt.subplots(2)
    one = history[history["layer"] == "final"].iloc[:3]
    assert plot_training_curves(one, axes=[axes[1]], show=False) is figure
    assert axes[1].get_title() == "final, 1 fit"
    with pytest.raises(ValueError, match="axes must be 1"):
        plot_training_curves(one, axes=axes, show=False)


def test_bad_history_is_told(history):
    with pytest.raises(ValueError, match="history lacks the column.* train_loss"):
        plot_training_curves(history.drop(columns="train_loss"), show=False)
    with pytest.raises(ValueError, match="history must have at least one row"):
        plot_training_curves(history.iloc[:0], show=False)


def test_no_tick_lies_between_two_epochs(history):
    figure = plot_training_curves(history, show=False)
    ticks = figure.axes[0].get_xticks()
    plt.close(figure)
    np.testing.assert_array_equal(ticks, np.round(ticks))
