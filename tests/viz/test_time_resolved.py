"""What the time courses show, not how their pixels look."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import ttest_1samp

from mne_shallowalign.viz import plot_time_resolved

TIMES = np.arange(-10, 30) / 100


@pytest.fixture
def scores():
    return np.random.default_rng(0).normal(0.2, 0.05, (6, 40))


def test_curve_band_chance_and_onset_are_the_numbers_given(scores):
    (axes,) = plot_time_resolved(scores, TIMES, chance=0.1, show=False).axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_allclose(lines["mean"][:, 0], TIMES)
    np.testing.assert_allclose(lines["mean"][:, 1], scores.mean(0))
    assert (lines["chance, 0.1"][:, 1] == 0.1).all()
    assert (lines["onset"][:, 0] == 0).all()
    (band,) = axes.collections
    interval = ttest_1samp(scores, 0).confidence_interval(0.95)
    vertices = band.get_paths()[0].vertices
    at_10 = vertices[np.isclose(vertices[:, 0], TIMES[20]), 1]
    np.testing.assert_allclose(
        [at_10.min(), at_10.max()], [interval.low[20], interval.high[20]]
    )
    assert axes.get_ylabel() == "top-1 accuracy, mean of 6 folds"
    assert axes.get_xlabel() == "time (s)"


def test_one_curve_has_no_band_and_milliseconds_are_a_thousand(scores):
    figure = plot_time_resolved(
        scores[0], TIMES, onset=0.05, time_unit="ms", score="top-5", show=False
    )
    (axes,) = figure.axes
    assert not axes.collections
    assert axes.get_xlabel() == "time (ms)"
    assert axes.get_ylabel() == "top-5"
    mean, onset = axes.lines
    np.testing.assert_allclose(mean.get_xdata(), TIMES * 1e3)
    np.testing.assert_allclose(onset.get_xdata(), 50)


def test_matrix_has_training_times_upwards():
    rng = np.random.default_rng(0)
    scores = rng.random((5, 30, 40))
    figure = plot_time_resolved(
        scores, TIMES, train_times=TIMES[:30], chance=0.5, repeats="people", show=False
    )
    axes, bar = figure.axes
    (mesh,) = axes.collections
    np.testing.assert_allclose(mesh.get_array(), scores.mean(0))
    corners = mesh.get_coordinates()
    np.testing.assert_allclose(corners[0, 0], TIMES[0] - 0.005)
    np.testing.assert_allclose(corners[-1, -1], TIMES[[-1, 29]] + 0.005)
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "test time (s)",
        "training time (s)",
    )
    assert bar.get_ylabel() == "top-1 accuracy, mean of 5 people"


def test_given_axes_are_used(scores):
    figure, axes = plt.subplots()
    assert plot_time_resolved(scores, TIMES, axes=axes, show=False) is figure


def test_what_is_wrong_is_told(scores):
    with pytest.raises(ValueError, match=r"\(6, 40\); with these times .* \(39,\)"):
        plot_time_resolved(scores, TIMES[1:], show=False)
    with pytest.raises(ValueError, match=r"must end in \(30, 40\)"):
        plot_time_resolved(scores, TIMES, train_times=TIMES[:30], show=False)
    with pytest.raises(ValueError, match="time_unit='min' must be one of"):
        plot_time_resolved(scores, TIMES, time_unit="min", show=False)
