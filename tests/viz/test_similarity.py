"""What the ordered similarity matrix shows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mne_shallowalign.viz import plot_similarity

_CATEGORIES = ["tool", "animal", "food", "animal", "tool"]
_TRUTH = [4, 1, 0, 2]  # of a tool, an animal, a tool, and food


def _similarity():
    return np.arange(20.0).reshape(4, 5) / 20


def test_rows_and_columns_are_ordered_by_category():
    similarity = _similarity()
    axes = plot_similarity(similarity, _TRUTH, _CATEGORIES, show=False).axes[0]
    columns = [1, 3, 2, 0, 4]  # animals, food, tools, each in their own order
    rows = [1, 3, 2, 0]  # the animal, the food, the tools 0 and 4
    drawn = axes.images[0].get_array()
    np.testing.assert_array_equal(drawn, similarity[rows][:, columns])


def test_lines_part_the_categories_and_names_stand_at_their_middle():
    axes = plot_similarity(_similarity(), _TRUTH, _CATEGORIES, show=False).axes[0]
    upright = [ln.get_xdata()[0] for ln in axes.lines if len(set(ln.get_xdata())) == 1]
    level = [ln.get_ydata()[0] for ln in axes.lines if len(set(ln.get_ydata())) == 1]
    assert upright == [1.5, 2.5]
    assert level == [0.5, 1.5]
    assert axes.get_xticks().tolist() == [0.5, 2, 3.5]
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert labels == ["animal (2)", "food (1)", "tool (2)"]
    assert axes.get_yticks().tolist() == [0, 1, 2.5]


def test_sizes_units_and_given_axes():
    figure, axes = plt.subplots()
    shown = plot_similarity(_similarity(), _TRUTH, _CATEGORIES, axes=axes, show=False)
    assert shown is figure
    assert axes.get_xlabel() == "pictures to choose from (n = 5)"
    assert axes.get_ylabel() == "queries (n = 4)"
    assert figure.axes[1].get_ylabel() == "cosine similarity"


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match="categories must have one entry.* 5 columns"):
        plot_similarity(_similarity(), _TRUTH, _CATEGORIES[1:], show=False)
    with pytest.raises(ValueError, match="truth must lie in"):
        plot_similarity(_similarity(), [0, 1, 2, 5], _CATEGORIES, show=False)
