"""What the weights of layers show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_layer_weights


def test_one_fit():
    weights = pd.Series([0.1, 0.6, 0.3], index=["one", "two", "three"])
    (axes,) = plot_layer_weights(weights, show=False).axes
    assert [bar.get_height() for bar in axes.patches] == [0.1, 0.6, 0.3]
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert labels == ["one", "two", "three"]
    (alike,) = axes.lines
    np.testing.assert_allclose(alike.get_ydata(), 1 / 3)
    assert axes.get_title() == "1 fit"


def test_several_fits_are_seen_beside_their_mean():
    weights = pd.DataFrame([[0.2, 0.8], [0.6, 0.4]], columns=["one", "two"])
    (axes,) = plot_layer_weights(weights, show=False).axes
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], [0.4, 0.6])
    dots = [line.get_ydata() for line in axes.lines if line.get_marker() == "."]
    np.testing.assert_allclose(dots, weights)
    assert axes.get_title() == "2 fits"


def test_given_axes_are_used():
    figure, axes = plt.subplots()
    assert plot_layer_weights(pd.Series([1.0]), axes=axes, show=False) is figure


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5]])
def test_what_are_no_weights_is_told(weights):
    with pytest.raises(ValueError, match="0 or more and sum to one"):
        plot_layer_weights(pd.Series(weights), show=False)


def test_no_layer_is_told():
    with pytest.raises(ValueError, match="at least one layer"):
        plot_layer_weights(pd.Series([], dtype=float), show=False)


def test_weights_without_names_are_told():
    with pytest.raises(TypeError, match="Series or DataFrame.*got list"):
        plot_layer_weights([0.5, 0.5], show=False)
