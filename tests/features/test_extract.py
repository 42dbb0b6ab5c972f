from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mne_shallowalign.backbones import list_layers, load_backbone
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.features import POOLINGS, extract_features, open_images
from mne_shallowalign.features import _store as store_module

N = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten smooth pictures, as PNG files."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(N):
        pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((80, 60), Image.Resampling.BICUBIC)
        image.save(folder / f"{i}.png")
    return folder


@pytest.fixture
def paths(folder):
    return sorted(folder.glob("*.png"))


@pytest.fixture
def forwarded(monkeypatch):
    """The number of images in every forward pass, and the layers asked for."""
    calls = []
    run = GaborStack.run

    def counted(self, images, layers, final):
        calls.append((len(images), [*layers, *(["final"] if final else [])]))
        return run(self, images, layers, final)

    monkeypatch.setattr(GaborStack, "run", counted)
    return calls


def n_images(calls):
    return sum(n for n, _ in calls)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(
    "name", ["timm/vit_small_patch14_dinov2", "timm/mobilenetv2_035"]
)
def test_equals_hooks_on_the_same_module(name, pooling, paths):
    backbone = load_backbone(name, weights="random", input_size=42)
    layers = [*backbone.layers[::4], "final"]
    if pooling == "cls" and "vit" not in name:
        with pytest.raises(ValueError, match="needs a class token"):
            extract_features(paths, backbone, layers, pooling="cls", cache_dir=False)
        return
    ours = extract_features(
        paths, backbone, layers, pooling=pooling, cache_dir=False, batch_size=4
    )
    net = backbone.load().model
    caught = {}
    for layer in layers[:-1]:
        net.get_submodule(layer).register_forward_hook(
            lambda module, args, out, layer=layer: caught.update({layer: out})
        )
    with torch.no_grad():
        images = [backbone.preprocess(Image.open(p).convert("RGB")) for p in paths]
        caught["final"] = net(torch.stack(images))
    assert list(ours) == layers
    for layer, x in caught.items():
        if layer != "final" and x.ndim == 4:
            x = getattr(x.flatten(2), "amax" if pooling == "max" else "mean")(2)
        elif layer != "final":
            x = {
                "mean": lambda x: x[:, 1:].mean(1),
                "cls": lambda x: x[:, 0],
                "all": lambda x: x.mean(1),
                "max": lambda x: x[:, 1:].amax(1),
            }[pooling](x)
        np.testing.assert_allclose(ours[layer], x.numpy(), rtol=1e-4, atol=1e-5)
        assert ours[layer].dtype == np.float32


@pytest.mark.parametrize("name", ["gabor/v1", "timm/vit_small_patch14_dinov2"])
def test_batches_do_not_matter(name, paths):
    options = {} if "gabor" in name else {"weights": "random", "input_size": 42}
    backbone = load_backbone(name, **options)
    one, many = (
        extract_features(paths, backbone, cache_dir=False, batch_size=size)
        for size in (1, 64)
    )
    for layer in one:
        np.testing.assert_allclose(one[layer], many[layer], rtol=1e-5, atol=1e-5)


