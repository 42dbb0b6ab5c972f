"""How much each layer counts where several are fused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._axes import finish, open_axes, open_frame
from ._style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series


def plot_layer_weights(
    weights: Series | DataFrame, *, axes: Axes | None = None, show: bool = True
) -> Figure:
    """Plot the weight that a gate gives to each layer.

    Parameters
    ----------
    weights : Series | DataFrame
        The weights of one fit, by layer, such as ``layer_weights_`` of
        :class:`~mne_shallowalign.ShallowAlignDecoder`; or of several, a row a fit and
        a column a layer.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The figure: bars are the mean over fits, dots the fits where there are several,
        and the dashed line is what each layer would have if all counted alike.

    Raises
    ------
    TypeError
        If ``weights`` is neither Series nor DataFrame.
    ValueError
        If there is no layer, or the weights of a fit are negative or do not sum to
        one.
    """
    import pandas as pd

    if not isinstance(weights, (pd.Series, pd.DataFrame)):
        raise TypeError(
            "weights must be a Series or DataFrame, which name the layers, got "
            f"{type(weights).__name__}."
        )
    table = weights.to_frame().T if isinstance(weights, pd.Series) else weights
    _check_weights(table)
    axes = open_axes(axes)
    at = range(table.shape[1])
    axes.bar(at, table.mean(), color=BLUE, alpha=0.6)
    if len(table) > 1:
        for _, fit in table.iterrows():
            axes.plot(at, fit, color="black", marker=".", linestyle="", alpha=0.6)
    axes.axhline(1 / len(at), color=GREY, linestyle="--", label="all layers alike")
    axes.set_xticks(at, [str(layer) for layer in table], rotation=45, ha="right")
    axes.set(xlabel="layer", ylabel="weight (sums to 1)", ylim=(0, None))
    axes.set_title(f"{len(table)} fit{'s' * (len(table) > 1)}", fontsize="medium")
    axes.legend(frameon=False, fontsize="small")
    open_frame(axes)
    return finish(axes, show)


def _check_weights(table: DataFrame) -> None:
    if not table.size:
        raise ValueError("weights must have at least one layer, got none.")
    sums = table.sum(axis=1)
    if (table < 0).any(axis=None) or not ((sums - 1).abs() < 1e-3).all():
        raise ValueError(
            "weights must be 0 or more and sum to one in every fit, got sums of "
            f"{', '.join(f'{value:.3g}' for value in sums[:5])} and a smallest of "
            f"{table.min().min():.3g}."
        )
