"""Stacked searches of small nets against the same fits in turn, by size of a chunk.

    python benchmarks/search_small.py [--mebibytes 256 64 32]

One thread (``OMP_NUM_THREADS=1``), CPU time, best of two: 4 layers x 3 folds of 17
channels x 50 samples, with few large batches and with many small ones. The search is
told how much memory a chunk of nets may use on the CPU. Printed is the time of fits in
turn over that of the search.
"""

from __future__ import annotations

import argparse
import time
from itertools import product

import mne
import numpy as np
from sklearn.model_selection import GroupKFold

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, _search_stacks

# trials, batch, width of the layers, epochs
SIZES = (
    (800, 1024, 192, 30),
    (800, 64, 192, 8),
    (400, 32, 64, 10),
    (1600, 256, 256, 10),
)


def cpu_time(run):
    seconds = []
    for _ in range(2):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


def in_turn(decoder, signal, features, folds):
    for (train, test), layer in product(folds, range(features.shape[1])):
        one = ShallowAlignDecoder(**decoder.get_params(deep=False))
        one.fit(signal[train], features[train, layer])
        one.score(signal[test], features[test, layer])


def compare(n_trials, batch_size, width, n_epochs, precision, sizes):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((n_trials, 4, width), dtype=np.float32)
    signal = rng.standard_normal((n_trials, 17, 50), dtype=np.float32)
    groups = np.arange(n_trials) // 10
    folds = list(GroupKFold(3).split(signal, groups=groups))
    decoder = ShallowAlignDecoder(
        batch_size=batch_size,
        max_epochs=n_epochs,
        precision=precision,
        device="cpu",
        random_state=0,
    )
    alone = cpu_time(lambda: in_turn(decoder, signal, features, folds))
    search = LayerSearchCV(decoder, cv=folds, refit=False)
    ratios = {}
    for size in sizes:
        _search_stacks.CPU_BYTES = size * 2**20
        ratios[size] = alone / cpu_time(lambda: search.fit(signal, features))
    said = ", ".join(f"{size} MiB {ratio:.2f}" for size, ratio in ratios.items())
    print(
        f"{n_trials} trials in batches of {batch_size}, width {width} ({precision}): "
        f"in turn {alone:.1f} s; {said}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    now = _search_stacks.CPU_BYTES // 2**20
    parser.add_argument("--mebibytes", type=int, nargs="+", default=[now])
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    for size, precision in product(SIZES, ("bfloat16", "float32")):
        compare(*size, precision, options.mebibytes)


if __name__ == "__main__":
    main()
