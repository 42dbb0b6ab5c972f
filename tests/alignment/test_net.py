"""The skorch net against a plain PyTorch transcription of the recipe."""

import copy
import math

import numpy as np
import pytest
import torch
from skorch.callbacks import EarlyStopping
from torch import nn
from torch.nn import functional as F

from mne_shallowalign.alignment import DeviceBatches, PairedSignals, build_net

N, C, T, D, K = 96, 5, 20, 24, 12


class PlainRecipe(nn.Module):
    """field_recipes 2.3 and 2.4, written down without the package."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(C * T, D)
        self.second = nn.Linear(D, D)
        self.norm = nn.LayerNorm(D)
        self.w_n = nn.Linear(D, K)
        self.w_i = nn.Linear(D, K)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, x, z, loss):
        h = self.first(x.reshape(len(x), -1))
        v = self.w_n(self.norm(h + self.second(F.gelu(h))))
        w = F.normalize(self.w_i(z), dim=-1)
        if loss == "cosine":
            logits = F.normalize(v, dim=-1) @ w.T * self.log_scale.exp()
        else:
            logits = v @ w.T * F.softplus(self.log_scale)
        target = torch.arange(len(x))
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


@pytest.fixture
def pairs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(N, C, T, generator=generator)
    z = torch.randn(N, D, generator=generator)
    return PairedSignals(x, z, torch.arange(N))


def make_net(loss="cosine", encoder_params=None, net_params=None, **kwargs):
    signal = {"n_chans": C, "n_times": T, "n_outputs": D}
    module = {
        "encoder": "eegproject",
        "signal": signal,
        "encoder_params": encoder_params,
        "projector": "linear",
        "n_components": K,
    }
    criterion = {"n_features": D, "n_components": K, "loss": loss}
    defaults = {
        "lr": 1e-3,
        "weight_decay": 1e-4,
        "batch_size": 32,
        "max_epochs": 1,
        "device": "cpu",
        "precision": "float32",
    }
    return build_net(module, criterion, net_params, **{**defaults, **kwargs})


@pytest.mark.parametrize("loss", ["cosine", "lineage"])
def test_twenty_steps_equal_a_plain_transcription(pairs, loss):
    torch.manual_seed(0)
    net = make_net(loss, {"drop_prob": 0.0}).initialize()
    plain = PlainRecipe()
    names = {
        "first": "encoder.project",
        "second": "encoder.residual.1",
        "norm": "encoder.norm",
    }
    module, criterion = net.module_.state_dict(), net.criterion_.state_dict()
    for theirs, mine in names.items():
        part = {k: module[f"{mine}.{k}"] for k in ("weight", "bias")}
        getattr(plain, theirs).load_state_dict(copy.deepcopy(part))
    for theirs, state in (("w_n", module), ("w_i", criterion)):
        part = {k: state[f"projector.{k}"] for k in ("weight", "bias")}
        getattr(plain, theirs).load_state_dict(copy.deepcopy(part))
    plain.log_scale.requires_grad_(loss == "cosine")
    trained = [p for p in plain.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=1e-4)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        rows = torch.randperm(N, generator=generator)[:32]
        x, target = pairs[rows]
        expected = plain(x, target[0], loss)
        optimizer.zero_grad()
        expected.backward()
        optimizer.step()
        got = net.train_step((x, target))["loss"]
        assert got.item() == pytest.approx(expected.item(), abs=1e-4)


def test_bfloat16_agrees_with_float32_up_to_rounding(pairs):
    torch.manual_seed(0)
    single = make_net(encoder_params={"drop_prob": 0.0}).initialize()
    half = make_net(encoder_params={"drop_prob": 0.0}, precision="bfloat16")
    half = half.initialize()
    half.module_.load_state_dict(single.module_.state_dict())
    half.criterion_.load_state_dict(single.criterion_.state_dict())
    batch = pairs[torch.arange(32)]
    for _ in range(10):
        losses = [net.train_step(batch)["loss"].item() for net in (single, half)]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert {p.dtype for p in half.module_.parameters()} == {torch.float32}


def test_batches_hold_every_pair_once_and_are_even(pairs):
    batches = DeviceBatches(pairs, batch_size=40)
    torch.manual_seed(0)
    seen = [x for x, _ in batches]
    assert [len(x) for x in seen] == [32] * len(batches) == [32, 32, 32]
    got, expected = torch.cat(seen)[:, 0, 0], pairs.signals[:, 0, 0]
    torch.testing.assert_close(got.sort().values, expected.sort().values)


def test_batch_is_a_gather(pairs):
    rows = torch.tensor([5, 2, 7])
    x, (z,) = pairs[rows]
    torch.testing.assert_close(x, pairs.signals[rows])
    torch.testing.assert_close(z, pairs.features[rows])


def test_repeated_images_share_features_and_carry_identity():
    index = torch.tensor([1, 0, 1])
    pairs = PairedSignals(torch.randn(3, C, T), torch.randn(2, D), index)
    _, (z, identity) = pairs[torch.tensor([0, 2])]
    torch.testing.assert_close(z[0], z[1])
    assert identity.tolist() == [1, 1]


def test_early_stopping_on_held_out_groups(pairs):
    """skorch's own callbacks and splits work, groups included."""
    from sklearn.model_selection import GroupKFold
    from skorch.dataset import ValidSplit

    net_params = {
        "train_split": ValidSplit(GroupKFold(3)),
        "callbacks": [EarlyStopping(patience=2)],
    }
    net = make_net(net_params=net_params, max_epochs=40)
    net.fit(pairs, groups=np.arange(N) // 4)
    assert len(net.history) < 40  # noise cannot be aligned on held-out groups
    assert all(np.isfinite(net.history[:, "valid_loss"]))


def test_net_params_may_not_shadow_the_decoder():
    with pytest.raises(ValueError, match="'lr'"):
        make_net(net_params={"lr": 1})


def test_other_optimizer():
    net = make_net(net_params={"optimizer": torch.optim.SGD}).initialize()
    assert isinstance(net.optimizer_, torch.optim.SGD)
