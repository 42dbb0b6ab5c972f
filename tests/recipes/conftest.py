"""People who see pictures, tiny, and what recipes are cut down to for them."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_clip import tiny_clip

from mne_shallowalign.features import extract_features

C, T, N_CONCEPTS, N_EACH = 6, 80, 50, 4


@pytest.fixture(scope="session", name="tiny_clip")
def _tiny_clip():
    return tiny_clip()


class Seen:
    """Pictures of concepts, their features, and signals that follow from these."""

    def __init__(self, folder, clip):
        rng = np.random.default_rng(0)
        self.folder, self.concepts, names = folder, [], []
        for concept in range(N_CONCEPTS):
            for picture in range(N_EACH):
                names.append(f"{concept:02d}_thing/{picture}.png")
                self.concepts.append(f"{concept:05d}_thing_{concept}")
                (folder / names[-1]).parent.mkdir(exist_ok=True)
                tiles = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
                image = Image.fromarray(tiles).resize((32, 32), Image.Resampling.BOX)
                image.save(folder / names[-1])
        self.names, self.concepts = np.array(names), np.array(self.concepts)
        final = extract_features(
            self.names, clip, "final", image_root=folder, cache_dir=False
        )["final"]
        self.final = (final - final.mean(0)) / final.std(0)
        self.layers = np.stack([np.tanh(2 * self.final), self.final, self.final**2], 1)

    def epochs(self, rows, subject="01", seed=0):
        """Record somebody who sees some of the pictures."""
        rng = np.random.default_rng(seed)
        weights = np.random.default_rng(99).standard_normal((24, C * T))
        weights += 0.3 * rng.standard_normal(weights.shape)
        signal = self.final[rows] @ weights / 2
        signal += rng.standard_normal(signal.shape)
        metadata = pd.DataFrame(
            {
                "image": self.names[rows],
                "concept": self.concepts[rows],
                "subject": subject,
            }
        )
        info = mne.create_info(C, 100.0, "eeg")
        signal = 1e-5 * signal.reshape(len(rows), C, T)
        return mne.EpochsArray(signal, info, metadata=metadata, verbose="error")


@pytest.fixture(scope="session")
def seen(tmp_path_factory, tiny_clip):
    return Seen(tmp_path_factory.mktemp("recipe-pictures"), tiny_clip)


@pytest.fixture(scope="session")
def split():
    """Rows of 40 training concepts, and one picture of each of 10 test concepts."""
    rows = np.arange(N_CONCEPTS * N_EACH)
    return rows[: 40 * N_EACH], rows[40 * N_EACH :]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("recipe-features")


@pytest.fixture
def small(seen, tiny_clip, cache_dir):
    """Cut a recipe's decoder down to what a test can fit."""

    def small(recipe, **params):
        decoder = recipe.decoder
        given = {
            "backbone": tiny_clip,
            "image_root": seen.folder,
            "cache_dir": cache_dir,
            "batch_size": 40,
            "lr": 2e-3,
            "max_epochs": 40,
            "random_state": 0,
        } | params
        return decoder.set_params(**given)

    return small


@pytest.fixture
def score(seen, split):
    """Fit on pictures that one person saw, and test on others; chance is 1 in 40."""

    def score(decoder, y=None):
        train, test = split
        y = seen.names if y is None else y
        decoder.fit(seen.epochs(train), y[train])
        return decoder.score(seen.epochs(test, seed=1), y[test])

    return score
