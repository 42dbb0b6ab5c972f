"""Augmentations against their definitions, and what they may draw from."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from torch.utils.data import Subset

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.alignment import (
    DeviceBatches,
    PairedSignals,
    RepetitionAverage,
    SubjectMixup,
    TemporalSmoothing,
    TimeShift,
)
from mne_shallowalign.alignment._augment import Trials

C, T = 3, 12
# 4 pictures; of the first, subject 0 has trials 0 to 3 and subject 1 trials 4 and 5
IMAGES = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 2, 3])
SUBJECTS = torch.tensor([0, 0, 0, 0, 1, 1, 0, 2, 1, 1])


@pytest.fixture
def signals():
    return torch.randn(10, C, T, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def trials(signals):
    return Trials(signals, IMAGES, torch.arange(10), SUBJECTS)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def many(augment, signals, trials, row, n):
    rows = torch.full((n,), row)
    return augment(signals[rows], rows, trials, generator())


@pytest.mark.parametrize(
    "augment",
    [TemporalSmoothing(p=0.5), TimeShift(), RepetitionAverage(), SubjectMixup()],
)
class TestEveryAugmentation:
    def test_draws_from_the_generator_alone(self, augment, signals, trials):
        rows = torch.arange(10)
        before = torch.get_rng_state()
        first = augment(signals, rows, trials, generator(3))
        again = augment(signals, rows, trials, generator(3))
        other = augment(signals, rows, trials, generator(4))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert torch.equal(torch.get_rng_state(), before)

    def test_input_is_left_alone_and_type_is_kept(self, augment, signals, trials):
        rows, before = torch.arange(10), signals.clone()
        augment(signals, rows, trials, generator())
        assert torch.equal(signals, before)
        half = Trials(signals.bfloat16(), IMAGES, rows, SUBJECTS)
        got = augment(signals.bfloat16(), rows, half, generator())
        assert got.dtype == torch.bfloat16
        expected = augment(signals, rows, trials, generator())
        torch.testing.assert_close(got.float(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_smoothing_is_a_moving_average_of_the_samples_there_are(signals, trials, size):
    got = TemporalSmoothing(size, p=1)(signals, torch.arange(10), trials, generator())
    for t in range(T):
        window = signals[..., max(0, t - size // 2) : t + size // 2 + 1]
        torch.testing.assert_close(got[..., t], window.mean(-1))


def test_smoothing_takes_three_channels_in_ten(signals, trials):
    got = many(TemporalSmoothing(), signals, trials, 0, 4000)
    changed = (got != signals[0]).any(2)
    assert changed.float().mean(0).tolist() == pytest.approx([0.3] * C, abs=0.03)
    both = (changed[:, 0] & changed[:, 1]).float().mean()
    assert both.item() == pytest.approx(0.09, abs=0.02)


def test_shifts_are_uniform_and_repeat_the_edge(signals, trials):
    x = signals[0]
    expected = {
        shift: torch.stack([x[:, min(max(t - shift, 0), T - 1)] for t in range(T)], 1)
        for shift in range(-2, 3)
    }
    got = many(TimeShift(2), signals, trials, 0, 2000)
    counts = [(got == one).flatten(1).all(1).sum().item() for one in expected.values()]
    assert sum(counts) == 2000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_repetitions_are_averaged_over_subsets_of_uniform_size(signals, trials):
    """Every subset of the subject's own trials of the picture, and no other."""
    subsets = [s for k in range(1, 5) for s in itertools.combinations(range(4), k)]
    means = torch.stack([signals[list(subset)].mean(0) for subset in subsets])
    got = many(RepetitionAverage(), signals, trials, 2, 6000)
    distance = (got[:, None] - means).abs().amax((2, 3))
    assert (distance.amin(1) < 1e-6).all()
    counts = distance.argmin(1).bincount(minlength=len(subsets))
    sizes = np.array([len(subset) for subset in subsets])
    expected = 6000 / 4 / np.array([np.sum(sizes == k) for k in sizes])
    assert stats.chisquare(counts.numpy(), expected).pvalue > 1e-3
    lone = RepetitionAverage()(signals[[9]], torch.tensor([9]), trials, generator())
    torch.testing.assert_close(lone, signals[[9]])


