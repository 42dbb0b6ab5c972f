"""What the two curves show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.viz import plot_concept_curve


@pytest.fixture
def scores():
    return pd.DataFrame(
        {
            "layer": ["one", "two", "three", "final"],
            "depth": [0, 0.5, 1, np.nan],
            "top1": [0.2, 0.6, 0.3, 0.1],
            "concept5": [0.2, 0.3, 0.4, 0.5],
            "chance_concept5": 0.21,
        }
    )


def test_both_curves_and_the_final_output(scores):
    (axes,) = plot_concept_curve(scores, show=False).axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    for label, name in [("concept accuracy", "concept5"), ("top-1", "top1")]:
        np.testing.assert_allclose(lines[label], scores[["depth", name]].iloc[:3])
    finals = [bars.lines[0].get_ydata().item() for bars in axes.containers]
    assert finals == [0.5, 0.1]
    assert set(lines["chance, concept accuracy"][:, 1]) == {0.21}
    assert "chance, top-1" not in lines  # it was not given


def test_curves_differ_without_colour(scores):
    (axes,) = plot_concept_curve(scores, show=False).axes
    curves = [
        line for line in axes.lines if line.get_label() in ("concept accuracy", "top-1")
    ]
    assert len({line.get_marker() for line in curves}) == 2


def test_given_axes_and_bad_scores(scores):
    figure, axes = plt.subplots()
    assert plot_concept_curve(scores, axes=axes, show=False) is figure
    with pytest.raises(ValueError, match="lacks the column.* concept5"):
        plot_concept_curve(scores.drop(columns="concept5"), show=False)
