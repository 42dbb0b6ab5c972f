from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.rst"


def _block(after):
    text = README.read_text(encoding="utf-8").split(after)[1]
    block = re.search(r"\.\. code-block:: \w+\n\n((?:   .*\n|\n)+)", text)[1]
    return re.sub(r"^   ", "", block, flags=re.MULTILINE).strip()


def test_example_has_twelve_lines():
    example = _block(".. start: example")
    assert len([line for line in example.splitlines() if line]) == 12


def test_commands_set_everything_up():
    for name, last in [("demo", "mne-shallowalign demo"), ("test", "python -m pytest")]:
        lines = _block(f".. command: {name}").splitlines()
        assert lines[0].startswith("git clone https://github.com/mne-shallowalign/")
        assert lines[-1] == f".venv/bin/{last}"
        assert all(line.endswith(" &&") for line in lines[:-1])
