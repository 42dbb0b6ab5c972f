"""That figures stay silent unless they are asked to show."""

from __future__ import annotations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_layer_weights
from mne_shallowalign.viz._axes import open_panels


@pytest.mark.parametrize("show", [True, False])
def test_show(show, monkeypatch):
    shown = []
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "qtagg")
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: shown.append(1))
    monkeypatch.setattr(
        "matplotlib.figure.Figure.show", lambda *args, **kwargs: shown.append(1)
    )
    plot_layer_weights(pd.Series([1.0]), show=show)
    assert bool(shown) == show


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (4, (1, 4)), (8, (2, 4))])
def test_at_most_four_panels_in_a_row(n, shape):
    panels = open_panels(None, n, (1, 1))
    assert len(panels) == n
    grid = panels[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == shape


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_panel_takes_one_axes_in_any_array(shape):
    axes = plt.subplots()[1]
    given = np.full(shape, axes, dtype=object)
    assert plot_layer_weights(pd.Series([1.0]), axes=given, show=False) is axes.figure


@pytest.mark.parametrize(
    ("axes", "got"), [("ab", "a str"), ([1], "a int"), ([None, None], "a NoneType")]
)
def test_what_is_no_axes_is_refused(axes, got):
    with pytest.raises(ValueError, match=f"axes must be 1 matplotlib Axes.* got {got}"):
        plot_layer_weights(pd.Series([1.0]), axes=axes, show=False)


def test_too_many_axes_are_refused():
    axes = plt.subplots(1, 2)[1]
    with pytest.raises(ValueError, match=r"must be 1 .* got 2 of them"):
        plot_layer_weights(pd.Series([1.0]), axes=axes, show=False)
