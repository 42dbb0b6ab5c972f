from __future__ import annotations

import pandas as pd
import pytest

from mne_shallowalign.reproduce._exhibit import Exhibit, Made
from mne_shallowalign.reproduce._write import write_made

_EXHIBIT = Exhibit("table9", "A <title>", "things-eeg2", list, Made)


class _Broken:
    def draw_without_rendering(self):
        pass

    def set_layout_engine(self, engine):
        pass

    def savefig(self, path, **kwargs):
        path.write_bytes(b"half")
        raise OSError("disk full")


def test_tables_are_read_back_with_their_note(tmp_path):
    table = pd.DataFrame({"method": ["A"], "ours": [0.25]})
    made = Made(tables={"": table, "wide": table.set_index("method")})
    files = write_made(made, _EXHIBIT, "simulated & small", tmp_path)
    assert [path.name for path in files] == [
        "table9.csv",
        "table9.html",
        "table9-wide.csv",
        "table9-wide.html",
    ]
    found = pd.read_csv(files[0])
    assert found.to_dict("records") == [
        {"method": "A", "ours": 0.25, "note": "simulated & small"}
    ]
    page = files[1].read_text()
    assert "A &lt;title&gt;" in page
    assert "simulated &amp; small" in page


def test_nothing_half_written_stays(tmp_path):
    with pytest.raises(OSError, match="disk full"):
        write_made(Made(figures={"": _Broken()}), _EXHIBIT, "", tmp_path)
    assert list(tmp_path.iterdir()) == []
