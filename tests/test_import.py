from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mne_shallowalign

HEAVY = [
    "torch",
    "torchvision",
    "timm",
    "open_clip",
    "skorch",
    "matplotlib",
    "mne_bids",
]


def _python(code, *options):
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True
    )


def test_import_loads_nothing_heavy():
    done = _python(
        "import sys, mne_shallowalign; mne_shallowalign.__version__;"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_import_without_warning():
    done = _python("import mne_shallowalign", "-W", "error")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_import_of_every_module_without_warning():
    done = _python(
        "import importlib, pkgutil, mne_shallowalign as package\n"
        "found = pkgutil.walk_packages(package.__path__, 'mne_shallowalign.')\n"
        "names = [one.name for one in found]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(*names)",
        "-W",
        "error",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    root = Path(mne_shallowalign.__file__).parents[1]
    files = Path(mne_shallowalign.__file__).parent.rglob("*.py")
    files = [path for path in files if path.name != "__init__.py"]
    there = {".".join(path.relative_to(root).with_suffix("").parts) for path in files}
    assert there <= set(done.stdout.split())


@pytest.mark.parametrize("name", mne_shallowalign.__all__)
def test_every_public_name_resolves(name):
    assert getattr(mne_shallowalign, name) is not None
    assert name in dir(mne_shallowalign)


def test_subpackages_resolve_their_public_names():
    for name in mne_shallowalign.__all__:
        module = getattr(mne_shallowalign, name)
        for inner in getattr(module, "__all__", []):
            assert getattr(module, inner) is not None


def test_unknown_name():
    with pytest.raises(AttributeError, match="no_such_name"):
        mne_shallowalign.no_such_name  # noqa: B018