def test_mixtures_are_with_other_subjects_of_the_same_picture(signals, trials):
    got = many(SubjectMixup(), signals, trials, 0, 6000) - signals[0]
    weights = []
    for partner in (4, 5):
        direction = (signals[partner] - signals[0]).flatten()
        along = got.flatten(1) @ direction / direction.square().sum()
        rest = got.flatten(1) - along[:, None] * direction
        weights.append(along[rest.abs().amax(1) < 1e-5])
    assert sum(map(len, weights)) >= 6000  # those that are hardly mixed count twice
    assert len(weights[0]) == pytest.approx(3000, abs=400)
    both = 1 - torch.cat([w[w > 1e-4] for w in weights]).numpy()
    law = stats.beta(0.5, 0.5)
    assert stats.kstest(both, law.cdf).statistic < 0.02


def test_pictures_that_nobody_else_saw_are_not_mixed(signals, trials):
    rows = torch.tensor([8, 9])
    got = SubjectMixup()(signals[rows], rows, trials, generator())
    torch.testing.assert_close(got, signals[rows])


@pytest.mark.parametrize("augment", [RepetitionAverage(), SubjectMixup()])
def test_held_out_trials_are_never_drawn(signals, augment):
    train = [0, 1, 4, 6, 8]
    signals[[2, 3, 5, 7, 9]] = torch.nan
    pairs = PairedSignals(signals, torch.randn(4, 2), IMAGES, SUBJECTS)
    batches = DeviceBatches(Subset(pairs, train), batch_size=2, augment=augment)
    for _ in range(50):
        assert not torch.cat([x for x, _ in batches]).isnan().any()


def test_batches_apply_them_in_order(signals):
    pairs = PairedSignals(signals, torch.randn(4, 2), IMAGES, SUBJECTS)

    def double(x, rows, trials, generator):
        assert torch.equal(x, trials.signals[rows])
        return 2 * x

    def add_one(x, rows, trials, generator):
        return x + 1

    batches = DeviceBatches(pairs, 4, shuffle=False, augment=[double, add_one])
    torch.testing.assert_close(torch.cat([x for x, _ in batches]), 2 * signals + 1)
    plain = DeviceBatches(pairs, 4, shuffle=False, augment=add_one)
    for (_, target), (_, expected) in zip(
        plain, DeviceBatches(pairs, 4, False), strict=True
    ):
        assert all(map(torch.equal, target, expected))


def test_validation_is_not_augmented_and_seeds_decide():
    """Through net_params: the same seed gives the same bits, with augmentation too."""
    rng = np.random.default_rng(0)
    features = np.repeat(rng.standard_normal((40, 6)), 3, axis=0)
    X = features @ rng.standard_normal((6, C * T)) + rng.standard_normal((120, C * T))
    X = X.reshape(120, C, T)
    augment = [RepetitionAverage(), TemporalSmoothing(), TimeShift(1)]

    def fit(augment, seed):
        decoder = ShallowAlignDecoder(
            encoder_params={"n_outputs": 8, "drop_prob": 0.0},
            n_components=4,
            max_epochs=3,
            batch_size=32,
            net_params={"iterator_train__augment": augment},
            random_state=seed,
        )
        return decoder.fit(X, features).transform(X)

    state = torch.get_rng_state()
    assert np.array_equal(fit(augment, 0), fit(augment, 0))
    assert not np.allclose(fit(augment, 0), fit(None, 0))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: TemporalSmoothing(size=4), "size must be odd, got 4"),
        (lambda: TemporalSmoothing(p=1.5), "p == 1.5, must be <= 1"),
        (lambda: TimeShift(-1), "max_shift == -1, must be >= 0"),
    ],
)
def test_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_shifts_are_whole_samples():
    with pytest.raises(TypeError, match="max_shift must be an integer, got 1.5"):
        TimeShift(1.5)


def test_frozen_smoothing_is_drawn_once():
    """The same in every epoch and order; and still of three channels in ten."""
    signals = torch.randn(3000, C, T)
    index = torch.arange(3000) % 2
    pairs = PairedSignals(signals, torch.randn(2, 2), index, numbered=True)

    def epoch(batches):
        got = torch.empty_like(signals)
        for x, (*_, rows) in batches:
            got[rows] = x
        return got

    frozen = DeviceBatches(pairs, 500, augment=TemporalSmoothing(frozen=True))
    first = epoch(frozen)
    assert torch.equal(first, epoch(frozen))
    changed = (first != signals).any(2)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.02)
    fresh = DeviceBatches(pairs, 500, augment=TemporalSmoothing())
    assert not torch.equal(epoch(fresh), epoch(fresh))
