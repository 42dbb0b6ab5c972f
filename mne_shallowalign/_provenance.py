"""What produced a result: versions and machine."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TextIO

_PACKAGES = (
    "mne-shallowalign",
    "mne",
    "mne-bids",
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "torchvision",
    "skorch",
    "timm",
    "open_clip_torch",
)
_DEVELOPER_PACKAGES = (
    "huggingface_hub",
    "safetensors",
    "pooch",
    "pybv",
    "pandas",
    "matplotlib",
    "pillow",
    "lazy_loader",
    "tqdm",
    "pytest",
    "ruff",
    "import-linter",
    "numpydoc",
    "sphinx",
    "sphinx-gallery",
)


def versions() -> dict[str, str]:
    """Record what a result was computed with, without importing any of it.

    Returns
    -------
    versions : dict of str to str
        Python, the platform, the packages that take part, and the device that torch
        would choose. A package that is not installed has the value
        ``"not installed"``; the device is ``"unknown"`` as long as torch has not
        been imported, because asking would import it.
    """
    found = {"python": platform.python_version(), "platform": platform.platform()}
    found |= {name: _version(name) for name in _PACKAGES}
    found["device"] = _device()
    return found


def sys_info(fid: TextIO | None = None, *, developer: bool = False) -> None:
    """Print the information that a bug report needs.

    Parameters
    ----------
    fid : file-like | None
        Where to print. None (default) prints to :data:`sys.stdout`.
    developer : bool
        Whether to add the packages that only development needs. Default False.

    See Also
    --------
    mne.sys_info : The first part of what is printed.
    """
    import mne

    unicode = "utf" in (getattr(fid or sys.stdout, "encoding", None) or "utf-8").lower()
    mne.sys_info(
        fid,
        dependencies="developer" if developer else "user",
        unicode=unicode,
        check_version=False,  # it asks GitHub, and this must work offline
    )
    _import_torch()
    packages = _PACKAGES + (_DEVELOPER_PACKAGES if developer else ())
    rows = {name: _version(name) for name in packages} | {"device": _device()}
    width = 18 if not developer else 21
    print("\nShallow Alignment", file=fid)  # noqa: T201
    for i, (name, value) in enumerate(rows.items()):
        branch = ("└☑ " if i == len(rows) - 1 else "├☑ ") if unicode else " + "
        if value == "not installed":
            branch = branch.replace("☑", "☐").replace("+", "-")
        print(f"{branch}{name.ljust(width)}{value}", file=fid)  # noqa: T201


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _import_torch() -> None:
    try:
        import torch  # noqa: F401
    except Exception:  # a broken installation is what sys_info is asked about
        return


def _device() -> str:
    torch = sys.modules.get("torch")
    if torch is None:
        return "unknown"
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu ({torch.get_num_threads()} threads)"
