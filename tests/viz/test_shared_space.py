"""What the map of the shared space shows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mne_shallowalign.viz import plot_shared_space


@pytest.fixture
def pairs():
    """Unit rows in a plane of a larger space: PCA can show them as they are."""
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, (2, 40))
    angles[1] = angles[0] + 0.1
    plane = np.linalg.qr(rng.normal(size=(10, 2)))[0]
    queries, images = np.stack([np.cos(angles), np.sin(angles)], axis=-1) @ plane.T
    return queries, images


def _points(axes):
    queries, images = axes.collections[1:]
    return queries.get_offsets(), images.get_offsets()


def test_pca_of_a_plane_keeps_all_distances(pairs):
    (axes,) = plot_shared_space(*pairs, method="pca", show=False).axes
    shown = np.concatenate(_points(axes))
    given = np.concatenate(pairs)
    for rows in (shown, given):
        assert rows.shape[0] == 80
    np.testing.assert_allclose(
        np.linalg.norm(shown[:, None] - shown, axis=-1),
        np.linalg.norm(given[:, None] - given, axis=-1),
        atol=1e-9,
    )
    assert axes.get_title() == "PCA of 40 pairs"
    shares = [
        int(label.split("(")[1].split("%")[0])
        for label in (axes.get_xlabel(), axes.get_ylabel())
    ]
    assert sum(shares) in (99, 100, 101)


def test_lines_join_each_query_with_its_picture(pairs):
    (axes,) = plot_shared_space(*pairs, method="pca", show=False).axes
    queries, images = _points(axes)
    joined = np.array(axes.collections[0].get_segments())
    np.testing.assert_allclose(joined, np.stack([queries, images], axis=1))


def test_length_does_not_matter(pairs):
    queries, images = pairs
    figures = [
        plot_shared_space(scale * queries, images, method="pca", show=False)
        for scale in (1, 7)
    ]
    one, seven = (np.concatenate(_points(figure.axes[0])) for figure in figures)
    np.testing.assert_allclose(one, seven)


@pytest.mark.slow
def test_umap_keeps_neighbours_together(pairs):
    pytest.importorskip("umap")
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    (axes,) = plot_shared_space(*pairs, show=False).axes
    queries, images = _points(axes)
    assert axes.get_title() == "UMAP of 40 pairs"
    partners = np.linalg.norm(queries - images, axis=1)
    strangers = np.linalg.norm(queries - np.roll(images, 20, axis=0), axis=1)
    assert np.median(partners) < 0.5 * np.median(strangers)
    after = np.random.get_state()[1]  # noqa: NPY002
    np.testing.assert_array_equal(after, state)


def test_without_umap_auto_is_pca(pairs, monkeypatch):
    monkeypatch.setattr(
        "mne_shallowalign.viz._shared_space.find_spec", lambda name: None
    )
    (axes,) = plot_shared_space(*pairs, show=False).axes
    assert axes.get_title() == "PCA of 40 pairs"
    with pytest.raises(ImportError, match="umap-learn"):
        plot_shared_space(*pairs, method="umap", show=False)


def test_given_axes_and_bad_input(pairs):
    queries, images = pairs
    figure, axes = plt.subplots()
    shown = plot_shared_space(queries, images, method="pca", axes=axes, show=False)
    assert shown is figure
    with pytest.raises(ValueError, match=r"shape.* got \(40, 10\) and \(39, 10\)"):
        plot_shared_space(queries, images[1:], show=False)
    with pytest.raises(ValueError, match="must be finite"):
        plot_shared_space(queries * np.nan, images, show=False)
    with pytest.raises(ValueError, match="method must be one of .* got 'tsne'"):
        plot_shared_space(queries, images, method="tsne", show=False)


def test_the_legend_hides_no_pair(pairs):
    figure = plot_shared_space(*pairs, method="pca", show=False)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend().get_window_extent()
    covered = legend.overlaps(axes.get_window_extent())
    plt.close(figure)
    assert not covered
