"""That figures stay silent unless they are asked to show."""

from __future__ import annotations

import matplotlib
import matplotlib.pyplot as plt
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
