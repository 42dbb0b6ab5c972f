"""``mne-shallowalign datasets``."""

from __future__ import annotations

from mne_shallowalign.commands.main import main


def test_table(tmp_path, capsys):
    assert main(["datasets", "--path", str(tmp_path)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert (
        head.split()
        == "name modality subjects hours per subject on disk licence".split()
    )
    assert [row.split()[0] for row in rows] == [
        "nod-eeg",
        "nod-meg",
        "things-eeg1",
        "things-eeg2",
        "things-images",
        "things-meg",
    ]
    assert rows[0].split()[1:6] == ["EEG", "19", "0.8", "107.9", "MiB"]
