from __future__ import annotations

import dataclasses

import pytest

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.protocols import simulated_recordings


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Three people on disk, whose recordings can be sent to other processes."""
    return simulated_recordings(
        tmp_path_factory.mktemp("protocols") / "simulated",
        n_subjects=3,
        n_concepts=8,
        n_images_per_concept=3,
        n_repetitions=2,
        n_test_concepts=4,
        n_test_repetitions=3,
        n_dipoles=8,
        snr=3.0,
        n_runs=2,
    )


@pytest.fixture(scope="session")
def recordings(simulated):
    """The same people, in memory."""
    kept = {
        (subject, split): simulated.load(subject, split)
        for subject in simulated.subjects
        for split in ("train", "test")
    }
    minutes = {
        (subject, m): simulated.load_minutes(subject, m)
        for subject in simulated.subjects
        for m in (0.2, 0.5)
    }
    return dataclasses.replace(
        simulated,
        load=lambda *key: kept[key],
        load_minutes=lambda *key: minutes[key],
    )


@pytest.fixture
def decoder():
    """Make a decoder that is fitted in a moment."""

    def make(layer=3, **params):
        settings = dict(n_components=16, lr=1e-2, max_epochs=5, precision="float32")
        return ShallowAlignDecoder("gabor/v1", layer, **settings | params)

    return make


@pytest.fixture
def counted(recordings):
    """Recordings, and the list of all that is loaded of them."""
    loaded = []

    def load(subject, split):
        loaded.append((subject, split))
        return recordings.load(subject, split)

    return dataclasses.replace(recordings, load=load), loaded
