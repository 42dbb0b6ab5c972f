from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import mne_shallowalign

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_version_is_that_of_the_distribution():
    installed = importlib.metadata.version("mne-shallowalign")
    assert mne_shallowalign.__version__ == installed


def test_console_script_exists():
    (script,) = importlib.metadata.entry_points(
        group="console_scripts", name="mne-shallowalign"
    )
    assert callable(script.load())


def test_only_lower_bounds():
    for requirement in PYPROJECT["project"]["dependencies"]:
        assert re.fullmatch(r"[\w.-]+>=[\d.]+(,!=[\d.]+)*", requirement), requirement


def test_import_contract_knows_every_module():
    (contract,) = PYPROJECT["tool"]["importlinter"]["contracts"]
    named = set(re.findall(r"\w+", " ".join(contract["layers"])))
    package = Path(mne_shallowalign.__file__).parent
    there = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert there - {"__init__"} == named


def test_wheel_holds_the_package_only(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run([*build, "-d", tmp_path], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"mne_shallowalign"}
    package = Path(mne_shallowalign.__file__).parent
    stubs = {
        path.relative_to(package.parent).as_posix() for path in package.rglob("*.pyi")
    }
    assert stubs | {"mne_shallowalign/py.typed"} <= set(names)
    tables = {
        path.relative_to(package.parent).as_posix() for path in package.rglob("*.xz")
    }
    assert tables
    assert tables <= set(names)
    assert wheel.stat().st_size < 4_000_000
