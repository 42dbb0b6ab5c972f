"""Systems are averaged over people and seeds, and intervals are over both."""

from __future__ import annotations

import numpy as np
import pytest

from mne_shallowalign import make_report
from mne_shallowalign._report_protocol import (
    describe_systems,
    tabulate_people,
    tabulate_systems,
)
from mne_shallowalign._report_words import percent
from mne_shallowalign.protocols import read_results
from mne_shallowalign.protocols._results import ResultsFolder
from mne_shallowalign.retrieval import ranks, score_interval, score_similarity


@pytest.fixture
def folder(tmp_path):
    """Two systems, three people, two seeds; twelve pictures."""
    rng = np.random.default_rng(0)
    results = ResultsFolder(tmp_path / "results")
    truth = np.arange(12)
    for name, signal in {"strong": 3.0, "weak": 0.5}.items():
        for subject in ("01", "02", "03"):
            for seed in (0, 1):
                similarity = rng.standard_normal((12, 12)) + signal * np.eye(12)
                row = {
                    "id": f"{name}-{subject}-{seed}",
                    "dataset": "made up",
                    "is_simulated": True,
                    "protocol": "intra-subject",
                    "recipe": name,
                    "subject": subject,
                    "minutes": None,
                    "seed": seed,
                    "selection": "train",
                    "transductive": False,
                    "n_queries": 12,
                    "n_gallery": 12,
                } | score_similarity(similarity, truth)
                arrays = {
                    "similarity": similarity,
                    "truth": truth,
                    "gallery": np.array([f"{i}.png" for i in range(12)]),
                    "concepts": np.array([str(i // 3) for i in range(12)]),
                    "train_loss": np.array([3.0, 2.0, 1.5]),
                }
                results.write(row, arrays)
    return tmp_path / "results"


def test_a_row_is_the_mean_over_people_and_seeds(folder):
    results = read_results(folder)
    table = tabulate_systems(results).set_index("recipe")
    strong = results[results["recipe"] == "strong"]
    row = table.loc["strong"]
    assert row["top-1"] == percent(strong["top1"].mean())
    assert (row["people"], row["seeds"], row["chance, top-1"]) == (3, 2, "8.3 %")
    _, low, high = score_interval(
        strong["top1"].to_numpy(), subjects=strong["subject"].to_numpy()
    )
    assert row["95 % interval, top-1"] == f"{percent(low)} to {percent(high)}"
    assert row[""] == "simulated"


@pytest.mark.parametrize("tabulate", [tabulate_systems, tabulate_people])
def test_minutes_have_a_column_where_there_are_any(folder, tabulate):
    results = read_results(folder)
    assert "minutes" not in tabulate(results)
    assert set(tabulate(results.assign(minutes=5.0))["minutes"]) == {"5.0"}


def test_similarities_make_intervals_over_pictures_too(folder):
    results = read_results(folder)
    table = tabulate_systems(results, folder).set_index("recipe")
    hits, images, people = [], [], []
    for _, fit in results[results["recipe"] == "weak"].iterrows():
        arrays = ResultsFolder(folder).read_arrays(fit["id"])
        hits.extend(ranks(arrays["similarity"], arrays["truth"]) <= 1)
        images.extend(range(12))
        people.extend([fit["subject"]] * 12)
    _, low, high = score_interval(hits, images=images, subjects=people)
    expected = f"{percent(low)} to {percent(high)}"
    assert table.loc["weak", "95 % interval, top-1"] == expected


def test_one_person_without_similarities_has_no_interval(folder):
    results = read_results(folder)
    table = tabulate_systems(results[results["subject"] == "02"])
    assert (table["95 % interval, top-1"] == "").all()
    assert "interval" not in describe_systems(table)


def test_test_selected_and_transductive_are_said(folder):
    results = read_results(folder).assign(selection="test", transductive=True)
    text = describe_systems(tabulate_systems(results))
    assert text.count("(simulated, test-selected, transductive)") == 2


@pytest.mark.parametrize("as_table", [False, True])
def test_the_page(folder, as_table, tmp_path):
    report = make_report(read_results(folder) if as_table else folder)
    report.save(tmp_path / "page.html", open_browser=False, verbose=False)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "strong (simulated), intra-subject on made up: the right picture" in page
    titles = [element.name for element in report._content]
    assert {"Systems", "People"} <= set(titles)
    fit = "strong, intra-subject, subject 01, seed 0"
    assert (f"Similarity: {fit}" in titles) == (not as_table)
    assert (f"Training: {fit}" in titles) == (not as_table)
