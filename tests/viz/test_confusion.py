"""What the confusion of categories shows."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from overlaps import overlapping
from sklearn.metrics import confusion_matrix

from mne_shallowalign.viz import plot_confusion


def _shares(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_the_same_as_that_of_the_best_candidates():
    rng = np.random.default_rng(0)
    similarity = rng.normal(size=(60, 30))
    truth = rng.integers(30, size=60)
    categories = np.array(["animal", "food", "tool"])[np.arange(30) % 3]
    figure = plot_confusion(similarity, truth, categories, show=False)
    expected = confusion_matrix(
        categories[truth], categories[similarity.argmax(axis=1)], normalize="true"
    )
    np.testing.assert_allclose(_shares(figure), expected)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == [f"{share:.0%}" for share in expected.ravel()]


def test_ties_are_shared_and_unseen_categories_have_no_row():
    similarity = [[1, 1, 1, 0], [0, 0, 0, 1]]
    figure = plot_confusion(similarity, [0, 2], ["a", "b", "b", "c"], show=False)
    np.testing.assert_allclose(_shares(figure), [[1 / 3, 2 / 3, 0], [0, 0, 1]])
    axes = figure.axes[0]
    rows = [tick.get_text() for tick in axes.get_yticklabels()]
    assert rows == ["a (n = 1)", "b (n = 1)"]
    columns = [tick.get_text() for tick in axes.get_xticklabels()]
    assert columns == ["a (25%)", "b (50%)", "c (25%)"]


def test_given_axes_and_what_does_not_fit():
    figure, axes = plt.subplots()
    shown = plot_confusion(np.eye(2), [0, 1], ["a", "b"], axes=axes, show=False)
    assert shown is figure
    np.testing.assert_array_equal(_shares(figure), np.eye(2))
    with pytest.raises(ValueError, match="categories must have one entry"):
        plot_confusion(np.eye(2), [0, 1], ["a"], show=False)


@pytest.mark.parametrize(("n", "n_numbers"), [(4, 16), (10, 100), (20, 0), (30, 0)])
def test_no_word_lies_on_another(n, n_numbers):
    categories = [f"musical instrument {i}" for i in range(n)]
    figure = plot_confusion(np.eye(n), np.arange(n), categories, show=False)
    overlaps = overlapping(figure)
    assert len(figure.axes[0].texts) == n_numbers
    assert max(figure.get_size_inches()) < 12
    plt.close(figure)
    assert not overlaps
