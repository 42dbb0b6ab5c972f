"""Encoders and how they are named and built."""

import numpy as np
import pytest
import torch
from torch import nn

from mne_shallowalign import ShallowAlignDecoder, read_decoder
from mne_shallowalign.encoders import EEGProject, build_encoder, list_encoders
from mne_shallowalign.encoders._dropout import Dropout
from mne_shallowalign.encoders._names import ENCODERS, register_encoder

SIGNAL = {"n_chans": 17, "n_times": 250, "n_outputs": 1024, "sfreq": 250.0}


@pytest.mark.parametrize(
    ("n_outputs", "millions"), [(512, 2.44), (1024, 5.40), (3200, 23.85)]
)
def test_eegproject_has_the_published_size(n_outputs, millions):
    """Parameter counts of the lineage's code (17 channels, 250 samples)."""
    encoder = EEGProject(17, 250, n_outputs)
    count = sum(p.numel() for p in encoder.parameters())
    assert round(count / 1e6, 2) == pytest.approx(millions, abs=0.01)


def test_eegproject_drops_three_in_ten_of_the_residual_branch():
    encoder = EEGProject(4, 5, 400)
    encoder.norm = nn.Identity()
    x = torch.randn(200, 4, 5)
    torch.manual_seed(0)
    residual = encoder.train()(x) - encoder.project(x.flatten(1))
    assert (residual == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.3, 0.75, 1.0])
def test_cheap_dropout_has_the_law_of_dropout(p):
    """Rate, expectation, independence of neighbours and gradient."""
    dropout = Dropout(p)
    torch.manual_seed(0)
    x = torch.ones(1001, 999, requires_grad=True)
    y = dropout(x)
    dropped = (y == 0).float()
    tolerance = 4 * (p * (1 - p) / x.numel()) ** 0.5 + 2**-16
    assert dropped.mean().item() == pytest.approx(p, abs=tolerance)
    assert y[dropped == 0].unique().numel() <= 1
    if 0 < p < 1:
        assert y.mean().item() == pytest.approx(1, abs=2 * tolerance / (1 - p))
        both = (dropped[:, 1:] * dropped[:, :-1]).mean().item()
        assert both == pytest.approx(p**2, abs=5e-3)
    y.sum().backward()
    torch.testing.assert_close(x.grad, y.detach())
    assert torch.equal(dropout.eval()(x), x)


def test_only_what_the_signature_takes_is_passed_on():
    def factory(n_chans, n_outputs, extra=1):
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(n_outputs * extra))

    module = build_encoder(factory, SIGNAL, {"extra": 2, "n_outputs": 8})
    assert module(torch.zeros(1, 17, 250)).shape == (1, 16)


def test_unknown_argument_is_named():
    with pytest.raises(TypeError, match="'dropout'.*takes only.*'drop_prob'"):
        build_encoder("eegproject", SIGNAL, {"dropout": 0.1})


def test_unknown_encoder_suggests_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'eegproject'"):
        build_encoder("EEGProjekt".lower(), SIGNAL)


def test_registered_encoder_is_found_and_names_are_unique():
    try:
        register_encoder("mine", EEGProject)
        assert "mine" in list_encoders("m*")
        with pytest.raises(ValueError, match="taken"):
            register_encoder("mine", nn.Linear)
    finally:
        ENCODERS.unregister("mine")


def test_what_an_encoder_needs_and_is_not_known_is_said():
    def at_a_rate(n_chans, n_times, n_outputs, sfreq):
        return nn.Sequential(nn.Flatten(), nn.Linear(n_chans * n_times, n_outputs))

    unknown = SIGNAL | {"sfreq": None, "chs_info": None}
    with pytest.raises(ValueError, match="As X is an array, sfreq are not known"):
        build_encoder(at_a_rate, unknown)
    assert build_encoder(at_a_rate, unknown, {"sfreq": 100.0})
    with pytest.raises(ValueError, match="time samples") as caught:
        build_encoder("tsconv", unknown | {"n_times": 5})
    assert "not known" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["atm", "eegconformer", "eegnet", "eegproject", "tsconv"]
)
class TestEveryEncoder:
    def test_gradients_reach_every_parameter(self, name):
        torch.manual_seed(0)
        module = build_encoder(name, SIGNAL | {"n_outputs": 8})
        x = torch.randn(16, 17, 250, requires_grad=True)
        (module(x) * torch.randn(16, 8)).sum().backward()
        assert [n for n, p in module.named_parameters() if not p.grad.any()] == []
        assert x.grad.any(dim=0).any(dim=1).all()  # every channel matters

    def test_evaluation_is_deterministic_and_trials_are_independent(self, name):
        torch.manual_seed(0)
        module = build_encoder(name, SIGNAL | {"n_outputs": 8})
        x = torch.randn(6, 17, 250)
        assert not torch.equal(module(x), module(x))  # dropout
        with torch.no_grad():
            first, again = module.eval()(x), module(x)
            alone = torch.cat([module(one[None]) for one in x])
        assert torch.equal(first, again)
        torch.testing.assert_close(alone, first, rtol=1e-4, atol=1e-5)

    def test_learns_which_picture_was_seen(self, name):
        """Features drive bumps in time through fixed topographies, plus noise."""
        rng = np.random.default_rng(0)
        features = rng.standard_normal((300, 6))
        centres, times = np.linspace(20, 90, 6), np.arange(110)
        bumps = np.exp(-((times - centres[:, None]) ** 2) / 50)
        topographies = rng.standard_normal((6, 8))
        signal = np.einsum("nk,kc,kt->nct", features, topographies, bumps)
        signal += 0.5 * rng.standard_normal(signal.shape)
        decoder = ShallowAlignDecoder(
            encoder=name,
            encoder_params={"n_outputs": 32},
            n_components=16,
            lr=3e-3,
            batch_size=64,
            max_epochs=12,
            random_state=0,
        )
        decoder.fit(signal[:250], features[:250])
        score = decoder.score(signal[250:], features[250:])
        assert score > 10 / 50  # ten times what guessing among 50 gives

    def test_is_read_from_a_file_as_it_was(self, name, tmp_path):
        """Running statistics of batch norms and learnt tokens included."""
        rng = np.random.default_rng(0)
        X, features = rng.standard_normal((40, 3, 100)), rng.standard_normal((40, 5))
        decoder = ShallowAlignDecoder(encoder=name, max_epochs=2, n_components=4)
        decoder.fit(X, features).save(tmp_path / "a-decoder.safetensors")
        again = read_decoder(tmp_path / "a-decoder.safetensors")
        np.testing.assert_allclose(again.transform(X), decoder.transform(X))
