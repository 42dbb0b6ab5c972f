"""The edition of THINGS-EEG2 on NEMAR, in miniature: BDF in runs, numbered pictures."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
from loopback import write_zip
from things_eeg2_files import EEG2_CHANNELS


def write_nemar_edition(root, things_eeg2):
    """Write what `write_things_eeg2` wrote, as the edition has it."""
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
