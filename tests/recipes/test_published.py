"""The transcribed tables."""

import pytest

from mne_shallowalign.recipes import list_recipes
from mne_shallowalign.recipes._published import _table, published

SUBJECTS = [f"{n:02d}" for n in range(1, 11)]


def test_means_are_those_of_the_subjects():
    """Of rounded numbers, to a tenth of a per cent."""
    table = _table().dropna(subset="01")
    means = table[SUBJECTS].mean(axis=1)
    assert len(table) == 96
    assert abs(means - table["mean"]).max() < 0.1


def test_top5_is_above_top1():
    wide = _table().pivot_table("mean", ["system", "dataset", "protocol"], "metric")
    wide = wide.dropna()
    assert (wide["top5"] > wide["top1"]).all()


@pytest.mark.parametrize(
    ("system", "dataset", "protocol", "subject", "metric", "value"),
    [
        ("nice", "things-eeg2", "intra-subject", "08", "top1", 0.229),
        ("atm", "things-eeg2", "inter-subject", "10", "top5", 0.465),
        ("neurobridge", "things-meg", "intra-subject", "02", "top1", 0.537),
        ("ubp", "things-meg", "inter-subject", "mean", "top5", 0.104),
        ("neural_mcrl", "things-eeg2", "intra-subject", "mean", "top5", 0.641),
    ],
)
def test_numbers_of_the_paper(system, dataset, protocol, subject, metric, value):
    """Read off the page of the paper, not off the file."""
    table = published(system)
    keys = {"dataset": dataset, "protocol": protocol, "subject": subject}
    for name, wanted in (keys | {"metric": metric}).items():
        table = table[table[name] == wanted]
    assert table["value"].tolist() == [value]
    assert table["source"].str.startswith("Du et al. 2026 v1").all()


def test_every_row_belongs_to_a_recipe():
    assert {name.split("/")[0] for name in _table()["system"]} <= set(list_recipes())
