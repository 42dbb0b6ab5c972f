"""The command line: exit codes, help, one-line errors."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest

from mne_shallowalign.commands import demo, sys_info
from mne_shallowalign.commands.main import COMMANDS, main, make_parser


@pytest.fixture(autouse=True)
def _keep_log_level():
    import mne

    yield
    mne.set_log_level("WARNING")


def test_sys_info(capsys):
    assert main(["sys-info"]) == 0
    assert "mne-shallowalign" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    examples = capsys.readouterr().out.split("examples:")[1].replace("\\\n", " ")
    lines = re.findall(r"^  mne-shallowalign (.*?)(?: > .*)?$", examples, flags=re.M)
    assert {make_parser().parse_args(shlex.split(line)).name for line in lines} == {
        command
    }


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("mne-shallowalign ")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["no-such-command"],
        ["demo", "--no-such-option"],
        ["demo", "--hold-out", "day"],
        ["demo", "--bids-root", "somewhere"],
        ["demo", "--subject", "01"],
        ["demo", "--bids-root", "somewhere", "--subject", ","],
        ["demo", "--layer", ","],
        ["demo", "--no-report", "--out", "out"],
        ["demo", "--seed", "-1"],
        ["demo", "--bids-root", "ds", "--subject", "01", "--tmin", "2", "--tmax", "1"],
        ["demo", "--bids-root", "ds", "--subject", "01", "--tmin", "nan"],
        ["demo", "--l-freq", "40", "--h-freq", "1"],
        ["fit", "--bids-root", "ds", "--subject", "01", "--out", "decoder.pt"],
        ["extract", "pictures", "--out", "out", "--n-jobs", "-3"],
        ["extract", "pictures", "--out", "out", "--device", "tpu"],
        ["extract", "pictures", "--out", "out", "--precision", "double"],
        ["extract", "pictures", "--out", "out", "--cache-dir", __file__],
        ["reproduce", "table6", "--n-seeds", "0"],
        ["reproduce", "table6", "--dry-run", "--seconds-per-fit", "-3"],
        ["reproduce", "table6", "--seconds-per-fit", "3"],
        ["reproduce", "--n-seeds", "3"],
        ["extract", "pictures"],
        ["extract", "pictures", "--out", "out", "--batch-size", "0"],
        ["extract", ".", "--out", "out", "--image-root", "."],
        ["backbones", "timm/*", "--layers", "gabor/v1"],
        ["backbones", "--granularity", "block"],
        ["cache", "--yes"],
        ["cache", "--backbone", "*"],
        ["cache", "--max-size", "5GB"],
        ["cache", "--clear", "--max-size", "much"],
    ],
)
def test_wrong_usage_exits_with_2(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("mne-shallowalign")
    assert (": error: " in error, error.count("\n")) == (True, 1)


def test_an_error_is_one_line(monkeypatch, capsys):
    def fail(args):
        raise ValueError("this\n  is wrong")

    monkeypatch.setattr(sys_info, "run", fail)
    assert main(["sys-info"]) == 1
    error = capsys.readouterr().err
    assert error == (
        "mne-shallowalign sys-info: error: this is wrong (--debug shows where)\n"
    )
    assert main(["sys-info", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupted(monkeypatch, capsys):
    def stop(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", stop)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "mne-shallowalign demo: error: interrupted\n"


@pytest.mark.parametrize(
    ("argv", "unbuffered", "code"),
    [
        (["datasets"], "", 0),  # all was done
        (["datasets"], "1", 141),
        (["fit", "--help"], "", 0),
    ],
)
def test_a_reader_that_has_read_enough_hears_no_complaint(argv, unbuffered, code):
    command = [sys.executable, "-m", "mne_shallowalign.commands.main", *argv]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, "")


def test_another_broken_pipe_is_an_error(monkeypatch, capsys):
    def fail(args):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys_info, "run", fail)
    assert main(["sys-info"]) == 1
    assert "Broken pipe" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_quick(command):
    """Asking for help imports nothing heavy."""
    code = (
        "import sys\n"
        "from mne_shallowalign.commands.main import main\n"
        f"try:\n    main(['{command}', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'sklearn', 'matplotlib', 'mne', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
