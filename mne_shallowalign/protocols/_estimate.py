"""What a plan costs before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

ROW_BYTES = 4096


@dataclass(frozen=True)
class Estimate:
    """What a plan costs.

    Parameters
    ----------
    n_fits : int
        Number of fits.
    gpu_hours : float
        Hours on one device, one fit after the other.
    result_bytes : int
        Rows and similarities on disk.
    feature_bytes : int
        Features of all layers of all backbones in the cache.
    """

    n_fits: int
    gpu_hours: float
    result_bytes: int
    feature_bytes: int

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.n_fits} fits, {self.gpu_hours:.1f} GPU hours, "
            f"{self.result_bytes / 1e9:.2f} GB of results, "
            f"{self.feature_bytes / 1e9:.2f} GB of features"
        )


def estimate(
    plan: DataFrame,
    *,
    seconds_per_fit: float | Mapping[str, float] | DataFrame,
    n_queries: int = 200,
    n_gallery: int = 200,
    n_images: int = 16_740,
) -> Estimate:
    """Estimate what a plan costs, from what one fit takes.

    Parameters
    ----------
    plan : DataFrame
        What ``plan`` of a protocol returned, or those of its rows that are not done.
    seconds_per_fit : float | dict of str to float | DataFrame
        What one fit takes: the same for all, by recipe, or results that were measured,
        whose mean for each recipe is taken, and that of all for others.
    n_queries, n_gallery : int
        Size of the test, for the similarities that are kept. Default 200 and 200, as in
        THINGS-EEG2; 0 with ``keep=None``.
    n_images : int
        How many pictures features are computed of. Default 16,740, all of THINGS-EEG2;
        0 if features are there already.

    Returns
    -------
    estimate : Estimate
        Number of fits, hours and bytes; printed, it is a sentence.

    Raises
    ------
    ValueError
        If a recipe of the plan has no seconds.

    Examples
    --------
    >>> from mne_shallowalign import ShallowAlignDecoder
    >>> from mne_shallowalign.protocols import IntraSubject, Recordings, estimate
    >>> recordings = Recordings(name="mine", subjects=("01", "02"), load=print)
    >>> plan = IntraSubject().plan(ShallowAlignDecoder(), recordings)
    >>> print(estimate(plan, seconds_per_fit=90, n_images=0))
    10 fits, 0.2 GPU hours, 0.00 GB of results, 0.00 GB of features
    """
    seconds = _seconds(plan, seconds_per_fit)
    per_fit = ROW_BYTES + 4 * n_queries * n_gallery
    backbones = (
        plan[["backbone", "pooling"]].drop_duplicates() if n_images else plan[:0]
    )
    widths = sum(_n_features(*one) for one in backbones.itertuples(index=False))
    return Estimate(
        n_fits=len(plan),
        gpu_hours=sum(seconds) / 3600,
        result_bytes=len(plan) * per_fit,
        feature_bytes=4 * n_images * widths,
    )


def _seconds(
    plan: DataFrame, seconds_per_fit: float | Mapping[str, float] | DataFrame
) -> list[float]:
    if isinstance(seconds_per_fit, (int, float)):
        return [float(seconds_per_fit)] * len(plan)
    if isinstance(seconds_per_fit, Mapping):
        missing = sorted(set(plan["recipe"]) - set(seconds_per_fit))
        if missing:
            raise ValueError(
                f"seconds_per_fit has no entry for {', '.join(missing[:5])}: give one "
                "for each recipe of the plan, or one number for all."
            )
        return [float(seconds_per_fit[name]) for name in plan["recipe"]]
    measured = seconds_per_fit["fit_seconds"] + seconds_per_fit["score_seconds"]
    means = measured.groupby(seconds_per_fit["recipe"]).mean()
    return plan["recipe"].map(means).fillna(measured.mean()).tolist()


def _n_features(backbone: str, pooling: str) -> int:
    """Count the features of one picture, of all layers and the final output."""
    from ..backbones import load_backbone
    from ..features._pooling import flatten_width

    found = load_backbone(backbone)
    flat = flatten_width(pooling)
    layers = sum(flat or found.width(layer) for layer in found.layers)
    return layers + found.width("final")
