"""What the pairs of bars show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from overlaps import overlapping

from mne_shallowalign.viz import plot_layer_bars


@pytest.fixture
def scores():
    return pd.DataFrame(
        {
            "backbone": ["a", "a", "b", "b"],
            "layer": ["final", "blocks.3", "layer2", "final"],
            "top1": [0.403, 0.677, 0.2, 0.25],
        }
    )


def test_pairs_with_the_layer_first_and_the_gain_above(scores):
    (axes,) = plot_layer_bars(scores, show=False).axes
    layer, final = axes.containers
    assert (layer.get_label(), final.get_label()) == (
        "intermediate layer",
        "final output",
    )
    assert [bar.get_height() for bar in layer] == [0.677, 0.2]
    assert [bar.get_height() for bar in final] == [0.403, 0.25]
    for left, right in zip(layer, final, strict=True):
        assert left.get_x() < right.get_x()
    # the gain of RN50 in Table 4 of the paper
    assert [text.get_text() for text in axes.texts] == [
        "+27.4",
        "-5.0",
    ]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "a (blocks.3)",
        "b (layer2)",
    ]
    assert axes.get_title() == "above the bars: gain in percentage points"
    assert axes.get_ylim()[1] > 1.1 * 0.677


def test_given_axes_are_used(scores):
    figure, axes = plt.subplots()
    assert plot_layer_bars(scores, axes=axes, show=False) is figure


@pytest.mark.parametrize("rows", [[0, 2, 3], [1, 2, 3], [0, 1, 1, 2, 3]])
def test_other_than_two_rows_a_model_are_told(scores, rows):
    with pytest.raises(
        ValueError, match="two rows for a, the chosen layer and 'final'"
    ):
        plot_layer_bars(scores.iloc[rows], show=False)


def test_gains_of_the_eight_models_of_the_paper_are_apart():
    """And only the end of a layer's long name is written."""
    scores = pd.DataFrame(
        {
            "backbone": [name for name in "abcdefgh" for _ in range(2)],
            "layer": ["final", "transformer.resblocks.18"] * 8,
            "top1": [0.3, 0.5] * 8,
        }
    )
    figure = plot_layer_bars(scores, show=False)
    (axes,) = figure.axes
    assert not overlapping(figure, axes.texts)
    assert axes.get_xticklabels()[0].get_text() == "a (resblocks.18)"
    plt.close(figure)
