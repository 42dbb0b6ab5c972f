from __future__ import annotations

from dataclasses import replace

import pytest

from mne_shallowalign.reproduce import reproduce, simulated_setting

RECORDING = {
    "n_concepts": 8,
    "n_images_per_concept": 2,
    "n_repetitions": 1,
    "n_test_concepts": 4,
    "n_test_repetitions": 1,
    "n_runs": 1,
}
DECODER = {"max_epochs": 2, "n_components": 8}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduce")


@pytest.fixture(scope="session")
def setting(folder):
    """The tiniest: two people, two stand-ins of which two layers, two epochs."""
    tiny = simulated_setting(
        folder / "simulated",
        subjects=["01", "02"],
        backbones=["vit-b-16", "internvit-6b"],
        recording=RECORDING,
        params=DECODER,
    )
    return replace(tiny, n_layers=2)


@pytest.fixture(scope="session")
def made(folder, setting):
    """What was reproduced, each once."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = reproduce(name, setting, folder / "out")
        return known[name]

    return get
