"""Shells learn every command and option."""

from __future__ import annotations

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


def test_without_shtab_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 1
    assert "pip install" in capsys.readouterr().err
