from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mne_shallowalign.datasets import simulate_bids


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Root of a simulated dataset: small, but large enough for a layer to be found."""
    return simulate_bids(
        tmp_path_factory.mktemp("bids") / "small",
        n_concepts=40,
        n_images_per_concept=5,
        n_repetitions=2,
        n_test_concepts=10,
        n_test_repetitions=6,
        snr=0.8,
        n_runs=2,
    )


@pytest.fixture
def tiny():
    """Parameters of a simulation that takes a second."""
    return dict(
        n_concepts=3,
        n_images_per_concept=2,
        n_repetitions=2,
        n_test_concepts=2,
        n_test_repetitions=3,
        n_dipoles=4,
        n_runs=2,
    )


@pytest.fixture
def write_bids(tmp_path):
    """Write recordings whose events and pictures are given."""
    from mne_bids import BIDSPath, write_raw_bids

    def write(stim_files, pictures=("a.png", "b.png"), *, meg=False, **entities):
        for number, name in enumerate(pictures):
            path = tmp_path / "stimuli" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
        columns = dict(trial_type=["event"] * len(stim_files), stim_file=stim_files)
        columns |= {
            key: entities.pop(key)
            for key in ("concept", "object", "split")
            if key in entities
        }
        events = np.zeros((len(stim_files), 3), int)
        events[:, 0], events[:, 2] = 100 + 150 * np.arange(len(stim_files)), 1
        write_raw_bids(
            make_raw(200 + 150 * len(stim_files), meg),
            BIDSPath(
                **{"subject": "01", "task": "images"} | entities,
                datatype="meg" if meg else "eeg",
                root=tmp_path,
            ),
            events=events,
            event_id={"event": 1},
            event_metadata=pd.DataFrame(columns),
            extra_columns_descriptions=dict.fromkeys(columns, "a column"),
            format="FIF" if meg else "BrainVision",
            allow_preload=True,
            verbose="error",
        )
        return tmp_path

    return write


def make_raw(n_times, meg=False):
    """Make 3 channels of noise at 100 Hz."""
    info = mne.create_info(["A1", "A2", "A3"], 100.0, "mag" if meg else "eeg")
    info["line_freq"] = 50
    scale = 1e-13 if meg else 1e-5
    data = scale * np.random.RandomState(0).normal(size=(3, n_times))
    return mne.io.RawArray(data, info, verbose="error")
