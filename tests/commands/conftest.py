from __future__ import annotations

import contextlib
import io
from types import SimpleNamespace

import pytest

from mne_shallowalign.commands.main import main
from mne_shallowalign.datasets import simulate_bids

SMALL = {
    "n_concepts": 12,
    "n_images_per_concept": 4,
    "n_repetitions": 1,
    "n_test_concepts": 4,
    "n_test_repetitions": 2,
    "n_runs": 2,
    "snr": 3.0,
    "layer": 2,
}
QUICK = ["--set", "lr=1e-2", "n_components=16", "max_epochs=10"]


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """A small simulation, and a decoder that the command fitted to it."""
    folder = tmp_path_factory.mktemp("saved")
    data = ["--bids-root", str(folder / "ds"), "--subject", "01"]
    cache = ["--cache-dir", str(folder / "cache")]
    simulate_bids(folder / "ds", cache_dir=folder / "cache", random_state=0, **SMALL)
    out = folder / "decoder.safetensors"
    model = ["--backbone", "gabor/v1", "--layer", "2", *QUICK, *cache]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = main(["fit", *data, *model, "--out", str(out), "--tmin", "0", "--debug"])
    assert code == 0
    return SimpleNamespace(
        folder=folder, data=data, model=model, file=out, printed=printed.getvalue()
    )