def test_decoding_processes_do_not_matter(paths):
    one, two = (
        extract_features(paths, "gabor/v1", 1, cache_dir=False, n_jobs=n)["energy1"]
        for n in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


def test_one_row_per_image_given_or_per_unique_image(paths, forwarded):
    rows = [paths[i] for i in (3, 1, 3, 3, 0)]
    given = extract_features(rows, "gabor/v1", 2, cache_dir=False)["energy2"]
    assert n_images(forwarded) == 3
    unique = extract_features(open_images(rows), "gabor/v1", 2, cache_dir=False)
    assert unique["energy2"].shape == (3, 96)
    np.testing.assert_array_equal(given, unique["energy2"][[0, 1, 0, 0, 2]])


def test_files_pil_and_pixels_give_the_same_features(folder, paths):
    images = [Image.open(path).convert("RGB") for path in paths]
    given = {
        "absolute": paths,
        "relative": [path.name for path in paths],
        "pil": images,
        "pixels": np.stack([np.asarray(image) for image in images]),
    }
    found = {
        k: extract_features(v, "gabor/v1", 3, image_root=folder, cache_dir=False)
        for k, v in given.items()
    }
    for values in found.values():
        np.testing.assert_array_equal(values["energy3"], found["absolute"]["energy3"])


def test_a_picture_set_is_the_mean_of_its_pictures(folder, paths):
    features = extract_features(
        [folder, paths[2], folder], "gabor/v1", 2, cache_dir=False
    )["energy2"]
    each = extract_features(paths, "gabor/v1", 2, cache_dir=False)["energy2"]
    np.testing.assert_allclose(features[0], each.mean(0), rtol=1e-5)
    np.testing.assert_array_equal(features[1], each[2])
    np.testing.assert_array_equal(features[2], features[0])


def test_layers_come_in_depth_order(paths):
    wanted = ["final", 1.0, 2, "energy1", 2]
    features = extract_features(paths[:1], "gabor/v1", wanted, cache_dir=False)
    assert list(features) == ["energy1", "energy2", "energy6", "final"]
    one = extract_features(paths[:1], "gabor/v1", np.int64(2), cache_dir=False)
    assert list(one) == ["energy2"]
    everything = extract_features(paths[:1], "gabor/v1", cache_dir=False)
    assert list(everything) == list_layers("gabor/v1")


def test_final_is_never_pooled(paths):
    a, b = (
        extract_features(paths, "gabor/v1", "final", pooling=p, cache_dir=False)
        for p in ("mean", "max")
    )
    np.testing.assert_array_equal(a["final"], b["final"])


def test_second_time_from_the_cache(paths, forwarded, tmp_path):
    def extract(rows, layers, **options):
        return extract_features(rows, "gabor/v1", layers, cache_dir=tmp_path, **options)

    first = extract(paths[:6], [1, 3])
    assert forwarded == [(6, ["energy1", "energy3"])]
    again = extract(paths[:6], [3, 1])
    assert n_images(forwarded) == 6
    for layer in first:
        np.testing.assert_array_equal(first[layer], again[layer])
    extract(paths, [1])  # four new images
    assert forwarded[1:] == [(4, ["energy1"])]
    extract(paths[:6], [1, 2])  # one new layer, that alone
    assert forwarded[2:] == [(6, ["energy2"])]
    extract(paths[:6], [1], pooling="max")
    assert n_images(forwarded) == 6 + 4 + 6 + 6
    copies = [Image.open(path).convert("RGB") for path in paths]
    extract(copies, [1])  # images in memory have identities of their own
    assert n_images(forwarded) == 6 + 4 + 6 + 6 + 10


def test_cache_can_be_off(paths, forwarded, tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    for _ in range(2):
        extract_features(paths, "gabor/v1", 1, cache_dir=False)
    assert n_images(forwarded) == 2 * N
    assert not list(tmp_path.iterdir())
    extract_features(paths, "gabor/v1", 1)
    cache = tmp_path / "mne-shallowalign" / "features"
    assert len(list(cache.glob("*/mean-float32/shard-*.safetensors"))) == 1


def test_store_all_passes_once(paths, forwarded, tmp_path):
    kwargs = {"cache_dir": tmp_path, "store_all": True}
    for layer in [2, *list_layers("gabor/v1"), "final"]:
        features = extract_features(paths, "gabor/v1", layer, **kwargs)
        assert len(features) == 1
    assert forwarded == [(N, [*list_layers("gabor/v1"), "final"])]


def test_a_killed_run_resumes(paths, forwarded, tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "SHARD_SIZE", 4)
    expected = extract_features(paths, "gabor/v1", cache_dir=False, batch_size=2)
    forwarded.clear()
    run = GaborStack.run

    def killed(self, images, layers, final):
        if n_images(forwarded) >= 6:
            raise KeyboardInterrupt
        return run(self, images, layers, final)

    kwargs = {"cache_dir": tmp_path, "batch_size": 2}
    with monkeypatch.context() as patch:
        patch.setattr(GaborStack, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            extract_features(paths, "gabor/v1", **kwargs)
    forwarded.clear()
    resumed = extract_features(paths, "gabor/v1", **kwargs)
    assert n_images(forwarded) == N - 4  # one shard was written, two images were lost
    for layer in expected:
        np.testing.assert_array_equal(resumed[layer], expected[layer])


def test_a_damaged_shard_is_computed_again(paths, forwarded, tmp_path):
    first = extract_features(paths, "gabor/v1", 2, cache_dir=tmp_path)
    shard = next(tmp_path.rglob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.warns(RuntimeWarning, match="computed again"):
        again = extract_features(paths, "gabor/v1", 2, cache_dir=tmp_path)
    assert n_images(forwarded) == 2 * N
    np.testing.assert_array_equal(first["energy2"], again["energy2"])
    extract_features(paths, "gabor/v1", 2, cache_dir=tmp_path)
    assert n_images(forwarded) == 2 * N


def test_bad_images_are_found_before_the_model_is_loaded(folder, paths, monkeypatch):
    monkeypatch.setattr(GaborStack, "__init__", None)
    with pytest.raises(FileNotFoundError, match="nothing.png"):
        extract_features([*paths, folder / "nothing.png"], "gabor/v1", 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": "energy7"}, "Did you mean 'energy"),
        ({"layers": []}, "layers is empty"),
        ({"layers": 7}, r"layers 1\.\.6"),
        ({"pooling": "median"}, "pooling must be one of"),
        ({"device": "cuda"}, "device='cuda' was asked for"),
    ],
)
def test_bad_options(options, message, paths, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=message):
        extract_features(paths, "gabor/v1", cache_dir=tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_a_module(paths):
    """A module of the user's own goes the same way as named backbones."""
    net = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.Flatten(), nn.Linear(256, 3))
    features = extract_features(
        paths, load_backbone(net, layers=["0"], input_size=32), cache_dir=False
    )
    assert features["0"].shape == (N, 4)


def test_it_says_what_it_does(paths, capsys):
    extract_features(paths, "gabor/v1", 1, cache_dir=False, verbose=True)
    printed = capsys.readouterr()
    assert "1 layer(s) of gabor/v1 from 10 image(s)" in printed.out + printed.err
    extract_features(paths, "gabor/v1", 1, cache_dir=False, verbose=False)
    printed = capsys.readouterr()
    assert not printed.out + printed.err
