"""Colours that colour-blind people tell apart, and the end of every plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito (2008), "Color universal design".
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
GREY = "#666666"


def finish(axes: Any, show: bool) -> Figure:
    """Show the figure of some axes if asked to, and return it."""
    from mne.viz.utils import plt_show

    plt_show(show, fig=axes.figure)
    return axes.figure
