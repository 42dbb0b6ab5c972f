"""By which score should a search choose the layer? Simulations whose truth is known.

    python benchmarks/layer_choice.py [--seeds 8] [--noise 1.5 3 6 9] [--n-seeds 5]

Seven layers of 32 features follow from one another: each is the rectified random map
of the one before, standardised; 500 pictures are of 50 concepts. Activity is a random
linear map of the second, fourth or sixth layer to 6 channels x 10 samples, plus white
noise. ``LayerSearchCV`` holds out a third of the concepts at a time, with as many seeds
as given. Printed is, for each noise level (in standard deviations of the signal) and
each measure, in how many searches it was best for the true layer, and for it or a
neighbour; and the same of ``layer="auto"``.
"""

from __future__ import annotations

import argparse
import time
from itertools import product

import mne
import numpy as np
import pandas as pd

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder

N_PICTURES, N_LAYERS, WIDTH, PER_CONCEPT = 500, 7, 32, 10
TRUTHS = (2, 4, 6)
MEASURES = ("top1", "top5", "mrr", "mean_rank")


def make_layers(rng: np.random.Generator) -> np.ndarray:
    """Draw pictures of concepts and pass them through random layers."""
    concepts = rng.standard_normal((N_PICTURES // PER_CONCEPT, WIDTH))
    x = rng.standard_normal((N_PICTURES, WIDTH))
    x += 0.7 * concepts.repeat(PER_CONCEPT, axis=0)
    layers = []
    for _ in range(N_LAYERS):
        layers.append((x - x.mean(0)) / x.std(0))
        weights = rng.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
        x = np.maximum(layers[-1] @ weights, 0)
    return np.stack(layers, axis=1).astype(np.float32)


def search(truth: int, noise: float, seed: int, n_seeds: int) -> dict[str, float]:
    """Simulate and search once."""
    rng = np.random.default_rng(100 * truth + seed)
    layers = make_layers(rng)
    signal = layers[:, truth - 1] @ rng.standard_normal((WIDTH, 60)) / np.sqrt(WIDTH)
    signal += noise * rng.standard_normal(signal.shape)
    decoder = ShallowAlignDecoder(
        n_components=32,
        lr=1e-3,
        batch_size=128,
        max_epochs=25,
        precision="float32",
        random_state=seed,
    )
    data = signal.reshape(-1, 6, 10), layers
    groups = np.arange(N_PICTURES) // PER_CONCEPT
    search = LayerSearchCV(decoder, cv=3, n_seeds=n_seeds, refit=False)
    results = search.fit(*data, groups=groups).cv_results_
    found = {measure: results[f"mean_test_{measure}"] for measure in MEASURES}
    auto = decoder.set_params(layer="auto", max_epochs=1).fit(*data, groups=groups)
    found["auto"] = auto.screen_["mean_rank"]
    row = {"noise": noise, "top-1 there": results["mean_test_top1"][truth - 1]}
    for measure, scores in found.items():
        best = int(scores.argmax()) + 1
        row |= {measure: best == truth, f"{measure} ±1": abs(best - truth) <= 1}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--n-seeds", type=int, default=1)
    parser.add_argument("--noise", type=float, nargs="+", default=[1.5, 3, 6, 9])
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    start = time.perf_counter()
    jobs = product(TRUTHS, options.noise, range(options.seeds), [options.n_seeds])
    table = pd.DataFrame([search(*job) for job in jobs]).groupby("noise")
    names = [name + end for name in (*MEASURES, "auto") for end in ("", " ±1")]
    counts = table[names].sum()
    top1 = table["top-1 there"].agg(["mean", "std"]).add_prefix("top-1 there, ")
    print(f"of {options.seeds * len(TRUTHS)} searches; chance is {3 / N_PICTURES:.3f}")
    print(pd.concat([top1.round(3), counts], axis=1).to_string())
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
