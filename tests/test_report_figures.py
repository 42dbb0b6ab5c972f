"""What is drawn, and that what is said of it is true."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign._evaluation import Evaluation
from mne_shallowalign._report_figures import (
    evaluation_drawings,
    layer_drawing,
    training_drawing,
)


def _evaluation(n_categories, n=64, **options):
    rng = np.random.default_rng(0)
    return Evaluation(
        similarity=np.eye(n) + 0.1 * rng.standard_normal((n, n)),
        truth=np.arange(n),
        gallery=[f"{i}.png" for i in range(n)],
        concepts=[f"c{i % n_categories}" for i in range(n)],
        **options,
    )


@pytest.mark.parametrize(
    ("n_categories", "titles"),
    [
        (4, ["Similarity", "Confusion"]),
        (31, ["Similarity"]),  # too many names to be legible
        (64, ["Similarity"]),  # each picture is a concept of its own
    ],
)
def test_categories_are_drawn_where_they_are_legible(n_categories, titles):
    drawings = list(evaluation_drawings(_evaluation(n_categories)))
    assert [one.title for one in drawings] == titles
    for one in drawings:
        figure = one.draw()
        labels = figure.axes[0].get_xticklabels()
        assert len(labels) == (4 if n_categories == 4 else 1)
        plt.close(figure)


def test_pictures_make_grids_and_embeddings_a_space():
    pictures = list(np.zeros((64, 4, 4, 3), np.uint8))
    spread = np.random.default_rng(0).standard_normal((64, 5))
    found = _evaluation(4, pictures=pictures, queries=spread, images=spread)
    drawings = {one.title: one for one in evaluation_drawings(found)}
    assert list(drawings)[:3] == ["Retrieval", "Best queries", "Worst queries"]
    assert "64 recordings" in drawings["Shared space"].alt
    figure = drawings["Worst queries"].draw()
    assert figure.axes[0].get_title() == "seen (worst)"
    plt.close(figure)


def test_the_alternative_texts_have_the_numbers():
    assert (
        "from 3.00 to 1.50 nats in 2 epochs"
        in training_drawing({"train_loss": [3.0, 1.5]}).alt
    )
    scores = pd.DataFrame({"layer": ["a", "b"], "top1": [0.2, 0.4]})
    assert "highest, 40%, at layer b" in layer_drawing(scores, None, "none").alt
