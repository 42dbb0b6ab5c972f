"""Photographs, a trained network, and activity simulated from one of its blocks."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.features import extract_features

PICTURES_PER_CLASS, HELD_OUT_CLASSES, TRUE_BLOCK = 8, 20, 7
BLOCKS = (1, 4, 7, 10, 16, 18)


@pytest.fixture(scope="module")
def network(mobilenet_weights):
    """The network wants pictures upside down, in [-1, 1]; see the data's README."""
    preprocess = v2.Compose(
        [
            v2.Resize(146),
            v2.CenterCrop(128),
            v2.RandomRotation((180, 180)),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    return load_backbone(
        "timm/mobilenetv2_100",
        weights=mobilenet_weights,
        preprocess=preprocess,
        granularity="block",
    )


@pytest.fixture(scope="module")
def photographs(network, caltech):
    """Features of every block of 800 photographs, and which are held out by class."""
    files = [
        file
        for folder in sorted(caltech.iterdir())
        if folder.is_dir()
        for file in sorted(folder.glob("*.jpg"))[:PICTURES_PER_CLASS]
    ]
    layers = extract_features(files, network, BLOCKS, cache_dir=False)
    concepts = np.array([file.parent.name for file in files])
    held_out = np.random.default_rng(0).permutation(np.unique(concepts))
    test = np.isin(concepts, held_out[:HELD_OUT_CLASSES])
    return dict(zip(BLOCKS, layers.values(), strict=True)), test


@pytest.fixture(scope="module")
def activity(photographs):
    """A random linear map of one block's standardised features, plus as much noise."""
    layers, _ = photographs
    features = layers[TRUE_BLOCK]
    features = (features - features.mean(0)) / features.std(0)
    rng = np.random.default_rng(1)
    signal = features @ rng.standard_normal((features.shape[1], 17 * 50))
    signal += signal.std() * rng.standard_normal(signal.shape)
    return signal.reshape(-1, 17, 50) * 1e-6


def held_out_score(signal, features, test):
    decoder = ShallowAlignDecoder(
        encoder_params={"n_outputs": 256},
        n_components=128,
        lr=1e-3,
        batch_size=256,
        max_epochs=40,
        random_state=0,
    )
    decoder.fit(signal[~test], features[~test])
    return decoder.score(signal[test], features[test])


@pytest.mark.slow
def test_score_peaks_at_the_true_block_or_its_neighbour(photographs, activity):
    layers, test = photographs
    scores = {k: held_out_score(activity, layers[k], test) for k in BLOCKS}
    best = max(scores, key=scores.get)
    assert best in (4, 7, 10), scores
    assert scores[TRUE_BLOCK] > 0.8, scores
    assert max(scores[1], scores[18]) < scores[TRUE_BLOCK] - 0.2, scores


@pytest.mark.slow
def test_shuffled_pictures_are_at_chance(photographs, activity):
    layers, test = photographs
    features = layers[TRUE_BLOCK].copy()
    rng = np.random.default_rng(2)
    for part in (test, ~test):
        features[part] = rng.permutation(features[part])
    n = test.sum()
    # 99.9 % of what chance gives: at most 5 of 160 where 1 is expected
    assert held_out_score(activity, features, test) <= 5 / n
