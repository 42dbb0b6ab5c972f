"""The screen of layers, against a plain loop of scikit-learn's fits."""

import numpy as np
import pytest
import torch
from scipy.stats import rankdata
from sklearn.linear_model import Ridge

from mne_shallowalign.alignment import RidgeScreen, _ridge, _screen
from mne_shallowalign.alignment._screen import make_folds

N, K = 90, 30


@pytest.fixture(scope="module")
def trials():
    """Thirty images in ten concepts, three presentations, and two targets."""
    rng = np.random.default_rng(0)
    index = np.arange(N) % K
    target = rng.standard_normal((K, 6))
    X = target[index] @ rng.standard_normal((6, 20))
    X += 4 * rng.standard_normal(X.shape)
    other = rng.standard_normal((K, 40))
    return X.astype(np.float32), index, index % 10, target, other


def screen(trials, alphas=None):
    X, index, concepts, *_ = trials
    return RidgeScreen(torch.from_numpy(X), torch.from_numpy(index), concepts, alphas)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def plain(X, index, folds, target, alpha):
    """Cosines and ranks by one fit for each fold."""
    cosines, rank, relative = [], [], []
    for out in folds:
        kept = np.setdiff1d(np.arange(N), out)
        ridge = Ridge(alpha=alpha).fit(X[kept].astype(float), target[index[kept]])
        images = np.unique(index[out])
        cosine = unit(ridge.predict(X[out])) @ unit(target[images]).T
        order = rankdata(-cosine, axis=1)
        rank += [order[i, images == index[t]][0] for i, t in enumerate(out)]
        relative += [(r - 1) / (len(images) - 1) for r in rank[-len(out) :]]
        cosines.append(cosine)
    rank = np.array(rank)
    return cosines, [(rank <= 1).mean(), (1 / rank).mean(), -np.mean(relative)]


@pytest.mark.parametrize("which", [3, 4], ids=["narrow", "wide"])
def test_scores_are_those_of_a_fit_per_fold_and_penalty(trials, which):
    X, index, concepts, *_ = trials
    target, alphas = trials[which], [100.0, 1.0]
    found = screen(trials, alphas).scores(torch.from_numpy(target))
    folds = make_folds(concepts, index)
    expected = [plain(X, index, folds, target, alpha)[1] for alpha in alphas]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("rounded", [False, True])
def test_nothing_is_found_in_noise_with_hardly_any_penalty(monkeypatch, rounded):
    """Errors of float32 are larger where the left-out image is, and amplified there."""
    if rounded:
        monkeypatch.setattr(_ridge, "LARGEST_GAIN", np.inf)
    rng = np.random.default_rng(0)
    X, index = rng.standard_normal((200, 700)).astype(np.float32), np.arange(200)
    one = RidgeScreen(torch.from_numpy(X), torch.from_numpy(index), index, [1e-6])
    table = one.table([torch.from_numpy(rng.standard_normal((200, 2000)))], ["noise"])
    is_found = table["mrr"][0] > 2 * table["chance_mrr"][0]
    assert is_found == rounded  # or this test could not fail


def test_table_has_the_best_penalty_and_ranks_the_truth_first(trials):
    one = screen(trials, [1e3, 1e5, 1.0, 1e7, 10.0])
    targets = [torch.from_numpy(target) for target in trials[3:]]
    table = one.table(targets, ["true", "other"])
    names = ["layer", "alpha", "top1", "mrr", "mean_rank"]
    assert list(table.columns)[:5] == names
    for row, target in zip(table.itertuples(), targets, strict=True):
        scores = one.scores(target)
        assert row.mrr == scores[:, 1].max()
        assert row.alpha == one.alphas[scores[:, 1].argmax()]
        weak = [s[2] for a, s in zip(one.alphas, scores, strict=True) if a <= row.alpha]
        assert row.mean_rank == pytest.approx(np.mean(weak))
        assert (
            1 < len(weak) < len(scores)
        )  # or nothing is averaged, or nothing left out
    assert table["mrr"][0] > table["mrr"][1]


