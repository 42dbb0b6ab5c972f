"""``mne-shallowalign reproduce``."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands.main import main


def _run(capsys, *argv):
    code = main(["reproduce", *map(str, argv)])
    return code, capsys.readouterr()


def test_without_a_name_it_lists(capsys):
    code, output = _run(capsys)
    assert code == 0
    assert "table1" in output.out
    assert "figure13" in output.out


def test_dry_run_counts_and_touches_nothing(capsys, tmp_path):
    out = tmp_path / "out"
    argv = ["table6", "--dataset", "simulated", "--dry-run", "--out", out]
    code, output = _run(capsys, *argv, "--n-seeds", 2, "--seconds-per-fit", 18)
    assert code == 0
    # two protocols, four stand-ins, three people; the other two are learned from
    assert "48 fits, 0.4 GPU hours" in output.out
    assert not out.exists()


def test_dry_run_of_the_paper_needs_no_data(capsys, tmp_path):
    argv = ["table6", "--backbone", "rn50,vit-b-16", "--dry-run", "--out", tmp_path]
    code, output = _run(capsys, *argv)
    assert code == 0
    assert "200 fits" in output.out
    assert "with 50 s for a fit of one person (measured on two CPU cores" in output.out
    assert list(tmp_path.iterdir()) == []


def test_people_are_named_with_and_without_sub(capsys, tmp_path):
    argv = ["table5", "--backbone", "rn50", "--dry-run", "--subject"]
    first, second = (_run(capsys, *argv, n) for n in ("01,02", "sub-01,sub-02"))
    assert first[0] == second[0] == 0
    assert first[1].out == second[1].out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["table3"], "choose one of table1"),
        (["table1", "--dataset", "cifar"], "invalid choice"),
    ],
)
def test_wrong_usage_exits_with_2(argv, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", *argv])
    assert words in capsys.readouterr().err


def test_a_model_without_stand_in_is_one_line(capsys, tmp_path):
    argv = ["figure3", "--dataset", "simulated", "--backbone", "rn101", "--dry-run"]
    code, output = _run(capsys, *argv)
    assert code == 2
    assert "--backbone must be among those with a stand-in, rn50" in output.err
    assert output.err.count("\n") == 1


@pytest.mark.slow
def test_a_figure_from_the_command_line(capsys, tmp_path):
    argv = ["figure13", "--dataset", "simulated", "--subject", "02", "--out", tmp_path]
    code, output = _run(capsys, *argv)
    assert code == 0
    assert "simulated" in output.out
    assert (tmp_path / "figure13.png").is_file()
    assert str(tmp_path / "figure13.pdf") in output.out


def test_a_file_is_no_folder_for_results(capsys, tmp_path):
    (tmp_path / "file").touch()
    argv = ["figure13", "--dataset", "simulated", "--out", tmp_path / "file"]
    code, output = _run(capsys, *argv)
    assert code == 1
    assert f"to the folder {tmp_path / 'file'}: Not a directory" in output.err
    assert output.err.count("\n") == 1
