from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.protocols import Recipe, Recordings
from mne_shallowalign.reproduce import paper_setting
from mne_shallowalign.reproduce._runs import System
from mne_shallowalign.reproduce._tabulate import compare, spread


@pytest.fixture
def setting():
    return paper_setting(Recordings(name="x", subjects=("01", "02"), load=print))


@pytest.fixture
def systems():
    published = pd.DataFrame(
        [
            ("x", "intra-subject", "01", "top1", 0.5),
            ("x", "intra-subject", "mean", "top1", 0.4),
            ("y", "intra-subject", "01", "top1", 0.9),
        ],
        columns=["dataset", "protocol", "subject", "metric", "value"],
    ).assign(source="Table 9")
    recipe = Recipe(name="a", decoder=ShallowAlignDecoder(), published=published)
    return [System(recipe=recipe, labels={"method": "A"})]


@pytest.fixture
def results():
    rows = [("01", 0, 0.6, 0.8), ("01", 1, 0.4, 1.0)]
    rows += [("02", 0, 0.2, 0.3), ("02", 1, 0.4, 0.5)]
    table = pd.DataFrame(rows, columns=["subject", "seed", "top1", "top5"])
    return table.assign(protocol="intra-subject", method="A")


def _at(table, subject, metric="top1"):
    (row,) = table.query("subject == @subject and metric == @metric").to_dict("records")
    return row


def test_ours_published_and_their_difference(results, systems, setting):
    table = compare(results, systems, setting, "x")
    assert len(table) == 6  # two subjects and the mean, two metrics
    one = _at(table, "01")
    assert (one["ours"], one["published"]) == pytest.approx((0.5, 0.5))
    mean = _at(table, "mean")
    assert mean["ours"] == pytest.approx(0.4)  # of 0.5 and 0.3: seeds first
    assert mean["difference"] == pytest.approx(0)
    other = _at(table, "02")
    assert other["ours"] == pytest.approx(0.3)
    assert np.isnan(other["published"])
    assert np.isnan(other["difference"])
    assert _at(table, "mean", "top5")["ours"] == pytest.approx(0.65)


def test_subjects_of_things_meg_are_numbered(results, systems, setting):
    labels = {"01": "BIGMEG1", "02": "BIGMEG2"}
    renamed = results.assign(subject=results["subject"].map(labels))
    table = compare(renamed, systems, setting, "x")
    assert _at(table, "01")["difference"] == pytest.approx(0)


def test_simulated_numbers_are_not_compared(results, systems, setting):
    recordings = replace(setting.recordings, is_simulated=True)
    table = compare(results, systems, replace(setting, recordings=recordings), "x")
    assert "difference" not in table
    assert _at(table, "mean")["published"] == 0.4


def test_laid_out_by_subject(results, systems, setting):
    wide = spread(compare(results, systems, setting, "x"))
    assert list(wide.columns) == ["01", "02", "mean"]
    row = wide.loc[("intra-subject", "A", "top1")]
    assert row.tolist() == [
        "50.0 (published 50.0, +0.0)",
        "30.0",
        "40.0 (published 40.0, +0.0)",
    ]


def test_fewer_people_than_published_have_no_difference_of_means(
    results, systems, setting
):
    recipe = systems[0].recipe
    three = [recipe.published.assign(subject=name) for name in ("01", "02", "03")]
    more = replace(recipe, published=pd.concat([recipe.published, *three]))
    both = [results, results.assign(protocol="inter-subject")]
    ours = pd.concat(both, ignore_index=True)
    systems = [System(recipe=more, labels=systems[0].labels)]
    told = compare(ours, systems, setting, "x").dropna(subset=["difference"])
    assert set(told["protocol"]) == {"intra-subject"}
    assert set(told["subject"]) == {"01", "02"}
