"""The Python of README and guide runs, page by page and word for word."""

from __future__ import annotations

import doctest
from contextlib import contextmanager
from unittest.mock import create_autospec

import joblib
import mne
import numpy as np
import pytest
from guide_blocks import PAGES, is_listed, pages_with, read_blocks
from safetensors.numpy import save_file

from mne_shallowalign import ShallowAlignDecoder, datasets, protocols
from mne_shallowalign.datasets import things_concepts
from mne_shallowalign.encoders._names import ENCODERS

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What is not run: the beginning of the block, and why.
NOT_RUN = {
    ("guide/clusters", "import joblib\nfrom dask_jobqueue"): "asks Slurm for workers",
    ("guide/encoders", "from braindecode"): "optional; run by tests/encoders",
}
# What draws a map of Neuromag sensors; the simulated people wear a cap.
OF_A_HELMET = {("guide/inspection", "added.plot_topomap(0.1, ch_type="): "added"}
# What is not run as it is written: a cluster whose workers know what stands in, fewer
# fits, no CUDA.
IN_PROCESS = "threads_per_worker=1, processes=False, dashboard_address=None)"
SUBSTITUTED = {
    "guide/clusters": {"threads_per_worker=1)": IN_PROCESS},
    "guide/own_data": {
        "SlidingEstimator(decoder), X,": "SlidingEstimator(decoder), X[..., ::5],"
    },
    "guide/protocols": {"seeds=5": "seeds=1"},
    "guide/inspection": {"window=0.1, step=0.05": "window=0.4, step=0.3"},
    "guide/features": {"""f"cuda:{os.environ['LOCAL_RANK']}\"""": '"cpu"'},
}


def _published(recorded, page):
    """Say what functions that fetch or read published data return here, by module."""
    root, epochs = recorded.root, recorded.epochs
    known = {
        "fetch_nod_eeg": root,
        "load_nod_eeg": epochs,
        "fetch_openneuro": root,
        "fetch_things_eeg2": root,
        "fetch_things_eeg2_images": root / "stimuli",
        "fetch_things_images": root / "stimuli",
        "load_things_eeg2": epochs,
    }
    if page == "guide/datasets":  # where it reads what was fetched
        known["load_bids"] = epochs
    if page == "guide/command":  # which simulates what the commands read
        known["simulate_bids"] = root
    return {
        datasets: known,
        protocols: {"things_eeg2_recordings": recorded.recordings},
    }


@contextmanager
def _stood_in(monkeypatch, functions):
    """Let functions return what is given, if their arguments fit their signature."""
    with monkeypatch.context() as patch:
        for module, returned in functions.items():
            for name, value in returned.items():
                known = getattr(module, name)
                patch.setattr(module, name, create_autospec(known, return_value=value))
        yield


def _supposed(recorded, page):
    """Make the variables that pages take for granted."""
    root, epochs = recorded.root, recorded.epochs.copy().resample(20)
    pictures = [str(root / "stimuli" / image) for image in epochs.metadata["image"]]
    given = {
        "root": root,
        "subjects": ["01", "02"],
        "epochs": epochs,
        "X": epochs.get_data(),
        "images": pictures,
        "concepts": epochs.metadata["concept"],
        "paths": sorted(set(pictures)),
        "recordings": recorded.recordings,
        "recipes": {"layer 3": ShallowAlignDecoder("gabor/v1", layer=3)},
    }
    if page == "guide/metrics":  # as if three pictures were shown 80 times
        shown = np.arange(3).repeat(80)
        decoder = ShallowAlignDecoder("gabor/v1", layer=3)
        given["decoder"] = decoder.fit(epochs, pictures)
        given["single_trials"] = epochs.get_data()[shown]
        given["images"] = np.array(pictures)[shown]
        given["concepts_of_the_gallery"] = things_concepts()["concept"][:200]
    return given


def _map_of_a_helmet():
    if not hasattr(mne.channels, "read_meg_canonical_info"):
        pytest.skip("MNE has the places of Neuromag sensors from version 1.12 on")
    info = mne.channels.read_meg_canonical_info("neuromag")
    values = np.random.default_rng(0).standard_normal((len(info["ch_names"]), 300))
    return mne.EvokedArray(values * 1e-3, info)


@pytest.mark.parametrize("page", pages_with("python", "doctest"))
@pytest.mark.filterwarnings("ignore:.*MNE_SHALLOWALIGN_CACHE_LIMIT:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Couldn't detect a suitable IP:RuntimeWarning")
def test_python_of_the_page_runs(page, recorded, tmp_path, monkeypatch):
    (tmp_path / "my_bids_dataset").symlink_to(recorded.root)
    (tmp_path / "pictures").symlink_to(recorded.root / "stimuli")
    save_file({"weight": np.zeros(1)}, tmp_path / "resnet50.safetensors")
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setattr(ENCODERS, "_targets", dict(ENCODERS._targets))
    namespace = _supposed(recorded, page)
    published = _published(recorded, page)
    for block in read_blocks(page):
        if block.language == "doctest":
            _run_doctest(block, namespace)
        elif block.language == "python" and not is_listed(block, NOT_RUN):
            if is_listed(block, OF_A_HELMET):
                namespace["added"] = _map_of_a_helmet()
            # processes would not know what stands in
            with _stood_in(monkeypatch, published), joblib.parallel_config("threading"):
                _run(block, namespace)


def _run_doctest(block, namespace):
    test = doctest.DocTestParser().get_doctest(
        block.code, namespace, block.page, str(PAGES[block.page]), block.line - 1
    )
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, clear_globs=False)
    namespace.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0


def _run(block, namespace):
    code = block.code
    for written, instead in SUBSTITUTED.get(block.page, {}).items():
        code = code.replace(written, instead)
    lines = "\n" * (block.line - 1)  # so that an error names the line of the page
    exec(compile(lines + code, PAGES[block.page], "exec"), namespace)


def test_exceptions_are_of_blocks_that_there_are():
    blocks = [block for page in PAGES for block in read_blocks(page)]
    for table in (NOT_RUN, OF_A_HELMET):
        assert sum(is_listed(block, table) for block in blocks) == len(table)
    for page, pairs in SUBSTITUTED.items():
        code = "".join(block.code for block in blocks if block.page == page)
        assert all(code.count(written) == 1 for written in pairs), page
