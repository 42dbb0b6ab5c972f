"""What grids side by side show."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mne_shallowalign.viz import plot_retrieval_comparison


@pytest.fixture
def gallery():
    """Eight plain pictures; each is known by its grey."""
    return [np.full((4, 4, 3), 30 * i, np.uint8) for i in range(8)]


def _greys(part):
    return [ax.images[0].get_array()[0, 0, 0] // 30 for ax in part.axes]


def test_the_same_queries_in_every_condition(gallery):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 5, 8))
    truth = np.array([3, 1, 4, 0, 5])
    figure = plot_retrieval_comparison(
        {"layer 6": first, "final output": second},
        truth,
        gallery,
        n_queries=3,
        n_best=2,
        show=False,
    )
    assert [part.get_suptitle() for part in figure.subfigs] == [
        "layer 6",
        "final output",
    ]
    for part, similarity in zip(figure.subfigs, (first, second), strict=True):
        best = np.argsort(-similarity, axis=1)[:, :2]
        expected = [[truth[i], *best[i]] for i in (0, 2, 4)]
        assert np.reshape(_greys(part), (3, 3)).tolist() == expected


def test_best_queries_are_those_of_the_first_condition_and_it_says_so(gallery):
    first = np.eye(8)[[0, 2, 2]]  # right, right, wrong
    second = np.eye(8)[[7, 7, 1]]
    truth = [0, 2, 1]
    figure = plot_retrieval_comparison(
        {"a": first, "b": second},
        truth,
        gallery,
        queries="worst",
        n_queries=1,
        n_best=1,
        show=False,
    )
    assert [part.get_suptitle() for part in figure.subfigs] == [
        "a, worst queries",
        "b, worst queries",
    ]
    assert [_greys(part) for part in figure.subfigs] == [[1, 2], [1, 1]]


def test_given_axes(gallery):
    first, second = np.random.default_rng(0).normal(size=(2, 5, 8))
    figure, axes = plt.subplots(2, 6, layout="constrained")
    grids = [axes[:, :3], axes[:, 3:]]
    options = {"truth": np.arange(5), "gallery": gallery, "queries": [4, 2]}
    conditions = {"a": first, "b": second}
    shown = plot_retrieval_comparison(
        conditions, **options, n_best=2, axes=grids, show=False
    )
    assert shown is figure
    for grid, name, similarity in zip(grids, "ab", (first, second), strict=True):
        assert grid[0, 0].texts[0].get_text() == name
        best = np.argsort(-similarity, axis=1)[:, :2]
        for row, query in zip(grid, (4, 2), strict=True):
            greys = [ax.images[0].get_array()[0, 0, 0] // 30 for ax in row]
            assert greys == [query, *best[query]]
    figure.draw_without_rendering()
    name = axes[0, 0].texts[0].get_window_extent()
    assert not name.overlaps(axes[0, 0].title.get_window_extent())
    with pytest.raises(ValueError, match=r"axes must have the shape \(2, 2, 3\)"):
        plot_retrieval_comparison(conditions, **options, n_best=2, axes=axes)
    plt.close(figure)


def test_no_condition_is_told(gallery):
    with pytest.raises(ValueError, match="at least one condition"):
        plot_retrieval_comparison({}, [0], gallery, show=False)
