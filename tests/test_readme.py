from __future__ import annotations

import re
from pathlib import Path

from mne_shallowalign.datasets import simulate_bids

README = Path(__file__).resolve().parents[1] / "README.rst"


def _block(after):
    text = README.read_text(encoding="utf-8").split(after)[1]
    block = re.search(r"\.\. code-block:: \w+\n\n((?:   .*\n|\n)+)", text)[1]
    return re.sub(r"^   ", "", block, flags=re.MULTILINE).strip()


def test_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = {"n_concepts": 5, "n_images_per_concept": 3, "n_repetitions": 1}
    simulate_bids("my_bids_dataset", n_test_concepts=1, n_runs=1, **small)
    example = _block(".. start: example")
    assert len([line for line in example.splitlines() if line]) == 12
    offline = example.replace('"vit-b-16", layer=6', '"gabor/v1", layer=3')
    exec(offline, {})
    share = re.search(r"first five in ([\d.]+)% of trials", capsys.readouterr().out)
    assert 0 <= float(share[1]) <= 100


def test_commands_set_everything_up():
    for name, last in [("demo", "mne-shallowalign demo"), ("test", "python -m pytest")]:
        lines = _block(f".. command: {name}").splitlines()
        assert lines[0].startswith("git clone https://github.com/mne-shallowalign/")
        assert lines[-1] == f".venv/bin/{last}"
        assert all(line.endswith(" &&") for line in lines[:-1])
