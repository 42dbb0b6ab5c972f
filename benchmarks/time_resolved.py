"""Seconds to decode every moment, and every layer of every window.

    python benchmarks/time_resolved.py [--trials 1600] [--times 100] [--layers 12]

Noise of 17 channels and features of 768 values, five folds of concepts. Printed are
seconds: of MNE's SlidingEstimator with ridge regression at a fixed penalty, of one
permutation of the pictures after another in windows of one sample, of a map of windows
of ten samples by layers, and of the same layers one by one, which do not share the
factorisation of a window. One thread (OMP_NUM_THREADS=1) is enough.
"""

from __future__ import annotations

import argparse
import time

import mne
import numpy as np
from mne.decoding import SlidingEstimator, cross_val_multiscore
from sklearn.model_selection import GroupKFold

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.features import pack_features
from mne_shallowalign.inspection import layer_by_time

SFREQ = 100.0


def seconds(run, *args, **kwargs) -> float:
    """Time one call."""
    start = time.perf_counter()
    run(*args, **kwargs)
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1600)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--permutations", type=int, default=3)
    arguments = parser.parse_args()
    mne.set_log_level("WARNING")
    n, n_layers = arguments.trials, arguments.layers
    rng = np.random.default_rng(0)
    features = rng.standard_normal((n, n_layers, 768), dtype=np.float32)
    X, concepts = rng.standard_normal((n, 17, arguments.times)), np.arange(n) // 4
    epochs = mne.EpochsArray(1e-6 * X, mne.create_info(17, SFREQ, "eeg"))
    decoder = ShallowAlignDecoder(solver="ridge", alpha=100.0, device="cpu")
    decoder.fit(X[:50], features[:50, 0])  # imports
    folds = {"groups": concepts, "cv": GroupKFold(5)}

    sliding, y = SlidingEstimator(decoder), pack_features(features[:, 0])
    took = seconds(cross_val_multiscore, sliding, X, y, verbose=False, **folds)
    print(f"SlidingEstimator, {arguments.times} samples: {took:.1f} s")

    def one_layer() -> None:
        images = features[rng.permutation(n), 0]
        layer_by_time(decoder, epochs, images, window=None, groups=concepts)

    took = np.mean([seconds(one_layer) for _ in range(arguments.permutations)])
    print(f"one permutation, {arguments.times} samples: {took:.1f} s")

    every = list(range(1, n_layers + 1))
    for alpha in (100.0, None):
        decoder.set_params(alpha=alpha)
        params = {"window": 10 / SFREQ, "groups": concepts}
        shared = seconds(
            layer_by_time, decoder, epochs, features, layers=every, **params
        )
        alone = sum(
            seconds(layer_by_time, decoder, epochs, features, layers=[one], **params)
            for one in every
        )
        print(
            f"alpha={alpha}: {n_layers} layers x {arguments.times // 10} windows "
            f"{shared:.1f} s, layer by layer {alone:.1f} s"
        )
