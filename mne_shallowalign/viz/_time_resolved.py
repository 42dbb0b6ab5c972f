"""Scores over time, and over training and test times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import finish
from ._style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TIME_UNITS = {"s": 1.0, "ms": 1e3}


def plot_time_resolved(
    scores: ArrayLike,
    times: ArrayLike,
    *,
    train_times: ArrayLike | None = None,
    chance: float | None = None,
    onset: float | None = 0.0,
    repeats: str = "folds",
    score: str = "top-1 accuracy",
    time_unit: str = "s",
    axes: Axes | None = None,
    show: bool = True,
) -> Figure:
    """Plot scores of MNE's SlidingEstimator or GeneralizingEstimator.

    Parameters
    ----------
    scores : array-like, shape (..., n_times) or (..., n_train_times, n_times)
        Scores, as :func:`mne.decoding.cross_val_multiscore` returns them. Axes before
        those of time are repeats: folds or subjects.
    times : array-like, shape (n_times,)
        When the decoders were tested, in seconds.
    train_times : array-like, shape (n_train_times,) | None
        When they were trained, in seconds, of a
        :class:`~mne.decoding.GeneralizingEstimator`. None (default): at ``times``, one
        by one.
    chance : float | None
        What guessing scores. None: not drawn.
    onset : float | None
        When the picture came on, in seconds. None: not drawn. Default 0.
    repeats : str
        What the repeats are, for the label. Default ``"folds"``.
    score : str
        What was measured, for the label. Default ``"top-1 accuracy"``.
    time_unit : ``"s"`` | ``"ms"``
        The unit of the time axes.
    axes : matplotlib.axes.Axes | None
        Where to plot. None (default) makes a figure.
    show : bool
        Whether to show the figure. Default True.

    Returns
    -------
    figure : matplotlib.figure.Figure
        A curve with the 95 % confidence interval of its mean over repeats (Student's
        t), or a matrix of means, with training times upwards, and chance marked
        in the colour bar.

    Raises
    ------
    ValueError
        If shapes do not fit one another, or the unit is unknown.

    Notes
    -----
    Folds share most of their training trials, so that a band over folds is too narrow
    for inference; one over subjects is what it seems.
    """
    import matplotlib.pyplot as plt

    if time_unit not in TIME_UNITS:
        raise ValueError(f"time_unit={time_unit!r} must be one of {[*TIME_UNITS]}.")
    scale = TIME_UNITS[time_unit]
    axis = np.asarray(times, dtype=float) * scale
    train = None if train_times is None else np.asarray(train_times, float) * scale
    stack = _stack(scores, axis, train)
    if axes is None:
        size = (6.4, 3.6) if train is None else (5.4, 4.4)
        _, axes = plt.subplots(figsize=size, layout="constrained")
    what = f"{score}, mean of {len(stack)} {repeats}" if len(stack) > 1 else score
    at = None if onset is None else onset * scale
    axes.set_xlabel(f"{'' if train is None else 'test '}time ({time_unit})")
    if train is None:
        _plot_curve(axes, stack, axis, chance, at)
        axes.set_ylabel(what)
    else:
        _plot_matrix(axes, stack.mean(axis=0), axis, train, chance, at, what)
        axes.set_ylabel(f"training time ({time_unit})")
    return finish(axes, show)


def _stack(
    scores: ArrayLike, times: NDArray[Any], train_times: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Bring scores to the shape (n_repeats, [n_train_times,] n_times)."""
    array = np.asarray(scores, dtype=float)
    tail = times.shape if train_times is None else train_times.shape + times.shape
    if array.ndim < len(tail) or array.shape[-len(tail) :] != tail:
        raise ValueError(
            f"scores has the shape {array.shape}; with these times it must end in "
            f"{tail}. Of a GeneralizingEstimator, pass train_times too."
        )
    return array.reshape(-1, *tail)


def _plot_curve(
    axes: Axes,
    stack: NDArray[Any],
    times: NDArray[Any],
    chance: float | None,
    onset: float | None,
) -> None:
    mean = stack.mean(axis=0)
    axes.plot(times, mean, color=BLUE, label="mean")
    if len(stack) > 1:
        half = _half_width(stack)
        band: dict[str, Any] = {"color": BLUE, "alpha": 0.25, "linewidth": 0}
        axes.fill_between(times, mean - half, mean + half, label="95 % CI", **band)
    if stack.min() >= 0:  # the interval of a share may reach below
        axes.set_ylim(bottom=max(0, axes.get_ylim()[0]))
    if chance is not None:
        line: dict[str, Any] = {"color": GREY, "linestyle": "--", "linewidth": 1}
        axes.axhline(chance, label=f"chance, {chance:.3g}", **line)
    if onset is not None:
        axes.axvline(onset, color="black", linewidth=1, label="onset")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)
    axes.legend(frameon=False, fontsize="small")


def _half_width(stack: NDArray[Any]) -> NDArray[Any]:
    from scipy.stats import t

    n = len(stack)
    return t.ppf(0.975, n - 1) * stack.std(axis=0, ddof=1) / np.sqrt(n)


def _plot_matrix(
    axes: Axes,
    mean: NDArray[Any],
    times: NDArray[Any],
    train_times: NDArray[Any],
    chance: float | None,
    onset: float | None,
    label: str,
) -> None:
    mesh = axes.pcolormesh(times, train_times, mean, cmap="cividis", shading="nearest")
    bar = axes.figure.colorbar(mesh, ax=axes, label=label)
    if chance is not None:
        bar.ax.axhline(chance, color="white", linestyle="--")
        bar.ax.set_title(f"chance\n{chance:.3g}", fontsize="small", loc="left")
    if onset is not None:
        for draw in (axes.axvline, axes.axhline):
            draw(onset, color="white", linewidth=1)
    axes.set_aspect("equal")
