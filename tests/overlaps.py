"""Whether words of a figure lie on one another."""

from __future__ import annotations

from itertools import combinations

from matplotlib.text import Text


def overlapping(figure, texts=None):
    """List the pairs of words whose letters share a pixel."""
    figure.draw_without_rendering()
    texts = figure.findobj(Text) if texts is None else texts
    texts = [one for one in texts if one.get_visible() and one.get_text().strip()]
    return [
        (a.get_text(), b.get_text())
        for a, b in combinations(texts, 2)
        if a.get_window_extent().overlaps(b.get_window_extent())
    ]
