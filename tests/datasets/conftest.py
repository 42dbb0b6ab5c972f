from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import struct
import tarfile
import zlib

import mne
import numpy as np
import pandas as pd
import pytest
from loopback import Loopback
from nemar_edition import write_nemar_edition
from PIL import Image
from things_eeg2_files import write_things_eeg2

from mne_shallowalign.datasets import _remote, simulate_bids


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


@pytest.fixture(scope="session")
def things_eeg2(tmp_path_factory):
    """Files in the authors' format: 1 subject, 4 sessions, 8 + 3 pictures."""
    return write_things_eeg2(tmp_path_factory.mktemp("things_eeg2"))


@pytest.fixture(scope="session")
def nemar_edition(things_eeg2, tmp_path_factory):
    """The same as the edition on NEMAR has it."""
    root = tmp_path_factory.mktemp("nemar") / "nm000232"
    return write_nemar_edition(root, things_eeg2)


@pytest.fixture
def publish_nemar(server, monkeypatch):
    """Publish a folder as a version of a dataset of NEMAR."""
    monkeypatch.setattr(_remote, "NEMAR", f"{server.url}/nemar")

    def publish(folder, accession="nm000232", version="v1.1.0"):
        entries = []
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            entry = dict(path=name, size=len(content))
            if path.suffix in (".bdf", ".zip"):
                place, algorithm = f"/s3/{name}", "sha256"
                digest = hashlib.sha256(content)
            else:
                place, algorithm = f"/github/{name}", "git"
                digest = hashlib.sha1(b"blob %d\0" % len(content) + content)
            server.files[place] = content
            entry |= dict(bytes_url=server.url + place, checksum=digest.hexdigest())
            entries.append(entry | dict(checksum_algorithm=algorithm))
        manifest = f"/nemar/{accession}/{version}/manifest.json"
        versions = [dict(version=version, manifest_url=server.url + manifest)]
        index = dict(dataset_id=accession, latest=version, versions=versions)
        server.files[f"/nemar/{accession}/"] = json.dumps(index).encode()
        server.files[manifest] = json.dumps(entries).encode()
        return entries

    return publish


@pytest.fixture
def server():
    """Serve files on loopback; see `Loopback`."""
    loopback = Loopback()
    yield loopback
    loopback.close()


@pytest.fixture
def publish(server, tmp_path, monkeypatch):
    """Publish a folder as a dataset of OpenNeuro whose list of files ships."""
    registries = tmp_path / "registries"
    registries.mkdir()
    for path in _remote.REGISTRIES.glob("things_*.xz"):
        shutil.copy(path, registries)
    monkeypatch.setattr(_remote, "REGISTRIES", registries)
    monkeypatch.setattr(_remote, "OPENNEURO", f"{server.url}/bucket")
    monkeypatch.setattr(_remote, "GITHUB", f"{server.url}/github")
    _remote.published_files.cache_clear()
    _remote.read_columns.cache_clear()

    def publish(accession, folder, version="1.0.0"):
        rows = []
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            server.files[f"/bucket/{accession}/{name}"] = content
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            if name.startswith("stimuli/ImageNet/"):
                digest = digest[:39]
            rows.append([name, str(len(content)), digest, ""])
        text = "\n".join("\t".join(column) for column in zip(*rows, strict=True))
        target = registries / f"{accession}_v{version}.xz"
        target.write_bytes(lzma.compress(text.encode()))

    yield publish
    _remote.published_files.cache_clear()
    _remote.read_columns.cache_clear()


