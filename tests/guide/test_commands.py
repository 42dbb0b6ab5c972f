"""The commands of README and guide: ours are run, of others the form is checked."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import tomllib
from functools import partial
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from guide_blocks import PAGES, ROOT, is_listed, pages_with, read_blocks

from mne_shallowalign import datasets, protocols
from mne_shallowalign.commands.main import main, make_parser
from mne_shallowalign.reproduce import _simulated

# Commands that are parsed and not run, and why.
PARSED = {
    "fetch nod-eeg --subject 10": "downloads",
    "fetch nod-eeg --subject 10 --check": "reads what was downloaded",
    "fetch things-eeg2 --subject 8": "downloads",
    "reproduce table1 --out results": "days; tests/reproduce has a small one",
    'backbones "mylab/*"': "of a package that tests/test_plugins.py installs",
}
# Blocks of which no line is checked, by their beginning, and why.
NOT_CHECKED = {
    ("guide/clusters", "for gpu in 0 1 2 3; do"): "needs four GPUs and a script"
}
# What is not run as it is written.
SUBSTITUTED = {
    "/shared/mne_data/mne-shallowalign/ds005811/stimuli": "pictures",
    "/shared/features": "features",
}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOME = "https://github.com/mne-shallowalign/mne-shallowalign"
# Commands of others, of which the form is checked.
FORMS = [
    rf"git clone {HOME}( mne-shallowalign(-dev)?)?",
    r"cd mne-shallowalign(-dev)?",
    r"python3? -m venv \.venv",
    r"source \.venv/bin/activate",
    r"export( [A-Z_]+=[\w/]+)+",
    r"python -m pytest",
    r"pre-commit install",
]


def _commands(block):
    """Read the commands of a block, without their continuations and redirections."""
    for line in block.code.replace("\\\n", " ").splitlines():
        words = re.sub(r"( &&|\s(#|>)\s.*)$", "", line).split()
        if words:
            yield " ".join(words).removeprefix(".venv/bin/")


def _blocks(page):
    shell = (block for block in read_blocks(page) if block.language == "bash")
    return [block for block in shell if not is_listed(block, NOT_CHECKED)]


@pytest.fixture
def _small(recorded, tmp_path, monkeypatch):
    """Have here what commands read, and let what they simulate be small."""
    for name in ("ds", "my_bids_dataset"):
        (tmp_path / name).symlink_to(recorded.root)
    (tmp_path / "pictures").symlink_to(recorded.root / "stimuli")
    published = create_autospec(
        protocols.things_eeg2_recordings, return_value=recorded.recordings
    )
    monkeypatch.setattr(protocols, "things_eeg2_recordings", published)
    simulate = partial(datasets.simulate_bids, **recorded.settings)
    monkeypatch.setattr(datasets, "simulate_bids", simulate)
    monkeypatch.setattr(_simulated, "_RECORDING", {**recorded.settings, "sfreq": 160.0})
    monkeypatch.setattr(_simulated, "_SUBJECTS", ("01",))
    quick = {**_simulated._DECODER, "max_epochs": 2, "n_components": 8}
    monkeypatch.setattr(_simulated, "_DECODER", quick)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("page", [p for p in pages_with("bash") if p != "benchmarks"])
def test_commands_of_the_page_run(page):
    for block in _blocks(page):
        for command in _commands(block):
            program, *argv = shlex.split(command)
            if program != "mne-shallowalign":
                _check_form(command)
            elif command.removeprefix("mne-shallowalign ") in PARSED:
                make_parser().parse_args(argv)
            else:
                _run([SUBSTITUTED.get(word, word) for word in argv])


def _run(argv):
    assert main([*argv, "--debug"]) == 0, argv
    if "--out" in argv and "--dry-run" not in argv:
        assert Path(argv[argv.index("--out") + 1]).exists()


def _check_form(command):
    if "pip " in command:
        _check_pip(shlex.split(command.removeprefix("python -m ")))
    else:
        assert any(re.fullmatch(form, command) for form in FORMS), command


def _check_pip(argv):
    """Parse what the guide uses of pip, and look up what it names."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("action", choices=["install", "wheel"])
    parser.add_argument("what", nargs="*")
    parser.add_argument("--editable")
    parser.add_argument("--group", choices=PYPROJECT["dependency-groups"])
    parser.add_argument("--wheel-dir")
    parser.add_argument("--find-links")
    for flag in ("--upgrade", "--no-index"):
        parser.add_argument(flag, action="store_true")
    args = parser.parse_intermixed_args(argv[1:])
    for one in [*args.what, *filter(None, [args.editable])]:
        if one.startswith("."):
            assert (ROOT / one / "pyproject.toml").is_file()
        else:
            assert one in (PYPROJECT["project"]["name"], "pip")


class _ParsedError(Exception):
    pass


@pytest.fixture
def _parse_only(monkeypatch):
    """End a script when its command line is understood."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_end(self, *args, **kwargs):
        parse(self, *args, **kwargs)
        raise _ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_end)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def _benchmark_commands():
    return [command for block in _blocks("benchmarks") for command in _commands(block)]


@pytest.mark.usefixtures("_parse_only")
@pytest.mark.parametrize("command", _benchmark_commands())
def test_commands_of_benchmarks_are_understood(command, monkeypatch):
    program, *argv = shlex.split(command)
    monkeypatch.setattr("sys.argv", argv)
    run = {"python": _run_script, "mne-shallowalign": main}[program]
    with pytest.raises(_ParsedError):
        run(argv)


def _run_script(argv):
    runpy.run_path(str(ROOT / argv[0]), run_name="__main__")


@pytest.mark.parametrize("page", PAGES)
def test_options_in_sentences_are_there(page, capsys):
    text = " ".join(PAGES[page].read_text(encoding="utf-8").split())
    for words in re.findall(r"``(?:\.venv/bin/)?mne-shallowalign ([^`]+)``", text):
        name, *options = shlex.split(words)
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
        assert {one for one in options if one.startswith("--")} <= known, words
    extras = set(re.findall(r"mne-shallowalign\[(\w+)\]", text))
    assert extras <= set(PYPROJECT["project"]["optional-dependencies"])


def test_files_of_the_repository_that_are_named_exist():
    for path in PAGES.values():
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"\b(?:benchmarks|examples)/[\w/]+(?:\.\w+)?", text):
            assert (ROOT / name).exists(), (path, name)


def test_blocks_are_of_languages_that_are_tested():
    languages = {block.language for page in PAGES for block in read_blocks(page)}
    assert languages == {"bash", "doctest", "python", "text"}
    for path in PAGES.values():  # nor is there one without a language
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^ *[^.\s].*::$", text, flags=re.M), path


def test_exceptions_are_of_commands_that_there_are():
    shell = [b for page in PAGES for b in read_blocks(page) if b.language == "bash"]
    assert sum(is_listed(block, NOT_CHECKED) for block in shell) == len(NOT_CHECKED)
    commands = {command for block in shell for command in _commands(block)}
    assert {f"mne-shallowalign {command}" for command in PARSED} <= commands
    words = {word for command in commands for word in command.split()}
    assert set(SUBSTITUTED) <= words
