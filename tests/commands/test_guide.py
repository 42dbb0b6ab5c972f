"""Every command of the guide page runs as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mne_shallowalign.commands.main import main

PAGE = Path(__file__).resolve().parents[2] / "doc" / "user_guide" / "command.rst"


def _between(name, end):
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f".. start: {name}\n")[1].split(f".. end: {end}\n")[0]


@pytest.mark.slow
def test_the_whole_analysis(saved, tmp_path, monkeypatch, capsys):
    code = re.sub(r"^   |\.\. code.*", "", _between("simulate", "simulate"), flags=re.M)
    assert "simulate_bids" in compile(code, "guide", "exec").co_names
    (tmp_path / "ds").symlink_to(saved.folder / "ds")  # a smaller one of its kind
    monkeypatch.chdir(tmp_path)
    lines = re.findall(
        "^   (mne-shallowalign .*)", _between("commands", "commands"), re.M
    )
    assert len(lines) == 6
    for line in lines:
        argv = shlex.split(line)[1:]
        if argv[0] in ("fit", "extract"):
            argv += ["--cache-dir", str(saved.folder / "cache")]
        assert main([*argv, "--debug"]) == 0, line
    assert "picks the right picture out of 16" in capsys.readouterr().out
    made = {path.name for path in tmp_path.iterdir()}
    assert {"decoder.safetensors", "results", "results.html", "report.html"} <= made
