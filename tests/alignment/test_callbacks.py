"""Callbacks through the decoder, end to end."""

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from skorch.callbacks import Callback, LRScheduler
from skorch.dataset import ValidSplit

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.alignment import HeldOutStopping, WeightAveraging

N, C, T = 240, 6, 100
CONCEPTS = np.arange(N) // 6


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N, 8))
    X = features @ rng.standard_normal((8, C * T))
    X += 10 * rng.standard_normal(X.shape)
    return X.reshape(N, C, T), features


def make(callbacks, encoder="eegproject", **params):
    params = {"max_epochs": 4, "lr": 3e-3, **params}
    split = params.pop("train_split", None)
    return ShallowAlignDecoder(
        encoder=encoder,
        encoder_params={"n_outputs": 16},
        n_components=8,
        batch_size=64,
        net_params={"callbacks": callbacks, "train_split": split},
        random_state=0,
        **params,
    )


class Record(Callback):
    """Keep every half's state after every training step, and the rate of each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.steps, self.epochs, self.rates = [], [], []

    def state(self, net):
        halves = (net.module_, net.criterion_)
        return [{k: v.clone() for k, v in h.state_dict().items()} for h in halves]

    def on_batch_end(self, net, batch=None, training=False, **kwargs):
        if training:
            self.steps.append(self.state(net))

    def on_epoch_begin(self, net, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(self.state(net))


def record_of(decoder):
    return next(one for _, one in decoder.net_.callbacks_ if isinstance(one, Record))


def final(decoder):
    return [decoder.net_.module_.state_dict(), decoder.net_.criterion_.state_dict()]


@pytest.mark.parametrize("encoder", ["eegproject", "tsconv"])
def test_weights_are_the_moving_average_of_those_of_every_step(recording, encoder):
    """Batch norms' statistics included; whole numbers, as counts, are truncated."""
    decoder = make([Record(), WeightAveraging(0.8)], encoder).fit(*recording)
    steps = record_of(decoder).steps
    assert len(steps) == 4 * 4
    for half, state in enumerate(final(decoder)):
        for name, got in state.items():
            if not got.is_floating_point():
                continue
            expected = steps[0][half][name]
            for step in steps[1:]:
                expected = 0.8 * expected + 0.2 * step[half][name]
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


def test_no_decay_is_no_average_and_training_goes_on(recording):
    plain = make([]).fit(*recording)
    averaged = make([WeightAveraging(0.0)]).fit(*recording)
    np.testing.assert_allclose(
        averaged.transform(recording[0]), plain.transform(recording[0]), atol=1e-6
    )
    averaged.partial_fit(*recording)
    assert len(averaged.history_) == 8


def test_stopping_on_held_out_concepts_keeps_the_best_of_both_halves(recording):
    split = ValidSplit(GroupKFold(5))
    callbacks = [Record(), HeldOutStopping(patience=3)]
    decoder = make(callbacks, train_split=split, max_epochs=60, lr=1e-2)
    decoder = clone(decoder).fit(*recording, groups=CONCEPTS)
    losses = decoder.history_[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert len(losses) < 60
    assert len(losses) == best + 1 + 3
    for got, expected in zip(
        final(decoder), record_of(decoder).epochs[best], strict=True
    ):
        for name in got:
            torch.testing.assert_close(got[name], expected[name])
    last = record_of(decoder).epochs[-1][1]
    assert not torch.equal(final(decoder)[1]["log_scale"], last["log_scale"])


def test_no_concept_is_on_both_sides(recording):
    seen = {}

    class Spy(Callback):
        def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
            seen["train"] = set(CONCEPTS[dataset_train.indices])
            seen["valid"] = set(CONCEPTS[dataset_valid.indices])

    split = ValidSplit(GroupKFold(5))
    make([Spy(), HeldOutStopping()], train_split=split).fit(*recording, groups=CONCEPTS)
    assert seen["train"].isdisjoint(seen["valid"])
    assert seen["train"] | seen["valid"] == set(CONCEPTS)
    assert len(seen["valid"]) == 40 // 5


def test_stopping_without_held_out_trials_says_what_to_do(recording):
    with pytest.raises(ValueError, match="put train_split in net_params"):
        make([HeldOutStopping()]).fit(*recording)


def test_cosine_schedule_of_skorch(recording):
    """The recipe of the user guide; lr_t = lr (1 + cos(pi t / n)) / 2."""
    schedule = LRScheduler("CosineAnnealingLR", T_max=6)
    decoder = make([schedule, Record()], max_epochs=6, lr=1e-2).fit(*recording)
    expected = [1e-2 * (1 + math.cos(math.pi * t / 6)) / 2 for t in range(6)]
    assert record_of(decoder).rates == pytest.approx(expected)


def test_an_average_has_no_best_epoch(recording):
    split = ValidSplit(GroupKFold(5))
    callbacks = [WeightAveraging(), HeldOutStopping()]
    with pytest.raises(ValueError, match="exclude each other"):
        make(callbacks, train_split=split).fit(*recording, groups=CONCEPTS)
