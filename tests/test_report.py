"""The report opens offline and says what was found."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign import ShallowAlignDecoder, make_report
from mne_shallowalign._report_words import describe_result, percent, tabulate


@pytest.fixture
def scores():
    top1 = np.array([0.2, 0.454, 0.06])
    return pd.DataFrame(
        {
            "layer": ["blocks.0", "blocks.1", "final"],
            "depth": [0, 1, np.nan],
            "top1": top1,
            "top1_low": top1 - 0.05,
            "top1_high": top1 + 0.05,
            "top5": top1 + 0.3,
            "top5_low": top1 + 0.2,
            "top5_high": top1 + 0.4,
            "chance1": 1 / 60,
            "chance5": 5 / 60,
            "n_queries": 120,
            "n_gallery": 60.0,
        }
    )


def test_the_sentence(scores):
    assert describe_result(scores.iloc[[1]]) == (
        "This brain picks the right picture out of 60, 45 % of the time (chance "
        "1.7 %, 95 % interval 40 % to 50 %, 120 queries)."
    )
    assert "blocks.1 is the best of 3" in describe_result(scores)
    assert "test-selected" in describe_result(scores)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (0.017, "1.7 %"), (0.454, "45 %"), (1, "100 %")],
)
def test_percent(share, text):
    assert percent(share) == text


def test_the_table(scores):
    table = tabulate(scores, {"blocks.1": "simulated"})
    row = table.iloc[1]
    assert row.tolist()[:5] == ["blocks.1", "1.00", "45 %", "40 % to 50 %", "1.7 %"]
    assert row.tolist()[-1] == "simulated"
    assert table.iloc[2]["depth"] == ""
    assert "" not in tabulate(scores)


@pytest.fixture
def page(scores, tmp_path):
    rng = np.random.default_rng(0)
    decoder = ShallowAlignDecoder(
        layer=2, n_components=3, max_epochs=1, random_state=7, device="cpu"
    )
    features = rng.standard_normal((12, 2, 4))
    decoder.fit(rng.standard_normal((12, 2, 5)), features)
    report = make_report(
        scores,
        decoder=decoder,
        figures={"Retrieval": plt.figure(figsize=(1, 1))},
        captions={"Retrieval": "Rows are <i>evenly</i> spaced."},
        marks={"blocks.1": "simulated"},
        provenance={"data": "<b>mine</b>"},
        title="A title",
    )
    report.save(tmp_path / "report.html", open_browser=False, verbose=False)
    path = tmp_path / "report.html"
    assert path.stat().st_size < 20e6
    return path.read_text(encoding="utf-8")


def test_the_page_has_every_section(page, scores):
    assert "<title>A title</title>" in page
    assert describe_result(scores) in page
    for section in ("Result", "Layer curve", "Scores", "Retrieval", "Provenance"):
        assert section in page
    assert len(re.findall('src="data:image/png', page)) == 3  # MNE's logo is one
    assert "Rows are" in page
    for cell in ("blocks.1", "45 %", "40 % to 50 %", "simulated"):
        assert f"<td>{cell.replace(' %', '&nbsp;%')}</td>" in page
    assert '<div class="table-responsive"><table' in page  # else cut off if wide


def test_the_page_says_how_it_was_made(page):
    record = dict(re.findall("<tr><th>(.*?)</th><td>(.*?)</td></tr>", page))
    assert record["data"] == "&lt;b&gt;mine&lt;/b&gt;"  # escaped, not rendered
    assert record["mne"] == mne.__version__
    assert record["random_state"] == "7"
    assert record["layer"] == "features[:, 1]"
    assert "image_root" not in record


def test_the_page_needs_no_network(page):
    """No script, style, picture or font comes from elsewhere."""
    tags = "script|img|link|iframe|source"
    loaded = re.findall(rf"<(?:{tags})\b[^>]*?\b(?:src|href)=[\"']([^\"']+)", page)
    assert loaded
    assert all(url.startswith("data:") for url in loaded)
    assert not re.search(r"(url\(|@import)\s*['\"]?https?:", page)


def test_one_row_is_enough(scores):
    make_report(scores.iloc[[0]])
    assert not plt.get_fignums()  # figures are not left open


def test_a_missing_column_is_told(scores):
    with pytest.raises(ValueError, match="lacks the column.* top5_low, n_gallery"):
        make_report(scores.drop(columns=["top5_low", "n_gallery"]))
