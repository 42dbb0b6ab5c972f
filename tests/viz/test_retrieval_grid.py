"""What the retrieval grid shows, not how its pixels look."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from overlaps import overlapping
from PIL import Image

from mne_shallowalign.viz import plot_retrieval_grid


@pytest.fixture
def gallery():
    """Twelve plain pictures; each is known by its grey."""
    return [np.full((4, 4, 3), 20 * i, np.uint8) for i in range(12)]


@pytest.fixture
def similarity():
    """Row i likes the columns in descending order, starting from i."""
    return np.array([np.roll(np.linspace(0.9, -0.2, 12), i) for i in range(9)])


def _greys(figure, n_columns):
    greys = [ax.images[0].get_array()[0, 0, 0] // 20 for ax in figure.axes]
    return np.reshape(greys, (-1, n_columns)).astype(int)


def _framed(figure, n_columns):
    framed = [ax.spines["top"].get_visible() for ax in figure.axes]
    checked = [any(t.get_text() == "✓" for t in ax.texts) for ax in figure.axes]
    assert framed == checked  # readable without colour
    return np.reshape(framed, (-1, n_columns))


def test_rows_are_the_picture_seen_and_the_best(gallery, similarity):
    figure = plot_retrieval_grid(similarity, np.arange(9), gallery, show=False)
    greys = _greys(figure, 6)
    assert greys[:, 0].tolist() == [0, 2, 3, 5, 6, 8]  # evenly spaced, both ends
    for row in greys:
        assert row[1:].tolist() == [(row[0] + i) % 12 for i in range(5)]
    framed = _framed(figure, 6)
    assert framed[:, 1].all()
    assert framed.sum() == 6


def test_a_miss_has_no_frame_and_its_rank(gallery, similarity):
    truth = (np.arange(9) + 7) % 12
    figure = plot_retrieval_grid(
        similarity, truth, gallery, queries=[3], n_best=2, show=False
    )
    assert len(figure.axes) == 3
    assert not _framed(figure, 3).any()
    assert figure.axes[0].get_xlabel() == "rank 8 of 12"
    assert figure.axes[1].get_xlabel() == "0.90"


def test_names_paths_and_pil(tmp_path, gallery, similarity):
    """Only the pictures that are shown are read."""
    paths = [tmp_path / f"{i}.png" for i in range(12)]
    for i in (0, 1, 2):
        Image.fromarray(gallery[i]).save(paths[i])
    paths[1] = Image.fromarray(gallery[1])
    figure = plot_retrieval_grid(
        similarity,
        np.arange(9),
        paths,
        names=list("abcdefghijkl"),
        queries=[0],
        n_best=3,
        show=False,
    )
    assert _greys(figure, 4).tolist() == [[0, 0, 1, 2]]
    assert figure.axes[2].get_xlabel() == "b\n0.80"


def test_small_galleries_and_given_axes(gallery):
    figure, axes = plt.subplots(1, 3)
    shown = plot_retrieval_grid(
        [[0.1, 0.3]], [1], gallery[:2], axes=axes[np.newaxis], show=False
    )
    assert shown is figure
    assert _greys(figure, 3).tolist() == [[1, 1, 0]]


def test_bad_input_is_told(gallery, similarity):
    truth = np.arange(9)
    with pytest.raises(ValueError, match=r"gallery must have one entry.*12.*got 11"):
        plot_retrieval_grid(similarity, truth, gallery[1:], show=False)
    with pytest.raises(ValueError, match="names must have one entry"):
        plot_retrieval_grid(similarity, truth, gallery, names=["a"], show=False)
    with pytest.raises(ValueError, match="queries must name"):
        plot_retrieval_grid(similarity, truth, gallery, queries=[9], show=False)
    with pytest.raises(ValueError, match=r"axes must have the shape \(6, 6\)"):
        plot_retrieval_grid(similarity, truth, gallery, axes=[[1]], show=False)


def test_best_and_worst_queries_by_rank_then_margin(gallery):
    similarity = np.zeros((4, 12))
    truth = np.arange(4)
    similarity[0, [0, 5]] = 0.9, 0.8  # right, narrowly
    similarity[1, [1, 5]] = 0.9, 0.1  # right, clearly
    similarity[2, [2, 5, 6]] = 0.1, 0.9, 0.8  # rank 3
    similarity[3, [3, 5]] = 0.2, 0.3  # rank 2
    for queries, expected in [("best", [1, 0, 3, 2]), ("worst", [2, 3, 0, 1])]:
        figure = plot_retrieval_grid(
            similarity, truth, gallery, queries=queries, n_best=1, show=False
        )
        assert _greys(figure, 2)[:, 0].tolist() == expected
        assert figure.axes[0].get_title() == f"seen ({queries})"
    first = plot_retrieval_grid(
        similarity, truth, gallery, queries="best", n_queries=2, show=False
    )
    assert _greys(first, 6)[:, 0].tolist() == [1, 0]
    with pytest.raises(ValueError, match="'best', 'worst' or None, got 'all'"):
        plot_retrieval_grid(similarity, truth, gallery, queries="all", show=False)


def test_long_names_do_not_run_into_one_another():
    picture = np.zeros((8, 8, 3), np.uint8)
    names = ["remote control of a television"] * 3
    figure = plot_retrieval_grid(
        np.eye(3), np.arange(3), [picture] * 3, names=names, show=False
    )
    overlaps = overlapping(figure)
    plt.close(figure)
    assert not overlaps
