"""A page that says what was found and how."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from mne.utils import verbose

from ._provenance import versions

if TYPE_CHECKING:
    import mne
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder

_SCORES = ("top1", "top5")
_CURVE_CAPTION = (
    "Share of held-out trials whose picture ranks first (top-1) or among the first "
    "five (top-5), by layer of the vision model. Bands: 95 % Wilson interval over "
    "trials. Dashed: guessing."
)


@verbose
def make_report(
    scores: DataFrame,
    *,
    result: str | None = None,
    decoder: ShallowAlignDecoder | None = None,
    figures: Mapping[str, Figure] | None = None,
    captions: Mapping[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    title: str = "Shallow Alignment",
    verbose: bool | str | int | None = None,
) -> mne.Report:
    """Write down a result: sentence, layer curve, table, figures, provenance.

    Parameters
    ----------
    scores : DataFrame
        One row a layer, with the columns ``layer``, ``depth`` (relative), ``top1``,
        ``top1_low``, ``top1_high``, ``chance1``, the same four for ``top5``,
        ``n_queries`` and ``n_gallery``; see
        :func:`mne_shallowalign.viz.plot_layer_curve`.
    result : str | None
        The sentence at the top. None (default) describes the best row of ``scores``
        and says that it was selected on the test trials.
    decoder : ShallowAlignDecoder | None
        A fitted decoder, whose backbone, layer and parameters are written down.
    figures : mapping of str to matplotlib.figure.Figure | None
        Further figures by their title, such as that of
        :func:`mne_shallowalign.viz.plot_retrieval_grid`.
    captions : mapping of str to str | None
        What to write under those figures, by their title.
    marks : mapping of str to str | None
        Words to write at layers, such as ``{"blocks.5": "simulated"}``.
    provenance : mapping of str to object | None
        What else a reader needs to compute the same again: data, protocol, seed.
    title : str
        Title of the page.
    %(verbose)s

    Returns
    -------
    report : mne.Report
        The report; ``report.save("report.html")`` writes one file that opens
        offline.

    Raises
    ------
    ValueError
        If ``scores`` lacks a column.
    """
    import matplotlib.pyplot as plt
    import mne

    from .viz import plot_layer_curve

    _check_columns(scores)
    report = mne.Report(title=title, verbose=verbose)
    result = describe_result(scores) if result is None else result
    report.add_html(f"<p>{escape(result)}</p>", title="Result", tags="result")
    curve = plot_layer_curve(scores, marks=marks, show=False)
    _add_figure(report, curve, "Layer curve", _CURVE_CAPTION)
    plt.close(curve)
    report.add_html(_to_html(tabulate(scores, marks)), title="Scores", tags="scores")
    for name, figure in (figures or {}).items():
        _add_figure(report, figure, name, (captions or {}).get(name))
    records = {
        "Data and protocol": dict(provenance or {}),
        "Decoder": describe_decoder(decoder),
        "Versions": versions(),
    }
    for name, record in records.items():
        if record:
            report.add_html(
                _record_table(record),
                title=name,
                section="Provenance",
                tags="provenance",
            )
    return report


def describe_result(
    scores: DataFrame, who: str = "This brain picks", what: str = "the right picture"
) -> str:
    """Put the best row of a table of scores into a sentence.

    Parameters
    ----------
    scores : DataFrame
        Scores as for :func:`make_report`; one row, or one a layer.
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
    best = scores.loc[scores["top1"].idxmax()]
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
        Scores as for :func:`make_report`.
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
    table = {"layer": scores["layer"], "depth": depth.map("{:.2f}".format, "ignore")}
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
    return parameters | used


def _check_columns(scores: DataFrame) -> None:
    needed = [f"{name}{end}" for name in _SCORES for end in ("", "_low", "_high")]
    needed += ["layer", "depth", "chance1", "chance5", "n_queries", "n_gallery"]
    lacking = [name for name in needed if name not in scores]
    if lacking:
        raise ValueError(f"scores lacks the column(s) {', '.join(lacking)}.")


def _add_figure(
    report: mne.Report, figure: Figure, title: str, caption: str | None = None
) -> None:
    report.add_figure(
        figure, title=title, caption=caption, image_format="png", tags="figure"
    )


def _to_html(table: DataFrame) -> str:
    return table.to_html(
        index=False, classes="table table-sm", border=0, justify="left"
    )


def _record_table(record: Mapping[str, Any]) -> str:
    rows = (
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in record.items()
    )
    return f"<table class='table table-sm'><tbody>{''.join(rows)}</tbody></table>"
