"""The text side: captions, their features, and the loss of both."""

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign import read_decoder
from mne_shallowalign.backbones import encode_text
from mne_shallowalign.recipes import CaptionedLoss, atm
from mne_shallowalign.recipes._captions import caption


@pytest.fixture
def tiny(small):
    params = {"kernel_size": 9, "pool_size": 15}
    return small(atm(), max_epochs=2, encoder_params=params)


def batch(n=9, width=24):
    rng = np.random.default_rng(0)
    signals, images, texts = rng.standard_normal((3, n, width))
    return signals, images, texts


def test_objective():
    """0.99 of the picture and 0.01 of the text, EEG as it is, ln(1 / 0.07)."""
    signals, images, texts = batch()
    criterion = CaptionedLoss(24, 24, projector=None).double()
    criterion.texts = torch.tensor(texts)
    scale = np.log(1 / 0.07)
    expected = 0.99 * cross_entropies(scale * signals @ unit(images).T)
    expected += 0.01 * cross_entropies(scale * signals @ unit(texts).T)
    rows = torch.arange(9)
    target = (torch.tensor(images), rows, torch.zeros_like(rows), rows)
    inputs = torch.tensor(signals, requires_grad=True)
    loss = criterion(inputs, target)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    step = np.zeros_like(signals)
    step[3, 5] = 1e-5
    moved = [
        0.99 * cross_entropies(scale * x @ unit(images).T)
        + 0.01 * cross_entropies(scale * x @ unit(texts).T)
        for x in (signals + step, signals - step)
    ]
    slope = (moved[0] - moved[1]) / 2e-5
    assert inputs.grad[3, 5].item() == pytest.approx(slope, rel=1e-3)
    assert criterion.log_scale.requires_grad


def test_every_picture_has_the_text_of_its_concept(tiny, seen, split, tiny_clip):
    train = split[0][::-1]
    tiny.fit(seen.epochs(train), seen.names[train])
    texts = tiny.net_.criterion_.texts.numpy()
    said = [f"This picture is thing {int(name[:2])}" for name in tiny.gallery_]
    np.testing.assert_allclose(texts, encode_text(tiny_clip, said), atol=1e-6)


def test_groups_are_the_concepts_of_arrays(tiny, seen, split):
    train = split[0]
    X = seen.epochs(train).get_data(copy=False)
    tiny.fit(X, seen.names[train], groups=seen.concepts[train])
    with pytest.raises(ValueError, match="Captions need pictures and their concepts"):
        tiny.fit(X, seen.names[train])


def test_text_matters_in_training_alone(tiny, seen, split, tmp_path):
    train, test = split
    tiny.fit(seen.epochs(train), seen.names[train])
    embedded = tiny.transform_images(seen.names[test])
    tiny.net_.criterion_.texts.fill_(torch.nan)
    np.testing.assert_array_equal(tiny.transform_images(seen.names[test]), embedded)
    tiny.save(tmp_path / "atm.safetensors")
    again = read_decoder(tmp_path / "atm.safetensors", backbone=tiny.backbone_)
    assert again.loss is CaptionedLoss
    np.testing.assert_array_equal(again.transform_images(seen.names[test]), embedded)


@pytest.mark.parametrize(
    ("concept", "words"),
    [("00003_air_mattress", "air mattress"), ("dog", "dog"), (7, "7")],
)
def test_caption(concept, words):
    assert caption(concept) == f"This picture is {words}"
