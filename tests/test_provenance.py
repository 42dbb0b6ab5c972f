"""What is recorded about a result and a machine."""

from __future__ import annotations

import io
import subprocess
import sys

import mne
import torch

from mne_shallowalign import _provenance, sys_info


def test_versions_name_what_took_part():
    found = _provenance.versions()
    assert found["mne"] == mne.__version__
    assert found["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["device"].split()[0] in ("cpu", "cuda", "mps")
    assert all(isinstance(value, str) for value in found.values())


def test_versions_import_nothing_heavy():
    code = (
        "import sys\n"
        "from mne_shallowalign._provenance import versions\n"
        "assert versions()['device'] == 'unknown'\n"
        "heavy = {'torch', 'timm', 'mne', 'sklearn', 'open_clip'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_told_and_harmless(monkeypatch):
    monkeypatch.setattr(_provenance, "_PACKAGES", ("mne", "no-such-package"))
    assert _provenance.versions()["no-such-package"] == "not installed"
    out = io.StringIO()
    sys_info(out)
    assert "└☐" not in out.getvalue().split("Shallow")[1].splitlines()[1]
    assert "├☐ no-such-package" in out.getvalue()


def test_sys_info_prints_mne_and_ours(capsys):
    sys_info()
    printed = capsys.readouterr().out
    assert printed.startswith("Platform")
    for name in ("mne-shallowalign", "torch", "timm", "open_clip_torch", "device"):
        assert f"☑ {name}" in printed
    assert "☑ numpydoc" not in printed


def test_sys_info_for_developers_and_ascii(tmp_path):
    with open(tmp_path / "info.txt", "w", encoding="ascii") as fid:
        sys_info(fid, developer=True)
    assert " + numpydoc" in (tmp_path / "info.txt").read_text()
