from __future__ import annotations

import json
from types import SimpleNamespace

import mne
import open_clip
import pytest

from mne_shallowalign.backbones import _open_clip
from mne_shallowalign.backbones._load import PROVIDERS
from mne_shallowalign.backbones._paper import ALIASES
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.protocols import Recordings

SMALL = {
    "n_concepts": 10,
    "n_images_per_concept": 3,
    "n_repetitions": 1,
    "n_test_concepts": 4,
    "n_test_repetitions": 2,
    "n_runs": 2,
    "snr": 3.0,
    "ch_names": ["P3", "Pz", "P4", "PO7", "PO8", "Oz"],
}
TEXT = {"context_length": 8, "vocab_size": 16, "width": 8, "heads": 1, "layers": 1}
TRANSFORMER = {"image_size": 32, "width": 64, "patch_size": 16}
# What stands in for vision models of the hub: layers of the same number and names,
# narrow and without training.
TINY = {
    "rn50": {"image_size": 64, "layers": [3, 4, 6, 3], "width": 8},
    "vit-b-16": {**TRANSFORMER, "layers": 12},
    "vit-h-14": {**TRANSFORMER, "layers": 32},
    "internvit-6b": {**TRANSFORMER, "layers": 45},
}


@pytest.fixture(scope="session")
def _tiny_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for alias, vision in TINY.items():
        config = {"embed_dim": 1024, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"tiny-{alias}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


def _provide(model, *, weights="hub", **options):
    weights = "random-0" if weights == "hub" else weights
    return _open_clip.provide(f"tiny-{model}", weights=weights, **options)


@pytest.fixture
def _without_the_hub(_tiny_models, monkeypatch):
    """Let the names of the paper's vision models mean the tiny ones."""
    monkeypatch.setitem(PROVIDERS._targets, "tiny", _provide)
    for alias in TINY:
        monkeypatch.setitem(ALIASES, alias, f"tiny/{alias}")


@pytest.fixture(autouse=True)
def _own_home(_without_the_hub, tmp_path, monkeypatch):
    """Work in an empty folder, which also has MNE's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_MNE_FAKE_HOME_DIR", str(tmp_path))
    yield
    mne.set_log_level("WARNING")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """Two simulated people, and what stands in for a published recording."""
    root = tmp_path_factory.mktemp("guide") / "bids"
    for subject in ("01", "02"):
        simulate_bids(root, subject=subject, **SMALL)
    epochs = load_bids(root, "01")
    split = epochs.metadata["split"]
    parts = {name: epochs[split == name] for name in ("train", "test")}
    recordings = Recordings(
        name="stand-in",
        subjects=("08",),
        load=lambda subject, split: parts[split],
        image_root=root / "stimuli",
    )
    return SimpleNamespace(
        root=root, epochs=epochs, recordings=recordings, settings=SMALL
    )
