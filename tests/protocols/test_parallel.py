"""Other processes: joblib's own, and those of a local Dask cluster."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

import joblib
import pandas as pd
import pytest
import torch

from mne_shallowalign import load_backbone
from mne_shallowalign.features import cache_info
from mne_shallowalign.protocols import IntraSubject, LeaveOneSubjectOut, read_results

TIMES = ["fit_seconds", "score_seconds", "versions"]


@pytest.fixture(autouse=True)
def _one_thread():
    """Round as processes do that have one thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recipes(decoder, tmp_path):
    """Make recipes that share a cache of features."""
    cache = {"cache_dir": tmp_path / "features"}
    return {
        "ridge": decoder(solver="ridge", **cache),
        "plain": decoder(**cache),
        "deeper": decoder(5, max_epochs=10, **cache),
    }


@pytest.fixture
def cluster():
    """Start two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    settings = dict(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with distributed.LocalCluster(**settings, silence_logs=logging.CRITICAL) as cluster:
        with distributed.Client(cluster):
            yield cluster


def assert_same_rows(one, other):
    pd.testing.assert_frame_equal(one.drop(columns=TIMES), other.drop(columns=TIMES))


@pytest.mark.slow
def test_processes_give_the_same_rows(simulated, recipes, tmp_path):
    serial = IntraSubject().run(recipes, simulated, seeds=1)
    found = IntraSubject().run(
        recipes, simulated, seeds=1, folder=tmp_path / "results", n_jobs=2
    )
    assert_same_rows(serial, found)
    joblib.externals.loky.get_reusable_executor().shutdown()


def test_features_are_computed_before_the_fan_out(simulated, recipes, tmp_path):
    from mne_shallowalign.protocols._extract import extract_first
    from mne_shallowalign.protocols._plan import make_plan

    jobs = make_plan(LeaveOneSubjectOut(), recipes, simulated, 2, "train")
    extract_first(jobs, joblib.Parallel(n_jobs=1, return_as="generator"), 40)
    (info,) = cache_info(tmp_path / "features").query("pooling == 'mean'").itertuples()
    train = simulated.load("01", "train").metadata["image"]
    assert info.n_images == train.nunique()
    assert set(load_backbone("gabor/v1").layers) <= set(info.layers)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dask_gives_the_same_rows_though_a_worker_dies(
    simulated, recipes, tmp_path, cluster
):
    serial = IntraSubject().run(recipes, simulated, seeds=4)
    folder, killed = tmp_path / "results", []

    def kill():
        while len(list(folder.glob("*.json"))) < 5:
            time.sleep(0.01)
        pid = cluster.workers[0].pid
        os.kill(pid, signal.SIGKILL)
        killed.append(len(list(folder.glob("*.json"))))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with joblib.parallel_config(backend="dask"):
        found = IntraSubject().run(recipes, simulated, seeds=4, folder=folder)
    killer.join(10)
    assert killed
    assert killed[0] < len(serial)  # in the middle
    assert_same_rows(serial, found)
    kept = read_results(folder)
    assert sorted(kept["id"]) == sorted(serial["id"])
    assert len(list(folder.glob("*.safetensors"))) == len(serial)