def test_chance_is_what_targets_of_nothing_get(trials):
    """Guesses among as many candidates, simulated; and a screen of noise."""
    X, index, _, *_ = trials
    uneven = np.minimum(index % 10, 6)  # a fold of 12 images, others of three
    rng = np.random.default_rng(1)
    one = RidgeScreen(torch.from_numpy(X), torch.from_numpy(index), uneven, [10.0])
    noise = [torch.from_numpy(rng.standard_normal((K, 6))) for _ in range(200)]
    table = one.table(noise, ["noise"] * 200)
    sizes = [len(np.unique(index[fold])) for fold in make_folds(uneven, index)]
    trials_of = [len(fold) for fold in make_folds(uneven, index)]
    guesses = [
        rng.integers(1, n + 1, (2000, m)) for n, m in zip(sizes, trials_of, strict=True)
    ]
    rank = np.concatenate(guesses, axis=1)
    for name, guessed in (("top1", rank == 1), ("mrr", 1 / rank)):
        chance = table[f"chance_{name}"][0]
        assert chance == pytest.approx(guessed.mean(), abs=5e-3)
        assert chance == pytest.approx(table[name].mean(), abs=2e-2)
    assert table["n_queries"].unique() == [N]
    assert table["n_gallery"].unique() == [np.mean(sizes)]


def test_cosines_are_those_of_a_fit_per_fold(trials):
    X, index, concepts, target, _ = trials
    found = screen(trials, [3.0])._cosines(torch.from_numpy(target), 3.0)
    expected, _ = plain(X, index, make_folds(concepts, index), target, 3.0)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-5)


def test_weights_are_mostly_for_the_layer_that_matters(trials):
    targets = [torch.from_numpy(target) for target in trials[3:]]
    one = screen(trials, [10.0])
    assert one.weigh(targets, [10.0, 10.0])[0] > 0.8


def test_folds_hold_out_whole_groups_and_everything_once(trials):
    _, index, concepts, *_ = trials
    folds = make_folds(concepts, index)
    assert len(folds) == _screen.MIN_FOLDS
    np.testing.assert_array_equal(np.sort(np.concatenate(folds)), np.arange(N))
    for fold in folds:
        rest = np.setdiff1d(np.arange(N), fold)
        assert not set(concepts[fold]) & set(concepts[rest])


def test_enough_queries_are_enough(trials, monkeypatch):
    _, index, concepts, *_ = trials
    monkeypatch.setattr(_screen, "QUERIES", 20)
    folds = make_folds(concepts, index)
    assert [len(fold) for fold in folds] == [18, 18]


def test_large_galleries_are_cut(monkeypatch):
    index = np.arange(100)
    monkeypatch.setattr(_screen, "FOLD_IMAGES", 10)
    assert len(make_folds(index, index)) == 10


@pytest.mark.parametrize("n_images", [4, 5, 8, 9])
def test_no_fold_is_of_one_image(n_images):
    """A single candidate is always first, of any layer and with any penalty."""
    index = np.repeat(np.arange(n_images), 7)
    folds = make_folds(index, index)
    assert len(folds) > 1
    assert min(len(np.unique(index[fold])) for fold in folds) > 1
    np.testing.assert_array_equal(np.sort(np.concatenate(folds)), np.arange(len(index)))


def test_two_images_are_too_few_to_choose_by(caplog):
    index = np.repeat(np.arange(2), 7)
    assert len(make_folds(index, index)) == 2
    assert "2 images are too few to choose" in caplog.text


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.zeros(N), "All epochs belong to the group"),
        (np.arange(N) // 45, r"presentations of one image.*epoch 0 is one"),
    ],
)
def test_groups_that_do_not_serve(trials, groups, message):
    with pytest.raises(ValueError, match=message):
        make_folds(groups, trials[1])
