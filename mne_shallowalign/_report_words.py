"""Results in words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .features._gallery import is_auto

if TYPE_CHECKING:
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder

_METRICS = {
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "mean_rank": "mean rank",
    "median_rank": "median rank",
    "mrr": "mean reciprocal rank",
    "two_way": "two-way accuracy",
    "concept5": "same concept among the best 5 others",
}


def describe_result(
    scores: DataFrame, who: str = "This brain picks", what: str = "the right picture"
) -> str:
    """Put the best row of a table of scores into a sentence.

    Parameters
    ----------
    scores : DataFrame
        Scores as for :func:`mne_shallowalign.make_report`; one row, or one a layer.
    who : str
        Subject and verb of the sentence. Default ``"This brain picks"``.
    what : str
        Its object. Default ``"the right picture"``.

    Returns
    -------
    sentence : str
        How often the right picture is picked, out of how many, beside chance and
        interval. With several rows it adds that the layer is test-selected.
    """
    best_row: Any = scores["top1"].idxmax()
    best = scores.loc[best_row]
    sentence = (
        f"{who} {what} out of {best['n_gallery']:.0f}, "
        f"{percent(best['top1'])} of the time (chance {percent(best['chance1'])}, "
        f"95 % interval {percent(best['top1_low'])} to {percent(best['top1_high'])}, "
        f"{best['n_queries']:.0f} queries)."
    )
    if len(scores) > 1:
        sentence += (
            f" Layer {best['layer']} is the best of {len(scores)} on these very "
            "queries (test-selected), so expect less on others."
        )
    return sentence


def tabulate(scores: DataFrame, marks: Mapping[str, str] | None = None) -> DataFrame:
    """Make a table of scores that people read.

    Parameters
    ----------
    scores : DataFrame
        Scores as for :func:`mne_shallowalign.make_report`.
    marks : mapping of str to str | None
        Words to write beside layers.

    Returns
    -------
    table : DataFrame of str
        The columns layer, depth, top-1, 95 % interval, chance, top-5, its interval
        and its chance, and, if there are marks, a last one for them.
    """
    import pandas as pd

    depth = scores.get("depth", pd.Series(float("nan"), index=scores.index))
    table: dict[str, Any] = {
        "layer": scores["layer"],
        "depth": depth.map("{:.2f}".format, "ignore"),
    }
    table["depth"] = table["depth"].fillna("")
    for k in (1, 5):
        bounds = zip(scores[f"top{k}_low"], scores[f"top{k}_high"], strict=True)
        table |= {
            f"top-{k}": scores[f"top{k}"].map(percent),
            f"95 % interval, top-{k}": [
                f"{percent(low)} to {percent(high)}" for low, high in bounds
            ],
            f"chance, top-{k}": scores[f"chance{k}"].map(percent),
        }
    if marks:
        table[""] = scores["layer"].map(marks).fillna("")
    return pd.DataFrame(table)


def tabulate_metrics(metrics: DataFrame) -> DataFrame:
    """Make a table of metrics that people read.

    Parameters
    ----------
    metrics : DataFrame
        One row a metric: ``metric``, ``value``, ``low``, ``high`` and ``chance``.

    Returns
    -------
    table : DataFrame of str
        The columns metric, value, 95 % interval and chance: shares in percent, ranks
        as numbers.
    """
    import pandas as pd

    rows = []
    row: Any  # a named tuple of the columns
    for row in metrics.itertuples():
        write = "{:.1f}".format if row.metric.endswith("_rank") else percent
        if row.metric == "mrr":
            write = "{:.2f}".format
        bounds = f"{write(row.low)} to {write(row.high)}"
        named = _METRICS.get(row.metric, row.metric)
        rows.append((named, write(row.value), bounds, write(row.chance)))
    return pd.DataFrame(rows, columns=["metric", "value", "95 % interval", "chance"])


def percent(share: float) -> str:
    """Write a share in percent, with a decimal where it is small.

    Parameters
    ----------
    share : float
        Between 0 and 1.

    Returns
    -------
    text : str
        Such as ``"45 %"`` or ``"1.7 %"``.
    """
    return f"{100 * share:.{1 if share < 0.1 else 0}f} %"


def describe_decoder(decoder: ShallowAlignDecoder | None) -> dict[str, Any]:
    """Record what a decoder is made of.

    Parameters
    ----------
    decoder : ShallowAlignDecoder | None
        A fitted decoder.

    Returns
    -------
    record : dict
        Backbone, revision and licence of its weights, the layer in use, device,
        precision, and every parameter but the folders. Empty for None.
    """
    if decoder is None:
        return {}
    parameters = decoder.get_params(deep=False)
    for name in ("image_root", "cache_dir", "verbose"):
        del parameters[name]  # where pictures lay is private, and changes nothing
    if decoder.backbone_ is not None:
        backbone = decoder.backbone_
        parameters["backbone"] = (
            f"{backbone.name}; weights: {backbone.weights}, revision "
            f"{backbone.weights_revision}; licence: {backbone.license or 'not stated'}"
        )
    used = {
        "layer": decoder.layer_,
        "device": decoder.device_,
        "precision": decoder.precision_,
    }
    if is_auto(decoder.layer) and hasattr(decoder, "screen_"):
        used["layer_rule"] = f"auto, of {len(decoder.screen_)} layers"
    return parameters | used
