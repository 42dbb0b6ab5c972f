"""One THINGS-EEG2 session from the authors' files to averaged epochs: memory and time.

    python benchmarks/preprocess.py --out <new folder> [--fraction 0.05] [--sessions 1]
                                    [--only ours | numpy | bids]

Writes a synthetic session in the authors' format (64 channels, pickled float64; with
``--fraction 1`` 16,800 training events in 5.45 million samples and 4,080 test events:
3.5 GB), then preprocesses it twice, each time in a new process whose time and peak
resident memory are printed: with ``load_things_eeg2``, and the way that the public code
of the field does it with NumPy (NeuroBridge, UBP and others after Gifford et al., 2022;
transcribed below, less the covariance of the test trials, which they compute and do not
use). Both whiten with training trials, average repetitions and keep 17 channels; the
results are compared.

The NumPy way needs about 25 GB with ``--fraction 1``. ``--sessions 4 --only ours`` are
four sessions, each with the same recording, as one subject has them. ``--only bids``
converts to BIDS, reads it again, and compares every sample and event with the original.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import subprocess
import sys
import time
from pathlib import Path

import mne
import numpy as np
import scipy
from mne_bids import BIDSPath, read_raw_bids
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

from mne_shallowalign.datasets import (
    convert_things_eeg2,
    load_things_eeg2,
    read_raw_things_eeg2,
)

CHANNELS = (
    "Fp1 F3 F7 FT9 FC5 FC1 C3 T7 TP9 CP5 CP1 Pz P3 P7 O1 Oz O2 P4 P8 TP10 CP6 CP2 Cz "
    "C4 T8 FT10 FC6 FC2 F4 F8 Fp2 AF7 AF3 AFz F1 F5 FT7 FC3 FCz C1 C5 TP7 CP3 P1 P5 "
    "PO7 PO3 POz PO4 PO8 P6 P2 CPz CP4 TP8 C6 C2 FC4 FT8 F6 F2 AF4 AF8 stim"
).split()
PICKS = "P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2".split()
PARTS = {"train": ("training", 2), "test": ("test", 20)}
SEED = 20200220


def write_sessions(out: Path, fraction: float, n_sessions: int) -> None:
    """Write the files of one subject; all sessions are the first."""
    write_session(out, fraction)
    for number in range(2, n_sessions + 1):
        (out / "sub-01" / f"ses-{number:02d}").symlink_to("ses-01")


def write_session(out: Path, fraction: float) -> None:
    """Write the files of one subject with one session."""
    rng = np.random.default_rng(0)
    folder = out / "sub-01" / "ses-01"
    folder.mkdir(parents=True)
    n_train, n_test = round(8270 * fraction), round(200 * min(1, 4 * fraction))
    metadata = {}
    for split, n_images in (("train", n_train), ("test", n_test)):
        concepts = [f"{i:05d}_concept{i}" for i in range(n_images)]
        metadata[f"{split}_img_concepts"] = concepts
        metadata[f"{split}_img_files"] = [f"{c[6:]}_01b.jpg" for c in concepts]
    np.save(out / "image_metadata.npy", metadata)
    for split, n_images, n_extra, n_targets in (
        ("train", n_train, round(170 * fraction), round(90 * fraction)),
        ("test", n_test, round(56 * fraction), round(24 * fraction)),
    ):
        part, n_repetitions = PARTS[split]
        images = np.arange(1, n_images + 1)
        shown = np.concatenate(
            [
                np.repeat(images, n_repetitions),
                rng.choice(images, n_extra, replace=False),
                np.full(n_targets, 99999),
            ]
        )
        write_recording(folder / f"raw_eeg_{part}.npy", rng.permutation(shown), rng)


def write_recording(fname: Path, shown: np.ndarray, rng: np.random.Generator) -> None:
    """Write a pickle as numpy.save does, but channel by channel."""
    # sequences of 20 pictures, 0.2 s apart, with 2.49 s between sequences
    gaps = np.where(np.arange(len(shown)) % 20 == 0, 2690, 200)
    onsets = np.cumsum(gaps)
    n_times = int(onsets[-1] + 2000)
    stim = np.zeros(n_times)
    for offset in range(20):
        stim[onsets + offset] = shown
    contents = dict(
        raw_eeg_data=OnTheFly((64, n_times)),
        ch_names=CHANNELS,
        ch_types=["eeg"] * 63 + ["stim"],
        sfreq=1000,
        highpass=0.01,
        lowpass=100.0,
    )
    array = np.empty((), object)
    array[()] = contents
    before, _, after = pickle.dumps(array, protocol=3).partition(OnTheFly.marker)
    shared = rng.standard_normal(n_times)
    with open(fname, "wb") as file:
        header = dict(descr="|O", fortran_order=False, shape=())
        np.lib.format.write_array_header_1_0(file, header)
        file.write(before[:-4] + (8 * 64 * n_times).to_bytes(4, "little"))
        for _ in range(63):
            own = rng.standard_normal(n_times)
            file.write((1e-5 * (own + rng.normal() * shared)).tobytes())
        file.write(stim.tobytes() + after)


class OnTheFly:
    """An array that is pickled with a marker in the place of its data."""

    marker = b"the data of the array" * 100  # too long for a short string of bytes

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    def __reduce__(self) -> tuple:
        reconstruct, arguments, state = np.zeros(0).__reduce__()
        return reconstruct, arguments, (1, self.shape, state[2], False, self.marker)


def ours(out: Path) -> dict[str, np.ndarray]:
    options = dict(path=out, cache_dir=out / "cache")
    train, test = (load_things_eeg2(1, split=s, **options) for s in PARTS)
    return {"train": train.get_data(copy=False), "test": test.get_data(copy=False)}


def numpy_way(out: Path) -> dict[str, np.ndarray]:
    parts = {split: numpy_epochs(out, *PARTS[split]) for split in PARTS}
    data, names = parts["train"]
    sigma = np.empty((len(data), len(names), len(names)))
    for i, of_image in enumerate(data):
        sigma[i] = np.mean([shrunk(trial.T) for trial in of_image], axis=0)
    whitener = scipy.linalg.fractional_matrix_power(sigma.mean(axis=0), -0.5)
    picks = [names.index(name) for name in PICKS]
    averages = {}
    for split in PARTS:
        data = parts.pop(split)[0]
        whitened = (data.swapaxes(2, 3) @ whitener).swapaxes(2, 3)
        averages[split] = whitened.astype(np.float32).mean(axis=1)[:, picks]
    return averages


def numpy_epochs(out: Path, part: str, n_kept: int) -> tuple[np.ndarray, list[str]]:
    fname = out / "sub-01" / "ses-01" / f"raw_eeg_{part}.npy"
    contents = np.load(fname, allow_pickle=True).item()
    info = mne.create_info(
        contents["ch_names"], contents["sfreq"], contents["ch_types"]
    )
    raw = mne.io.RawArray(contents["raw_eeg_data"], info)
    del contents
    events = mne.find_events(raw, stim_channel="stim")
    raw.drop_channels("stim")
    events = events[events[:, 2] != 99999]
    epochs = mne.Epochs(raw, events, None, -0.2, 1.0, baseline=(None, 0), preload=True)
    del raw
    epochs.resample(250)
    data, shown, names = epochs.get_data(), epochs.events[:, 2], epochs.ch_names
    del epochs
    images = np.unique(shown)
    chosen = np.zeros((len(images), n_kept, len(names), 250))
    for i, image in enumerate(images):
        rows = np.flatnonzero(shown == image)
        rows = shuffle(rows, random_state=SEED, n_samples=n_kept)
        chosen[i] = data[rows][..., 50:]
    return chosen, names


def shrunk(samples: np.ndarray) -> np.ndarray:
    """Do what sklearn.discriminant_analysis._cov(samples, shrinkage="auto") does."""
    scaler = StandardScaler()
    covariance = ledoit_wolf(scaler.fit_transform(samples))[0]
    return scaler.scale_[:, None] * covariance * scaler.scale_[None]


def bids(out: Path) -> dict[str, np.ndarray]:
    root = convert_things_eeg2(out, out / "bids", 1)
    for split, (part, _) in PARTS.items():
        path = BIDSPath(
            root=root, subject="01", session="01", task=split, datatype="eeg"
        )
        raw = read_raw_bids(path)
        original = read_raw_things_eeg2(
            out / "sub-01" / "ses-01" / f"raw_eeg_{part}.npy"
        )
        events = mne.find_events(original, "stim", shortest_event=1)
        onsets = np.round(raw.annotations.onset * raw.info["sfreq"]).astype(int)
        print(
            f"{split:<6} {raw.n_times} samples, {original.n_times} in the original: "
            f"largest difference {largest_difference(raw, original):.1e} of the "
            f"maximum; {len(events)} events, all onsets equal: "
            f"{np.array_equal(onsets, events[:, 0] - original.first_samp)}"
        )
    return {}


def largest_difference(raw: mne.io.BaseRaw, original: mne.io.BaseRaw) -> float:
    worst = largest = 0.0
    for start in range(0, raw.n_times, 500_000):
        window = dict(start=start, stop=min(start + 500_000, raw.n_times))
        reference = original.get_data(raw.ch_names, **window)
        worst = max(worst, np.abs(raw.get_data(**window) - reference).max())
        largest = max(largest, np.abs(reference).max())
    return worst / largest


COMPARED = {"ours": ours, "numpy": numpy_way}
WAYS = COMPARED | {"bids": bids}


def measure(way: str, out: Path) -> None:
    """Run one way in this process, and say what it took."""
    mne.set_log_level("error")
    start = time.perf_counter()
    averages = WAYS[way](out)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB, on Linux
    print(f"{way:<6} {seconds:8.1f} s  peak memory {peak:6.2f} GiB", flush=True)
    if averages:
        np.savez(out / f"{way}.npz", **averages)


def compare(out: Path) -> None:
    results = [np.load(out / f"{way}.npz") for way in COMPARED]
    for split in PARTS:
        one, other = (result[split] for result in results)
        worst = np.abs(one - other).max() / np.abs(other).max()
        print(f"{split:<6} {one.shape}: largest difference {worst:.1e} of the maximum")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--fraction", type=float, default=0.05, help="of the pictures")
    parser.add_argument("--only", choices=WAYS, help="just this")
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--step", choices=["write", *WAYS], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step == "write":
        write_sessions(args.out, args.fraction, args.sessions)
    elif args.step:
        measure(args.step, args.out)
    else:
        for step in ["write", *([args.only] if args.only else COMPARED)]:
            command = [sys.executable, __file__, "--out", str(args.out), "--step", step]
            command += ["--fraction", str(args.fraction)]
            subprocess.run([*command, "--sessions", str(args.sessions)], check=True)
        if not args.only:
            compare(args.out)


if __name__ == "__main__":
    main()
