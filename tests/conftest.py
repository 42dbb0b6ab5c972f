from __future__ import annotations

import os
import shutil
import socket
import sys
import tarfile
import tempfile
from pathlib import Path

# MNE reads these when it is imported, so they are set before anything imports it:
# tests never read or write the user's own configuration, data or caches.
_HOME = Path(tempfile.mkdtemp(prefix="mne-shallowalign-tests-"))
(_HOME / "mne_data").mkdir()
os.environ |= {
    "_MNE_FAKE_HOME_DIR": str(_HOME),
    "MNE_DATA": str(_HOME / "mne_data"),
    "HF_HOME": str(_HOME / "huggingface"),
    "HF_HUB_OFFLINE": "1",
    "TORCH_HOME": str(_HOME / "torch"),
    "XDG_CACHE_HOME": str(_HOME / "cache"),
    "MPLBACKEND": "Agg",
    "MNE_LOGGING_LEVEL": "WARNING",
}
# tests run side by side, so each process has one thread for its arithmetic
os.environ.setdefault("OMP_NUM_THREADS", "1")
# threads that spin while they wait stand still where others use the processors too
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest  # noqa: E402

_ROOT = Path(__file__).resolve().parents[1]
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Count the processors that are ours, which in a container may be few."""
    import joblib

    return min(joblib.cpu_count(), 8)


def pytest_unconfigure(config):
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise OSError(f"Tests have no network; a connection to {address} was tried")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def test_data():
    """Real material that a clone does not carry; see CONTRIBUTING.rst."""
    given = os.environ.get("MNE_SHALLOWALIGN_TEST_DATA")
    path = Path(given) if given else _ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(
            f"no real test data at {path}; MNE_SHALLOWALIGN_TEST_DATA names its folder"
        )
    return path.resolve()


@pytest.fixture(scope="session")
def caltech(test_data, tmp_path_factory):
    """Folder with 2,000 photographs: ``<class>/<picture>.jpg``, 100 classes of 20."""
    folder = tmp_path_factory.mktemp("caltech")
    with tarfile.open(test_data / "images" / "caltech101_20per_class.tar") as tar:
        tar.extractall(folder, filter="data")
    return folder / "caltech-101"


@pytest.fixture(scope="session")
def mobilenet_weights(test_data):
    """Weights of an ImageNet-trained network, keys of timm's mobilenetv2_100."""
    return test_data / "weights" / "mobilenetv2_100_timm_rot180.safetensors"
