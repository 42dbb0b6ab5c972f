"""What a table or figure costs before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._search_folds import N_FOLDS
from ..protocols import Estimate, estimate
from ._setting import Setting

if TYPE_CHECKING:
    from pandas import DataFrame

# benchmarks/fit.py: 0.99 s per epoch of 16,540 trials on two CPU cores, 50 epochs
SECONDS_PER_FIT = 50.0


def cost(
    plan: DataFrame, setting: Setting, *, seconds_per_fit: float = SECONDS_PER_FIT
) -> Estimate:
    """Estimate what a plan costs.

    Parameters
    ----------
    plan : DataFrame
        What :func:`plan` returned.
    setting : Setting
        What it was made with.
    seconds_per_fit : float
        What one fit to the trials of one person takes. Default 50, which is what the
        benchmarks page measured on two CPU cores for EEGProject and THINGS-EEG2; of
        other encoders and devices, measure one.

    Returns
    -------
    estimate : Estimate
        Fits, hours, disk. Fits to several people take longer in proportion, and a
        search is counted as all its layers, one by one, in every fold: an upper bound,
        for layers that train as one stack share the signal.
    """
    if setting.recordings.is_simulated:
        sizes = {"n_queries": 48, "n_gallery": 48, "n_images": 168}
    else:
        sizes = {}
    n_fits = plan["layer"].map(lambda layer: _n_fits(layer, setting))
    seconds = seconds_per_fit * n_fits * plan["n_train_subjects"]
    means = seconds.groupby(plan["recipe"]).mean()
    per_recipe = {str(recipe): float(mean) for recipe, mean in means.items()}
    return estimate(plan, seconds_per_fit=per_recipe, **sizes)


def _n_fits(layer: str, setting: Setting) -> int:
    """Count the fits of a search: every layer in every fold, and the last one."""
    if layer == "search":
        n_layers = setting.n_layers
    elif layer.startswith("["):
        n_layers = layer.count(",") + 1
    else:
        return 1
    return n_layers * N_FOLDS + 1
