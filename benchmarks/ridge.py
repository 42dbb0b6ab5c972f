"""Time the closed form, and measure what training gains by starting from it.

    python benchmarks/ridge.py [--data <test data>] [--seeds 3]

First: fits per second of ``solver="ridge"`` on random data of a size that is typical of
one time point, and of a whole epoch, penalty given or chosen. Then, with the test data:
photographs, network and held-out classes of ``known_truth.py``, activity from block 7
or 13 at two ratios of signal and noise (amplitudes), and top-1 among 400 pictures after
1 to 50 epochs that start from random weights or from ridge regression, beside ridge
regression itself.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from known_truth import N_HELD_OUT, load_features

from mne_shallowalign import ShallowAlignDecoder

SIZES = {"one time point": (1600, 17, 1), "whole epoch": (1600, 17, 50)}
EPOCHS = (1, 2, 5, 10, 20, 35, 50)


def fits_per_second(n_features: int = 512, seconds: float = 5.0) -> pd.DataFrame:
    """Time whole fits, reading and identifying the images included."""
    rng, rows = np.random.default_rng(0), []
    for (size, shape), chosen in product(SIZES.items(), (False, True)):
        X, y = rng.standard_normal(shape), rng.standard_normal((shape[0], n_features))
        alpha = None if chosen else 100.0
        decoder = ShallowAlignDecoder(solver="ridge", alpha=alpha).fit(X, y)
        start, n_fits = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            decoder.fit(X, y)
            n_fits += 1
        rate = n_fits / (time.perf_counter() - start)
        row = {"data": size, "penalty": "chosen" if chosen else "given"}
        rows.append(row | {"fits per second": round(rate, 1)})
    return pd.DataFrame(rows)


def simulate(features: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """Map standardised features to 17 x 50 samples and add noise."""
    features = (features - features.mean(0)) / features.std(0)
    signal = features @ rng.standard_normal((features.shape[1], 17 * 50))
    signal = snr * signal / signal.std() + rng.standard_normal(signal.shape)
    return signal.reshape(-1, 17, 50) * 1e-6


def curve(signal, features, test, seed, **params):
    """Score after each number of epochs, of one training that goes on."""
    decoder = ShallowAlignDecoder(
        encoder_params={"n_outputs": 256},
        n_components=128,
        batch_size=256,
        precision="float32",
        random_state=seed,
        max_epochs=1,
        **params,
    )
    scores, done = [], 0
    for epochs in EPOCHS:
        decoder.set_params(max_epochs=epochs - done)
        going_on = decoder.partial_fit if done else decoder.fit
        going_on(signal[~test], features[~test])
        scores.append(decoder.score(signal[test], features[test]))
        done = epochs
    return scores


def compare(layers, concepts, seed):
    """Yield the learning curves of one draw."""
    for block, snr in product((7, 13), (1.0, 0.3)):
        rng = np.random.default_rng(seed)
        held_out = rng.permutation(np.unique(concepts))[:N_HELD_OUT]
        test = np.isin(concepts, held_out)
        signal, features = simulate(layers[block], snr, rng), layers[block]
        draw = {"block": block, "snr": snr}
        ridge = ShallowAlignDecoder(solver="ridge").fit(signal[~test], features[~test])
        score = ridge.score(signal[test], features[test])
        yield draw | {"start": "ridge alone", "lr": "-", 50: score}
        for init, lr in product(("random", "ridge"), (1e-4, 1e-3)):
            scores = curve(signal, features, test, seed, init=init, lr=lr)
            row = {"start": init, "lr": lr}
            yield draw | row | dict(zip(EPOCHS, scores, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the test data, for the second part")
    parser.add_argument("--cache", type=Path, help="default: the package's own")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    print(fits_per_second().to_string(index=False))
    if options.data is None:
        return
    layers, concepts = load_features(options.data, options.cache)
    rows = [row for s in range(options.seeds) for row in compare(layers, concepts, s)]
    groups = pd.DataFrame(rows).groupby(["block", "snr", "start", "lr"], sort=False)
    print(f"top-1 after so many epochs, mean over {options.seeds} seeds")
    print(groups[list(EPOCHS)].mean().round(3).to_string())
    print("standard deviation over seeds")
    print(groups[list(EPOCHS)].std(ddof=0).round(3).to_string())


if __name__ == "__main__":
    main()
