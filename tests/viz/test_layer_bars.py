"""What the pairs of bars show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

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
        "blocks.3\n+27.4",
        "layer2\n-5.0",
    ]
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
