from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import struct
import tarfile
import zlib
from itertools import pairwise

import mne
import numpy as np
import pandas as pd
import pytest
from loopback import Loopback, write_zip
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
    """The same as the edition on NEMAR has it: BDF in runs, numbers for pictures."""
    root = tmp_path_factory.mktemp("nemar") / "nm000232"
    metadata = np.load(things_eeg2 / "image_metadata.npy", allow_pickle=True).item()
    shown = {}
    for split in ("train", "test"):
        columns = [metadata[f"{split}_img_{of}"] for of in ("concepts", "files")]
        shown[split] = list(zip(*columns, strict=True))
    _write_stimuli(root / "stimuli", shown)
    for fname in sorted(things_eeg2.glob("sub-08/ses-*/raw_eeg_*.npy")):
        split = {"raw_eeg_training": "train", "raw_eeg_test": "test"}[fname.stem]
        contents = np.load(fname, allow_pickle=True).item()
        folder = root / "sub-08" / fname.parent.name / "eeg"
        name = f"sub-08_{fname.parent.name}_task-{split}"
        _write_runs(folder, name, contents["raw_eeg_data"], shown[split])
    rest = root / "sub-08/ses-01/eeg/sub-08_ses-01_task-rest_run-01"
    events = [
        dict(onset=0.1, duration=0, sample=100, value=1, trial_type="rest_marker")
    ]
    _write_run(rest, np.zeros((63, 1000)), pd.DataFrame(events), 5000)
    description = dict(Name="THINGS-EEG2", BIDSVersion="1.10.0", License="CC-BY-4.0")
    (root / "dataset_description.json").write_text(json.dumps(description))
    (root / "participants.tsv").write_text("participant_id\nsub-08\n")
    (root / "sourcedata").mkdir()
    (root / "sourcedata" / "as_recorded.vhdr").write_text("large")
    return root


def _write_stimuli(folder, shown):
    """Write the table of the pictures in any order, their archives and their terms."""
    rows = []
    folder.mkdir(parents=True)
    for (split, pictures), width in zip(shown.items(), (5, 3), strict=True):
        part = dict(train="training_images", test="test_images")[split]
        archive = {}
        for number, (concept, file) in enumerate(pictures, start=1):
            key = f"stim-{split}{number:0{width}d}"
            place = f"{part}/{concept}/{key}_image.jpg"
            text = f'A picture of THINGS, original filename "{file}".'
            rows.append(dict(stimulus_id=key, description=text, filename=place))
            archive[f"{part}/{concept}/{file}"] = key.encode()
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(key.encode())
        (folder / f"{part}.zip").write_bytes(write_zip(archive))
    table = pd.DataFrame(rows).sample(frac=1, random_state=0)
    table.to_csv(folder / "stimuli.tsv", sep="\t", index=False)
    (folder / "LICENSE.txt").write_text("For research use only.")


def _write_runs(folder, name, data, pictures):
    """Cut a recording between two onsets, each run with a physical range of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    onsets = np.flatnonzero(np.diff(data[63]) > 0) + 1
    rows = []
    for onset, value in zip(onsets, data[63, onsets].astype(int), strict=True):
        concept, _ = pictures[value - 1] if value != 99999 else ("n/a", None)
        rows.append(
            dict(
                onset=onset / 1000,
                duration=0.1,
                sample=onset,
                value=value,
                trial_type="target" if value == 99999 else "image",
                tot_img_number="n/a" if value == 99999 else value,
                category_name=concept,
                block=1,
            )
        )
    events = pd.DataFrame(rows)
    bounds = [0, 2600, data.shape[1]] if "train" in name else [0, data.shape[1]]
    for run, (start, stop) in enumerate(pairwise(bounds), start=1):
        own = events[events["sample"].between(start, stop - 1)].copy()
        own["onset"] = (own["sample"] - start) / 1000
        label = f"_run-{run:02d}" if "train" in name else ""
        _write_run(folder / f"{name}{label}", data[:63, start:stop], own, 5000 + run)


def _write_run(place, data, events, microvolts):
    channels = pd.DataFrame(dict(name=EEG2_CHANNELS[:63], type="EEG", units="uV"))
    channels = channels.assign(status="good")
    for suffix, table in (("channels", channels), ("events", events)):
        fname = place.with_name(f"{place.name}_{suffix}.tsv")
        table.to_csv(fname, sep="\t", index=False, na_rep="n/a")
    sidecar = dict(TaskName=place.name, SamplingFrequency=1000, PowerLineFrequency=50)
    place.with_name(f"{place.name}_eeg.json").write_text(json.dumps(sidecar))
    place.with_name(f"{place.name}_eeg.bdf").write_bytes(_bdf(data, microvolts))


def _bdf(data, microvolts):
    """Write 24-bit BDF in records of 0.1 s, as the format's page describes it."""
    top, n_channels, n_records = 1 << 23, len(data), data.shape[1] // 100
    head = b"\xffBIOSEMI" + b"X".ljust(80) + b"X".ljust(80) + b"01.01.20" + b"00.00.00"
    head += str(256 * (n_channels + 1)).encode().ljust(8) + b"24BIT".ljust(44)
    head += b"".join(
        str(value).encode().ljust(width)
        for value, width in ((n_records, 8), (0.1, 8), (n_channels, 4))
    )
    names = [name.encode().ljust(16) for name in EEG2_CHANNELS[:n_channels]]
    fields = ("", 80), ("uV", 8), (-microvolts, 8), (microvolts, 8), (-top, 8)
    fields += (top - 1, 8), ("", 80), (100, 8), ("", 32)
    head += b"".join(names)
    head += b"".join(str(v).encode().ljust(w) * n_channels for v, w in fields)
    scale = (2 * top - 1) / (2 * microvolts)
    digital = np.round((1e6 * data + microvolts) * scale - top).astype("<i4")
    assert np.abs(digital).max() < top
    records = digital.reshape(n_channels, n_records, 100).swapaxes(0, 1)
    return (
        head
        + np.ascontiguousarray(records).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    )


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
