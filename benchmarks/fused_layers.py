"""Does ``layer="auto"`` with learned fusion keep up with a search? Truth is known.

    python benchmarks/fused_layers.py [--draws 8] [--first 2000]

Layers are independent, or a chain in which each is the one before, of which a share is
kept, plus a random rectified map of it. One to four of them drive 8 or 16 channels x 12
samples, alike or not, behind white noise, AR(1) noise in time, or noise that sensors
share. Of 50 concepts of 16 pictures, 15 are held out for the test (240 candidates).
Compared on the same draws are the top-1 of ``layer="auto"``, of it with
``fusion="learned"``, of learned fusion of all layers, and of the layer that
:class:`~mne_shallowalign.LayerSearchCV` finds in three folds.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
from scipy.signal import lfilter
from sklearn.model_selection import GroupKFold

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder

N_CONCEPTS, N_PICTURES, N_TIMES = 50, 16, 12


@dataclass(frozen=True)
class Condition:
    """What is simulated; layers are counted from 0, and none is kept if not a chain."""

    name: str
    n_layers: int
    true: tuple[int, ...]
    ratio: float
    keep: float | None = None
    weights: tuple[float, ...] | None = None
    noise: str = "white"
    width: int = 32
    n_channels: int = 8


CONDITIONS = (
    Condition("2 layers, both", 2, (0, 1), 0.7),
    Condition("2 layers, one", 2, (0,), 0.5),
    Condition("3 layers, all", 3, (0, 1, 2), 0.7),
    Condition("3 in a chain, all", 3, (0, 1, 2), 0.5, keep=0.8),
    Condition("6 layers, 1 and 0.5", 6, (1, 4), 0.7, weights=(1, 0.5)),
    Condition("6 layers, 1 and 0.5, weak", 6, (1, 4), 0.5, weights=(1, 0.5)),
    Condition("6 layers, 1 and 0.5, AR", 6, (1, 4), 0.7, weights=(1, 0.5), noise="ar"),
    Condition("6 layers, four", 6, (0, 2, 3, 5), 0.9, weights=(1, 1, 0.6, 0.6)),
    Condition("12 layers, 1 and 0.4", 12, (1, 4, 9), 0.7, weights=(1, 0.4, 0.4)),
    Condition("8 in a chain, two", 8, (1, 6), 0.5, keep=0.9),
    Condition("8 near copies, one", 8, (3,), 0.4, keep=0.98),
    Condition("12 in a chain, one", 12, (5,), 0.5, keep=0.9),
    Condition(
        "6 in a chain, two, shared noise",
        6,
        (2, 4),
        0.4,
        keep=0.8,
        noise="shared",
        width=48,
        n_channels=16,
    ),
    Condition("24 in a chain, two", 24, (4, 18), 0.6, keep=0.95),
)


def make_layers(condition, rng):
    """Return features, shape (n_images, n_layers, width)."""
    n, width = N_CONCEPTS * N_PICTURES, condition.width
    if condition.keep is None:
        shape = n, condition.n_layers, width
        return rng.standard_normal(shape).astype(np.float32)
    centres = np.repeat(rng.standard_normal((N_CONCEPTS, width)), N_PICTURES, axis=0)
    layer = 0.8 * centres + 0.6 * rng.standard_normal((n, width))
    layers = []
    for _ in range(condition.n_layers):
        mixing = rng.standard_normal((width, width)) / np.sqrt(width)
        new = np.maximum(2 * layer @ mixing, 0)
        layer = condition.keep * layer + np.sqrt(1 - condition.keep**2) * new
        layer = (layer - layer.mean(0)) / layer.std(0)
        layers.append(layer)
    return np.stack(layers, axis=1).astype(np.float32)


def make_noise(condition, rng):
    shape = N_CONCEPTS * N_PICTURES, condition.n_channels, N_TIMES
    noise = rng.standard_normal(shape)
    if condition.noise == "ar":
        noise = lfilter([1], [1, -0.9], noise, axis=2)
    if condition.noise == "shared":
        patterns = rng.standard_normal((condition.n_channels, 3))
        sources = rng.standard_normal((len(noise), 3, N_TIMES))
        noise = 0.3 * noise + np.einsum("cs,nst->nct", patterns, sources)
    return noise / noise.std()


def draw(condition, seed):
    """Return signal, features, concepts, and which trials are held out."""
    rng = np.random.default_rng(seed)
    layers = make_layers(condition, rng)
    activity = 0
    weights = condition.weights or (1,) * len(condition.true)
    for true, weight in zip(condition.true, weights, strict=True):
        mixing = rng.standard_normal((condition.width, condition.n_channels * N_TIMES))
        part = layers[:, true] @ mixing
        activity = activity + weight * part / part.std()
    noise = make_noise(condition, rng)
    signal = condition.ratio * (activity / activity.std()).reshape(noise.shape) + noise
    concepts = np.repeat(np.arange(N_CONCEPTS), N_PICTURES)
    held_out = rng.permutation(N_CONCEPTS)[: N_CONCEPTS * 3 // 10]
    return signal * 1e-6, layers, concepts, np.isin(concepts, held_out)


def compare(condition, seed):
    """Fit all ways to one draw; return what each retrieves of the test trials."""
    signal, layers, concepts, test = draw(condition, seed)
    train = ~test
    decoder = ShallowAlignDecoder(
        encoder_params={"n_outputs": 64},
        n_components=48,
        lr=1e-3,
        max_epochs=20,
        batch_size=128,
        precision="float32",
        random_state=seed,
    )
    everything = list(range(1, condition.n_layers + 1))
    ways = {
        "auto": {"layer": "auto"},
        "fused": {"layer": "auto", "fusion": "learned"},
        "all": {"layer": everything, "fusion": "learned"},
    }
    found = {}
    for name, params in ways.items():
        decoder.set_params(fusion="mean").set_params(**params)
        decoder.fit(signal[train], layers[train], groups=concepts[train])
        found[name] = decoder.score(signal[test], layers[test])
        if name == "fused":
            found["n_fused"] = len(decoder.layer_weights_)
    search = LayerSearchCV(
        decoder.set_params(layer=1, fusion="mean"), everything, cv=GroupKFold(3)
    ).fit(signal[train], layers[train], groups=concepts[train])
    found["search"] = search.score(signal[test], layers[test])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=8, help="of each condition")
    parser.add_argument("--first", type=int, default=2000, help="the first seed")
    parser.add_argument("--only", help="part of the name of a condition")
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    seeds = range(options.first, options.first + options.draws)
    for condition in CONDITIONS:
        if options.only and options.only not in condition.name:
            continue
        table = pd.DataFrame([compare(condition, seed) for seed in seeds])
        gain = table["fused"] - table["search"]
        print(
            f"{condition.name}: {table.mean().round(3).to_dict()}, fused - search "
            f"{gain.mean():+.3f} (standard error {gain.sem():.3f}, worst "
            f"{gain.min():+.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
