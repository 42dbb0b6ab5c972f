"""Each table and figure, on the tiniest setting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.backbones._paper import PAPER
from mne_shallowalign.reproduce import list_exhibits, plan, reproduce

# others of their families are tested
_SLOW = {
    *("table1", "table2", "table5", "figure7"),
    *("figure9", "figure10", "figure11", "figure12"),
}
_NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in _SLOW else name
    for name in list_exhibits().index
]


@pytest.mark.parametrize("name", _NAMES)
def test_everything_is_written_and_says_simulated(name, made, setting):
    found = made(name)
    assert len(found.results) == len(plan(name, setting))
    assert found.results["is_simulated"].all()
    assert found.files
    for path in found.files:
        assert path.stat().st_size > 0
        if path.suffix in (".csv", ".html"):
            assert "simulated" in path.read_text()
    for figure in found.figures.values():
        assert "simulated" in figure.get_supxlabel()
    assert not any(
        "difference" in column for t in found.tables.values() for column in t
    )
    assert list(Path(found.files[0]).parent.glob(".*part*")) == []


def test_again_it_fits_nothing(made, setting, folder):
    before = made("figure4")
    again = reproduce("figure4", setting, folder / "out")
    pd.testing.assert_frame_equal(before.results, again.results)  # seconds included


def test_fits_are_shared_between_tables_and_figures(made):
    ids = set(made("figure3").results["id"])
    assert ids < set(made("figure2").results["id"])


def test_table4_is_the_best_layer_beside_the_final_output(made, setting):
    table = made("table4").tables[""]
    results = made("table4").results
    for row in table.to_dict("records"):
        rows = results[results["model"] == row["model"]]
        for place in ("best", "final"):
            top1 = rows.loc[rows["place"] == place, "top1"].mean()
            assert row[place] == pytest.approx(top1)
        assert row["gain"] == pytest.approx(row["best"] - row["final"])
    published = {r.top1 / 100 for r in PAPER if r.alias in ("vit-b-16", "internvit-6b")}
    assert set(table["best_published"]) == published


def test_figure5_shows_pairs_of_the_chosen_person(made, setting):
    found = made("figure5")
    assert set(found.results["subject"]) == {setting.person(7)}
    for axes in found.figures[""].axes:
        assert len(axes.collections[0].get_segments()) == 8


def test_figure8_shows_the_losses_that_were_recorded(made):
    found = made("figure8")
    history = found.tables[""]
    axes = found.figures[""].axes[0]
    rows = history[history["layer"] == history["layer"].iloc[0]]
    for line, name in zip(axes.lines, ("train_loss", "test_loss"), strict=True):
        expected = rows.groupby("epoch")[name].mean()
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_figures_4_and_10_to_13_rank_by_what_was_kept(made, setting):
    both, final = made("figure4"), made("figure13")
    assert set(both.results["place"]) == {"best", "final"}
    assert set(both.results["subject"]) == {setting.person(7)} == {"01"}
    assert set(final.results["place"]) == {"final"}
    (part,) = final.figures[""].subfigs
    row = final.results.iloc[0]
    assert part.get_suptitle() == f"final output ({row['layer']}), subject 02"


def test_published_habit_is_labelled(folder, setting):
    from dataclasses import replace

    habit, out = replace(setting, selection="test"), folder / "habit"
    found = reproduce("figure13", habit, out)
    assert set(found.results["selection"]) == {"test"}
    assert "test-selected" in found.figures[""].get_supxlabel()
    table4 = reproduce("table4", habit, out)
    assert set(table4.tables[""]["selection"]) == {"test"}
    assert all("-test-selected." in path.name for path in found.files + table4.files)
    honest = reproduce("table4", setting, out)
    assert set(honest.tables[""]["selection"]) == {"train"}
    assert not {*honest.files} & {*table4.files}


def test_one_person_is_decoded_within(folder, setting):
    """As the guide and the help show it: nobody is left to learn from."""
    alone = replace(setting.recordings, subjects=("01",))
    one = replace(setting, recordings=alone)
    assert set(plan("table5", one)["protocol"]) == {"intra-subject"}
    assert len(set(plan("table5", setting)["protocol"])) == 2
    table = reproduce("table5", one, folder / "out").tables[""]
    found = table.dropna(subset="ours")
    assert set(found["protocol"]) == {"intra-subject"}
    assert set(found["subject"]) == {"01", "mean"}
