"""The blur prior, against a transcription of what its article and code say."""

import math

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit
from scipy.stats import norm

from mne_shallowalign.recipes import BlurPriorLoss

N, D = 40, 6


class Transcription:
    """Trial by trial, in plain Python."""

    def __init__(self, n):
        self.kept, self.label = [1.0] * n, [1] * n

    def __call__(self, signals, views, trials):
        scale = math.log(1 + math.exp(math.log(1 / 0.07)))
        seen = np.stack([views[k, self.label[t]] for k, t in enumerate(trials)])
        logits = scale * signals @ unit(seen).T
        own = [logits[k, k] for k in range(len(trials))]
        mixed = [0.3 * s + 0.7 * self.kept[t] for s, t in zip(own, trials, strict=True)]
        mean = sum(mixed) / len(mixed)
        sd = math.sqrt(sum((m - mean) ** 2 for m in mixed) / (len(mixed) - 1))
        low, high = (mean + sign * norm.ppf(0.975) * sd for sign in (-1, 1))
        for s, m, t in zip(own, mixed, trials, strict=True):
            self.label[t] = 0 if s > high else 2 if s < low else 1
            self.kept[t] = m
        return cross_entropies(logits)


def target(views, trials):
    rows = torch.tensor(trials)
    features = torch.tensor(views).flatten(1)
    return features, torch.arange(len(rows)), torch.zeros_like(rows), rows


@pytest.fixture
def criterion():
    criterion = BlurPriorLoss(D, D, projector=None).double()
    criterion.begin(N)
    return criterion


def test_objective_over_three_epochs(criterion):
    rng = np.random.default_rng(0)
    transcription, levels = Transcription(N), []
    signals, views = rng.standard_normal((N, D)), rng.standard_normal((N, 3, D))
    for _ in range(3):
        for trials in np.split(rng.permutation(N), 2):
            expected = transcription(signals[trials], views[trials], trials)
            got = criterion(
                torch.tensor(signals[trials]), target(views[trials], trials)
            )
            assert got.item() == pytest.approx(expected, rel=1e-5)
        levels.append(list(transcription.label))
    assert criterion.level.tolist() == transcription.label
    np.testing.assert_allclose(criterion.similarity, transcription.kept, rtol=1e-5)
    assert {0, 1, 2} <= set(np.ravel(levels))  # all three were in play


def test_nothing_is_remembered_of_held_out_trials(criterion):
    rng = np.random.default_rng(0)
    signals, views = rng.standard_normal((N, D)), rng.standard_normal((N, 3, D))
    criterion.eval()
    loss = criterion(torch.tensor(signals), target(views, np.arange(N)))
    assert (criterion.level == 1).all()
    assert (criterion.similarity == 1).all()
    expected = Transcription(N)(signals, views, np.arange(N))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_candidates_are_seen_with_medium_blur(criterion):
    views = torch.randn(4, 3, D)
    given = criterion.candidate_features(views.flatten(1))
    torch.testing.assert_close(given, views[:, 1])
