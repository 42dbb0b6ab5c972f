"""A page that says what was found and how."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mne.utils import verbose
from sklearn.utils.validation import check_is_fitted

from ._provenance import versions
from ._report_data import describe_data
from ._report_sources import (
    Content,
    read_decoder_training,
    read_folder,
    read_protocol,
    read_scores,
    read_search,
    read_trials,
)
from ._report_words import describe_decoder

if TYPE_CHECKING:
    import mne
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder
    from .preprocessing import MVNNWhitener
    from .search import LayerSearchCV

_DPI = 100  # legible at twice the width of a page, and light


@verbose
def make_report(
    results: ShallowAlignDecoder | LayerSearchCV | DataFrame | str | Path,
    *,
    epochs: Any = None,
    images: Any = None,
    decoder: ShallowAlignDecoder | None = None,
    whitener: MVNNWhitener | None = None,
    image_root: str | Path | None = None,
    result: str | None = None,
    figures: Mapping[str, Figure] | None = None,
    captions: Mapping[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    title: str = "Shallow Alignment",
    verbose: bool | str | int | None = None,
) -> mne.Report:
    """Write down a result: sentence, scores, figures, provenance.

    Parameters
    ----------
    results : ShallowAlignDecoder | LayerSearchCV | DataFrame | path
        What to report:

        - a fitted decoder, tested on ``epochs`` and ``images`` where they are given;
        - a fitted search: its layers, and, with ``epochs`` and ``images``, a test of
          the decoder that it refitted;
        - the results of a protocol, see
          :func:`mne_shallowalign.protocols.read_results`, or the folder that they are
          in, with similarities and training curves;
        - the folder that ``mne-shallowalign evaluate --out`` made;
        - a table of scores, one row a layer, with the columns ``layer``, ``depth``
          (relative), ``top1``, ``top1_low``, ``top1_high``, ``chance1``, the same four
          for ``top5``, ``n_queries`` and ``n_gallery``; see
          :func:`mne_shallowalign.viz.plot_layer_curve`.
    epochs : Epochs | array, shape (n_epochs, n_channels, n_times) | None
        Trials that were **not** trained on, in V, T or T/m, to test the decoder with.
    images : sequence of path | list of PIL.Image | array | None
        The image of every epoch; the unique ones are the candidates. None (default):
        ``epochs.metadata["image"]``.
    decoder : ShallowAlignDecoder | None
        With a table, a fitted decoder to test and to write down. None (default) takes
        the one in ``results``.
    whitener : MVNNWhitener | None
        What the decoder's signal goes through first: it is applied to ``epochs``, and
        the saliency is that of the sensors before it. None (default): ``epochs`` are
        what the decoder takes; if they are whitened, so is each channel of the maps, a
        mixture of all sensors.
    image_root : path | None
        With a folder, where the pictures lie, to show those retrieved. None (default):
        they are not shown.
    result : str | None
        The sentence at the top. None (default) describes the results; of several layers
        it takes the best and says that it was selected on the test trials.
    figures : mapping of str to matplotlib.figure.Figure | None
        Further figures by their title.
    captions : mapping of str to str | None
        What to write under those figures, by their title.
    marks : mapping of str to str | None
        Words to write at the layers of a table, such as ``{"blocks.5": "simulated"}``.
    provenance : mapping of str to object | None
        What else a reader needs to compute the same again: data, protocol, seed. None
        (default) writes down what the results, the decoder and the epochs tell.
    title : str
        Title of the page.
    %(verbose)s

    Returns
    -------
    report : mne.Report
        The report; ``report.save("report.html")`` writes one file that opens offline.
        Every figure has a text that says what is there to see.

    Raises
    ------
    TypeError
        If ``results`` is something else.
    FileNotFoundError
        If ``results`` or ``image_root`` is the path of a folder that is not there.
    ValueError
        If a table lacks a column, a folder has no results, there are epochs but no
        decoder to test, or epochs have no images.
    sklearn.exceptions.NotFittedError
        If the decoder is not fitted.

    Warns
    -----
    RuntimeWarning
        If the decoder was trained with some of the images that it is tested with.

    Notes
    -----
    Intervals are those of :func:`mne_shallowalign.retrieval.score_interval`, over
    pictures and, of several people, over people; in a table of scores they are as
    given.
    """
    import matplotlib.pyplot as plt
    import mne

    content, tested = _read(results, marks, image_root)
    decoder = tested if decoder is None else decoder
    if decoder is not None:
        images = None if epochs is None else _images_of(epochs, images)
        _add_decoder(content, decoder, epochs, images, whitener)
    elif epochs is not None:
        raise ValueError("epochs were given, but no decoder to test. Give decoder=.")
    report = mne.Report(title=title, verbose=verbose)
    sentence = content.sentence if result is None else result
    report.add_html(f"<p>{escape(sentence)}</p>", title="Result", tags="result")
    for name, table in content.tables.items():
        report.add_html(_to_html(table), title=name, tags="scores")
    for drawing in content.drawings:
        figure = drawing.draw()
        _add_figure(report, figure, drawing.title, drawing.caption, drawing.alt)
        plt.close(figure)
    for name, figure in (figures or {}).items():
        caption = (captions or {}).get(name, "")
        _add_figure(report, figure, name, caption, caption or name)
    record = {**content.record, **(provenance or {})}
    record = record or describe_data(decoder, epochs, images)
    _add_provenance(report, record, decoder)
    return report


def _read(
    results: Any, marks: Mapping[str, str] | None, image_root: str | Path | None
) -> tuple[Content, ShallowAlignDecoder | None]:
    """Read results of any kind; with them, the decoder that they hold."""
    from pandas import DataFrame

    from .decoder import ShallowAlignDecoder
    from .search import LayerSearchCV

    if isinstance(results, ShallowAlignDecoder):
        check_is_fitted(results, "net_")
        return Content(""), results
    if isinstance(results, LayerSearchCV):
        check_is_fitted(results, "cv_results_")
        return read_search(results), getattr(results, "best_estimator_", None)
    if isinstance(results, DataFrame):
        is_protocol = {"protocol", "recipe"} <= set(results)
        found = read_protocol(results) if is_protocol else read_scores(results, marks)
        return found, None
    if isinstance(results, (str, Path)):
        root = None if image_root is None else Path(image_root).expanduser()
        return read_folder(Path(results).expanduser(), root), None
    raise TypeError(
        "results must be a fitted ShallowAlignDecoder or LayerSearchCV, a DataFrame or "
        f"the path of a folder of results, got {type(results).__name__}."
    )


def _add_decoder(
    content: Content,
    decoder: ShallowAlignDecoder,
    epochs: Any,
    images: Any,
    whitener: MVNNWhitener | None,
) -> None:
    """Test the decoder where there are trials, and tell how it was trained."""
    training = read_decoder_training(decoder)
    if epochs is not None:
        tested = read_trials(decoder, epochs, images, whitener)
        content.sentence = f"{content.sentence} {tested.sentence}".strip()
        content.tables |= tested.tables
        content.drawings += tested.drawings
    content.sentence = content.sentence or training.sentence
    content.drawings += training.drawings


def _images_of(epochs: Any, images: Any) -> Any:
    if images is not None:
        return images
    metadata = getattr(epochs, "metadata", None)
    if metadata is None or "image" not in metadata:
        raise ValueError(
            "images is needed: the image of every epoch; epochs.metadata has no "
            "column 'image'."
        )
    return metadata["image"].to_numpy(str)


def _add_figure(
    report: mne.Report, figure: Figure, title: str, caption: str, alt: str
) -> None:
    """Add a figure with a text of its own; MNE's says no more than the title."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    data = base64.b64encode(file.getvalue()).decode()
    html = (
        '<figure class="figure mx-auto d-block">'
        '<img class="figure-img img-fluid mx-auto d-block" '
        f'alt="{escape(alt)}" src="data:image/png;base64,{data}">'
        f'<figcaption class="figure-caption">{escape(caption)}</figcaption>'
        "</figure>"
    )
    report.add_html(html, title=title, tags="figure")


def _add_provenance(
    report: mne.Report, record: Mapping[str, Any], decoder: ShallowAlignDecoder | None
) -> None:
    records = {
        "Data and protocol": record,
        "Decoder": describe_decoder(decoder),
        "Versions": versions(),
    }
    for name, rows in records.items():
        if rows:
            report.add_html(
                _record_table(rows),
                title=name,
                section="Provenance",
                tags="provenance",
            )


def _to_html(table: DataFrame) -> str:
    """Write a table that is scrolled where it is wider than the page."""
    html = table.to_html(
        index=False, classes="table table-sm", border=0, justify="left"
    )
    html = html.replace(" %", "&nbsp;%")
    return f'<div class="table-responsive">{html}</div>'


def _record_table(record: Mapping[str, Any]) -> str:
    rows = (
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in record.items()
    )
    return f"<table class='table table-sm'><tbody>{''.join(rows)}</tbody></table>"
