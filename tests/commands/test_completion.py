"""Shells learn every command and option."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from mne_shallowalign.commands.main import COMMANDS, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_known(shell, capsys):
    pytest.importorskip("shtab")
    assert main(["completion", shell, "--debug"]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in COMMANDS)
    assert "hold-out" in script


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_bash_completes(tmp_path, capsys):
    pytest.importorskip("shtab")
    main(["completion", "bash"])
    (tmp_path / "script").write_text(capsys.readouterr().out)
    code = (
        f"source {tmp_path / 'script'}; COMP_WORDS=(mne-shallowalign ev); "
        "COMP_CWORD=1; "
        "$(complete -p mne-shallowalign | sed 's/.*-F \\([^ ]*\\).*/\\1/') "
        "mne-shallowalign ev mne-shallowalign; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["evaluate"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes(tmp_path, capsys):
    pytest.importorskip("shtab")
    main(["completion", "fish"])
    (tmp_path / "script").write_text(capsys.readouterr().out)
    (tmp_path / "picture.png").touch()
    for typed, found in (("ev", "evaluate"), ("extract pic", "picture.png")):
        code = f"source script; complete -C 'mne-shallowalign {typed}'"
        done = subprocess.run(
            ["fish", "--no-config", "-c", code],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [found]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_reads_it(tmp_path, capsys):
    pytest.importorskip("shtab")
    main(["completion", "zsh"])
    (tmp_path / "_mne-shallowalign").write_text(capsys.readouterr().out)
    code = "autoload -Uz compinit && compinit -u -D && "
    code += "autoload +X _mne-shallowalign && print $_comps[mne-shallowalign]"
    done = subprocess.run(
        ["zsh", "-f", "-c", f"fpath+={tmp_path}; {code}"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "_mne-shallowalign\n", done.stderr


def test_files_are_completed_where_files_are_meant(capsys):
    pytest.importorskip("shtab")
    assert main(["completion", "zsh"]) == 0
    script = capsys.readouterr().out
    for option, meant in (
        ("--bids-root", True),
        ("--cache-dir", True),
        ("--out", True),
        ("--seed", False),
    ):
        lines = [line for line in script.splitlines() if f'"{option}[' in line]
        assert lines
        assert all(("_files" in line) == meant for line in lines)


def test_without_shtab_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 1
    assert "pip install" in capsys.readouterr().err
