"""The runner of protocols against the bare fits, side by side in one run.

    python benchmarks/protocol_overhead.py [--rounds 5] [--epochs 50] [--concepts 200]

Simulated people, whose epochs both sides have in memory and whose pictures have their
features in the cache. Bare is what a careful user would write: for every subject and
seed a clone of the decoder, a fit, the similarity of all test queries with all test
pictures, and top-1 accuracy. The runner does the same through ``IntraSubject`` and
keeps rows, similarities, training curves and digests in a new folder. Both sides
alternate which goes first. Printed are seconds and their ratio round by round, and the
ratio of CPU time, which says more on a machine that others use; 1.05 is the aim.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

import mne
import numpy as np
import torch
from sklearn.base import clone

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.protocols import IntraSubject, simulated_recordings
from mne_shallowalign.retrieval import top_k_accuracy


def simulate(folder, options):
    """Simulate people, and keep their epochs in memory."""
    found = simulated_recordings(
        folder / "simulated",
        options.subjects,
        n_concepts=options.concepts,
        n_images_per_concept=10,
        n_repetitions=1,
        n_test_repetitions=4,
        cache_dir=folder / "features",
    )
    kept = {
        (subject, split): found.load(subject, split)
        for subject in found.subjects
        for split in ("train", "test")
    }
    return dataclasses.replace(found, load=lambda *key: kept[key])


def bare(decoder, recordings, seeds):
    """Fit and score without a protocol; return top-1 accuracies."""
    scores = []
    for subject in recordings.subjects:
        train, test = (recordings.load(subject, part) for part in ("train", "test"))
        for seed in range(seeds):
            fitted = clone(decoder).set_params(
                random_state=seed, image_root=recordings.image_root
            )
            images, shown = train.metadata["image"], test.metadata["image"]
            fitted.fit(train, images, groups=train.metadata["concept"])
            gallery = list(dict.fromkeys(shown))
            truth = np.array([gallery.index(image) for image in shown])
            similarity = fitted.decision_function(test, gallery)
            scores.append(top_k_accuracy(similarity, truth))
    return scores


def run(decoder, recordings, seeds):
    """Do the same through the protocol; return top-1 accuracies."""
    with tempfile.TemporaryDirectory() as folder:
        rows = IntraSubject().run(decoder, recordings, seeds=seeds, folder=folder)
    return rows["top1"].tolist()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--concepts", type=int, default=100)
    parser.add_argument("--device", default="auto")
    return parser.parse_args()


def main():
    options = parse()
    mne.set_log_level("ERROR")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = simulate(folder, options)
        decoder = ShallowAlignDecoder(
            "gabor/v1",
            3,
            max_epochs=options.epochs,
            device=options.device,
            cache_dir=folder / "features",
        )
        n_train = len(recordings.load("01", "train"))
        print(
            f"{options.subjects} subjects x {options.seeds} seeds, {n_train} trials, "
            f"{options.epochs} epochs"
        )
        both = {bare: [], run: []}
        for side in both:  # imports, features and first calls
            side(decoder, recordings, 1)
        for number in range(options.rounds):
            found = {}
            for side in (bare, run) if number % 2 else (run, bare):
                start = time.perf_counter(), time.process_time()
                found[side] = side(decoder, recordings, options.seeds)
                now = time.perf_counter(), time.process_time()
                both[side].append(np.subtract(now, start))
            assert found[bare] == found[run]
            alone, through = both[bare][-1], both[run][-1]
            ratio = through / alone
            print(
                f"bare {alone[0]:.2f} s, runner {through[0]:.2f} s, ratio "
                f"{ratio[0]:.3f}; of CPU time {ratio[1]:.3f}",
                flush=True,
            )
        ratios = np.divide(both[run], both[bare])
        for name, column in zip(("time", "CPU time"), ratios.T, strict=True):
            low, high = min(column), max(column)
            print(f"ratio of {name}: {np.median(column):.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
