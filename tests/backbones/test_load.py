from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from mne_shallowalign import list_backbones, list_layers, load_backbone
from mne_shallowalign.backbones import _load, register_backbone
from mne_shallowalign.features import extract_features


class Toy(nn.Module):
    """A module of the user's own: a map, tokens and a head."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 8, stride=8)
        self.mixer = nn.Linear(4, 6)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        tokens = self.mixer(self.stem(x).flatten(2).mT)
        return self.head(tokens.mean(1))


@pytest.fixture
def toy():
    torch.manual_seed(0)
    return Toy()


def test_aliases():
    assert load_backbone("vit-b-16").name == "open_clip/ViT-B-16.laion2b_s34b_b88k"
    assert load_backbone("rn50") == load_backbone("open_clip/RN50.openai")


def test_the_tag_of_hub_weights_is_spelled_out():
    assert load_backbone("timm/resnet50").name == "timm/resnet50.a1_in1k"
    assert load_backbone("timm/resnet50") == load_backbone("timm/resnet50.a1_in1k")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vit-b16", "Did you mean 'vit-b-16'"),
        ("resnet50", "providers gabor, internvit, open_clip, timm"),
        ("tim/resnet50", "Unknown backbone provider 'tim'. Did you mean 'timm'"),
        ("timm/resnet5O", "timm has no model 'resnet5O'. Did you mean 'resnet50'"),
        ("timm/resnet50.a9_in1k", "has no weights 'a9_in1k'. Did you mean"),
        ("open_clip/ViT-B16", "Did you mean 'ViT-B-16'"),
        ("open_clip/ViT-B-16.laion2b", "has no weights 'laion2b'"),
        ("", "Unknown backbone ''"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError, match=message):
        load_backbone(name)


def test_not_a_name():
    with pytest.raises(TypeError, match=r"a name, a Backbone or a torch.nn.Module"):
        load_backbone(50)


def test_a_backbone_is_returned_as_it_is():
    backbone = load_backbone("gabor/v1")
    assert load_backbone(backbone) is backbone


def test_list_backbones():
    assert {"vit-b-16", "gabor/v1", "timm/resnet50.a1_in1k"} <= set(list_backbones())
    assert list_backbones("vit-*") == ["vit-b-16", "vit-h-14", "vit-bigg-14"]
    clips = list_backbones("open_clip/ViT-B-16.*")
    assert "open_clip/ViT-B-16.laion2b_s34b_b88k" in clips
    assert list_backbones("nothing*") == []


def test_list_layers():
    assert list_layers("rn50") == ["layer1", "layer2", "layer3", "layer4"]
    assert list_layers("timm/resnet18", granularity="block")[:3] == [
        "layer1.0",
        "layer1.1",
        "layer2.0",
    ]


def test_register_backbone(monkeypatch):
    try:

        @register_backbone("mine")
        def provide(model, *, weights, preprocess):
            return load_backbone("gabor/v1", preprocess=preprocess)

        assert load_backbone("mine/anything").name == "gabor/v1"
        assert "mine/*" in list_backbones()
        with pytest.raises(ValueError, match="taken"):
            register_backbone("mine")(lambda model: None)
    finally:
        _load.PROVIDERS.unregister("mine")


def test_module(toy):
    backbone = load_backbone(toy, input_size=32)
    assert backbone.layers == ("stem", "mixer", "head")
    assert backbone.widths == (4, 6, 5)
    assert backbone.final_width == 5
    assert toy.training
    images = torch.rand(2, 3, 32, 32)
    outputs = backbone.load()(images, ["stem", "mixer", "final"])
    torch.testing.assert_close(outputs["stem"].patches, toy.stem(images).flatten(2).mT)
    torch.testing.assert_close(outputs["final"].patches[:, 0], toy(images))
    assert next(toy.parameters()).requires_grad


def test_module_prefix_and_layers(toy):
    backbone = load_backbone(toy, layers=["mixer"], n_prefix=1, input_size=32)
    output = backbone.load()(torch.rand(2, 3, 32, 32), ["mixer"])["mixer"]
    assert output.patches.shape == (2, 15, 6)
    assert output.prefix.shape == (2, 1, 6)


def test_module_identity_is_its_weights(toy):
    before = load_backbone(toy, input_size=32)
    assert load_backbone(toy, input_size=32) == before
    with torch.no_grad():
        toy.head.bias += 1
    assert load_backbone(toy, input_size=32) != before


def test_module_with_unknown_layers(toy):
    with pytest.raises(ValueError, match=r"no submodules \['neck'\]; its children are"):
        load_backbone(toy, layers=["neck"])


def test_module_layers_that_are_no_features(toy):
    toy.shape = nn.Unflatten(1, (1, 1, 1, 5))
    toy.forward = lambda x: toy.shape(Toy.forward(toy, x))
    with pytest.raises(ValueError, match="'shape' must give a feature map"):
        load_backbone(toy, layers=["shape"], input_size=32)


def test_imagenet_mobilenet_names_photographs(mobilenet_weights, caltech):
    """Real weights, real photographs: the head says what is on them."""
    backbone = load_backbone(
        "timm/mobilenetv2_100",
        weights=mobilenet_weights,
        granularity="block",
        preprocess=v2.Compose(
            [
                v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
                v2.CenterCrop(224),
                v2.RandomRotation((180, 180)),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5] * 3, [0.5] * 3),
            ]
        ),
    )
    assert len(backbone.layers) == 18
    assert " at 0x" not in repr(backbone.preprocess)
    # ImageNet-1k labels that the Caltech classes are among
    labels = {
        "dalmatian": 251,
        "grand_piano": 579,
        "revolver": 763,
        "rooster": 7,
        "soccer_ball": 805,
        "strawberry": 949,
    }
    pictures = [p for c in labels for p in sorted((caltech / c).glob("*.jpg"))[:5]]
    truth = np.repeat(list(labels.values()), 5)
    logits = extract_features(pictures, backbone, "final", cache_dir=False)["final"]
    assert len(logits) == len(truth)
    top = np.argsort(-logits, axis=1)[:, :5]
    assert np.mean((top == truth[:, None]).any(1)) > 0.9


def test_preprocess_is_given_pil():
    seen = []

    class Spy:
        def __repr__(self):
            return "Spy()"

        def __call__(self, image):
            seen.append(image)
            return torch.zeros(3, 64, 64)

    backbone = load_backbone("gabor/v1", preprocess=Spy())
    image = Image.new("L", (9, 9))
    extract_features([image], backbone, 1, cache_dir=False)
    assert seen[0].mode == "RGB"


def test_unknown_versions_and_options_are_named():
    with pytest.raises(ValueError, match="internvit/v3"):
        load_backbone("internvit/v3", weights="random")
    with pytest.raises(TypeError, match="no option 'granularit'.*'granularity'"):
        load_backbone("gabor/v1", granularit="block")
    with pytest.raises(ValueError, match="input_size must be a positive integer"):
        load_backbone("timm/resnet18.a1_in1k", weights="random", input_size=-3)
