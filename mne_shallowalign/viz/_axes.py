"""Where plots begin and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


def open_axes(axes: Axes | None, size: tuple[float, float] = (7.2, 4.2)) -> Axes:
    """Take the axes that were given, or make some (size in inches)."""
    if axes is not None:
        return _given(axes, 1)[0]
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def open_panels(axes: Any, n_panels: int, size: tuple[float, float]) -> NDArray[Any]:
    """Take one axes a panel, or make a figure of at most four in a row."""
    if axes is not None:
        return _given(axes, n_panels)
    import matplotlib.pyplot as plt

    n_columns = min(4, n_panels)
    n_rows = -(-n_panels // n_columns)
    figure = plt.figure(
        figsize=(size[0] * n_columns, size[1] * n_rows), layout="constrained"
    )
    return np.array(
        [figure.add_subplot(n_rows, n_columns, i + 1) for i in range(n_panels)]
    )


def _given(axes: Any, n_panels: int) -> NDArray[Any]:
    """Check the axes that were given, alone or in an array of any shape."""
    from matplotlib.axes import Axes

    found = np.ravel(np.asarray(axes, dtype=object))
    strange = [type(one).__name__ for one in found if not isinstance(one, Axes)]
    if len(found) != n_panels or strange:
        got = f"{len(found)} of them" if not strange else f"a {strange[0]}"
        raise ValueError(
            f"axes must be {n_panels} matplotlib Axes, one for each panel, got {got}."
        )
    return found


def percent_axis(axis: Axis) -> None:
    """Write shares in percent."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


def open_frame(axes: Axes) -> None:
    """Take away the two sides of the frame that carry no ticks."""
    axes.spines[["top", "right"]].set_visible(False)


def legend_outside(axes: Axes) -> None:
    """Put the legend beside the axes, where it hides no data."""
    axes.legend(
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1)
    )


def finish(axes: Any, show: bool) -> Figure:
    """Show the figure of some axes if asked to, and return it."""
    from mne.viz.utils import plt_show

    figure = axes.figure.figure  # of a part of a figure, the whole
    plt_show(show, fig=figure)
    return figure
