"""The script that makes the tables which ship."""

from __future__ import annotations

import lzma

from mne_shallowalign.datasets import _make_registry
from mne_shallowalign.datasets._remote import REGISTRIES


def test_the_shipped_tables_are_what_it_makes(test_data, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:  # packing takes half a minute
        patch.setattr(lzma, "compress", lambda data, preset: data)
        _make_registry.main([str(test_data), str(tmp_path)])
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {path.name for path in REGISTRIES.glob("*.xz")}
    for name, content in made.items():
        assert content == lzma.decompress((REGISTRIES / name).read_bytes()), name
    assert len(capsys.readouterr().out.splitlines()) == len(made)