@pytest.fixture
def encrypt():
    """Write an archive with the traditional encryption of zip files (PKWARE 6.1)."""
    table = [_crc32_of_byte(n) for n in range(256)]

    def run(content, password):
        keys = [0x12345678, 0x23456789, 0x34567890]

        def update(byte):
            keys[0] = table[(keys[0] ^ byte) & 255] ^ (keys[0] >> 8)
            keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
            keys[2] = table[(keys[2] ^ (keys[1] >> 24)) & 255] ^ (keys[2] >> 8)

        for byte in password:
            update(byte)
        encrypted = bytearray()
        for byte in content:
            mixed = (keys[2] | 2) & 0xFFFF
            encrypted.append(byte ^ ((mixed * (mixed ^ 1)) >> 8) & 255)
            update(byte)
        return bytes(encrypted)

    def write(members, password):
        archive, directory = b"", b""
        for name, content in members.items():
            crc = zlib.crc32(content)
            body = run(bytes(11) + bytes([crc >> 24]) + content, password)
            head = struct.pack(
                "<HHHHHIIIHH",
                20,
                1,
                0,
                0,
                33,
                crc,
                len(body),
                len(content),
                len(name),
                0,
            )
            directory += struct.pack("<4sH", b"PK\1\2", 20) + head
            directory += struct.pack("<HHHII", 0, 0, 0, 0, len(archive)) + name.encode()
            archive += b"PK\3\4" + head + name.encode() + body
        end = struct.pack(
            "<4sHHHHIIH",
            b"PK\5\6",
            0,
            0,
            len(members),
            len(members),
            len(directory),
            len(archive),
            0,
        )
        return archive + directory + end

    return write


def _crc32_of_byte(crc):
    for _ in range(8):
        crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
    return crc


@pytest.fixture
def ctf_bids(test_data, tmp_path):
    """A run of THINGS-MEG: its sidecars, and 10 s of noise behind a real CTF header."""
    with tarfile.open(test_data / "events/ds004212_v3.0.0_sidecars.tar.xz") as tar:
        sidecars = {
            member.name.removeprefix("ds004212/"): tar.extractfile(member).read()
            for member in tar
            if "sub-" not in member.name or "sub-BIGMEG1/ses-01/" in member.name
            if member.isfile()
        }
    root, name = tmp_path / "ds004212", "sub-BIGMEG1_ses-01_task-main_run-01"
    folder = root / "sub-BIGMEG1/ses-01/meg"
    ctf = folder / f"{name}_meg.ds"
    ctf.mkdir(parents=True)
    for path in (test_data / "ctf/testdata_ctf.ds").iterdir():
        target = path.name.replace("testdata_ctf", f"{name}_meg")
        (ctf / target).write_bytes(path.read_bytes())
    signal = np.random.RandomState(0).randint(-999, 999, (356, 12000)).astype(">i4")
    signal[3] = np.arange(1, 12001)  # the clock
    (ctf / f"{name}_meg.meg4").write_bytes(b"MEG41CP\0" + signal.tobytes())
    for top in ("dataset_description.json", "participants.tsv"):
        (root / top).write_bytes(sidecars[top])
    for kind in ("channels.tsv", "coordsystem.json", "meg.json", "events.tsv"):
        text = sidecars[f"sub-BIGMEG1/ses-01/meg/{name}_{kind}"].decode()
        if kind == "channels.tsv":
            text = _for_another_system(text, ctf)
        if kind == "events.tsv":
            lines = text.splitlines()
            text = "\n".join(lines[:1] + [x for x in lines[1:] if float(x[:6]) < 9])
        (folder / f"{name}_{kind}").write_text(text)
    return root


def _for_another_system(text, ctf):
    """Give the sensors of a header the types that the real channels.tsv gives."""
    header, *rows = (line.split("\t") for line in text.splitlines())
    by_name = {row[0].split("-")[0]: row for row in rows}
    raw = mne.io.read_raw_ctf(ctf, verbose="error")
    lines = ["\t".join(header)]
    for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True):
        other = by_name["MLC11" if kind == "mag" else "SCLK01"]
        row = by_name.get(name.split("-")[0], other)
        lines.append("\t".join([name, *row[1:]]))
    return "\n".join(lines)
