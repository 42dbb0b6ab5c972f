"""Encoders and how they are named and built."""

import pytest
import torch
from torch import nn

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
