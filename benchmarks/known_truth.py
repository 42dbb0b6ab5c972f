"""Does the score peak at the layer that drove the activity? Photographs, real network.

    python benchmarks/known_truth.py --data <test data> [--seeds 3]

Photographs of 100 classes (Caltech-101, 20 each) pass through an ImageNet-trained
MobileNetV2. Activity is a random linear map of the standardised features of its block 7
to 17 channels x 50 samples, plus white noise of equal power. Twenty classes are held
out, so that the gallery has 400 pictures. Printed is top-1 for targets from shallow to
deep, in float32 and in bfloat16, and with pictures shuffled against trials.
"""

from __future__ import annotations

import argparse
import tarfile
import tempfile
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch
from torchvision.transforms import v2

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.backbones import Backbone
from mne_shallowalign.features import extract_features

BLOCKS, TRUE_BLOCK, N_HELD_OUT = (1, 4, 7, 10, 13, 16, 18), 7, 20


def load_network(data: Path) -> Backbone:
    """Describe the network, which wants pictures upside down and in [-1, 1]."""
    preprocess = v2.Compose(
        [
            v2.Resize(256),
            v2.CenterCrop(224),
            v2.RandomRotation((180, 180)),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    return load_backbone(
        "timm/mobilenetv2_100",
        weights=data / "weights" / "mobilenetv2_100_timm_rot180.safetensors",
        preprocess=preprocess,
        granularity="block",
    )


def load_features(data: Path, cache: Path) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Return the features of every block, and the class of every photograph."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(data / "images" / "caltech101_20per_class.tar") as tar:
            tar.extractall(folder, filter="data")
        files = sorted(Path(folder).rglob("*.jpg"))
        layers = extract_features(files, load_network(data), BLOCKS, cache_dir=cache)
    concepts = np.array([file.parent.name for file in files])
    return dict(zip(BLOCKS, layers.values(), strict=True)), concepts


def simulate(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Map standardised features to 17 x 50 samples and add as much noise."""
    features = (features - features.mean(0)) / features.std(0)
    signal = features @ rng.standard_normal((features.shape[1], 17 * 50))
    signal += signal.std() * rng.standard_normal(signal.shape)
    return signal.reshape(-1, 17, 50) * 1e-6


def score(signal, features, test, seed, precision="float32"):
    """Fit on the other classes, return top-1 among the held-out pictures."""
    decoder = ShallowAlignDecoder(
        encoder_params={"n_outputs": 256},
        n_components=128,
        lr=1e-3,
        batch_size=256,
        max_epochs=40,
        precision=precision,
        random_state=seed,
    )
    decoder.fit(signal[~test], features[~test])
    return decoder.score(signal[test], features[test])


def run(layers, concepts, seed):
    """Score every block with one draw of held-out classes, mixing and noise."""
    rng = np.random.default_rng(seed)
    held_out = rng.permutation(np.unique(concepts))[:N_HELD_OUT]
    test = np.isin(concepts, held_out)
    signal = simulate(layers[TRUE_BLOCK], rng)
    for block, features in layers.items():
        shuffled = features.copy()
        for part in (test, ~test):
            shuffled[part] = rng.permutation(shuffled[part])
        yield {
            "seed": seed,
            "block": block,
            "float32": score(signal, features, test, seed),
            "bfloat16": score(signal, features, test, seed, "bfloat16"),
            "shuffled": score(signal, shuffled, test, seed),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the test data")
    parser.add_argument("--cache", type=Path, help="default: the package's own")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    layers, concepts = load_features(options.data, options.cache)
    rows = [row for s in range(options.seeds) for row in run(layers, concepts, s)]
    table = pd.DataFrame(rows).drop(columns="seed").groupby("block")
    print(f"top-1 over {options.seeds} seeds, chance {1 / (20 * N_HELD_OUT):.4f}")
    print(table.agg(["mean", "std"]).round(3).to_string())


if __name__ == "__main__":
    main()
