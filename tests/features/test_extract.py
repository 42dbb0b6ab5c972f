from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from mne_shallowalign.backbones import list_layers, load_backbone
from mne_shallowalign.backbones._gabor import GaborStack
from mne_shallowalign.features import (
    POOLINGS,
    GaussianBlur,
    extract_features,
    open_images,
)
from mne_shallowalign.features._projection import project

N = 10


def n_images(calls):
    return sum(n for n, _ in calls)


def hooked(backbone, layers, images):
    """Outputs of modules, caught by plain hooks; the final output last."""
    net = backbone.load().model
    caught = {}
    for layer in layers:
        net.get_submodule(layer).register_forward_hook(
            lambda module, args, out, layer=layer: caught.update({layer: out})
        )
    with torch.no_grad():
        caught["final"] = net(torch.stack([backbone.preprocess(x) for x in images]))
    return caught


def pooled(x, pooling):
    """Pool what a hook caught, in plain torch."""
    if x.ndim == 4:
        patches, tokens = x.flatten(2).mT, x.flatten(2).mT
    else:
        patches, tokens = x[:, 1:], x
    if pooling == "flatten":
        return project(patches.flatten(1), 1024)
    return {
        "mean": lambda: patches.mean(1),
        "cls": lambda: tokens[:, 0],
        "all": lambda: tokens.mean(1),
        "max": lambda: patches.max(1).values,
        "gem": lambda: (patches.clamp(min=1e-6) ** 3).mean(1) ** (1 / 3),
    }[pooling]()


@pytest.mark.parametrize(
    "name", ["timm/vit_small_patch14_dinov2", "timm/mobilenetv2_035"]
)
def test_equals_hooks_on_the_same_module(name, paths):
    backbone = load_backbone(name, weights="random", input_size=42)
    poolings = [p for p in POOLINGS if p != "cls" or "vit" in name]
    layers = [*backbone.layers[::4], "final"]
    ours = extract_features(
        paths, backbone, layers, pooling=poolings, cache_dir=False, batch_size=4
    )
    images = [Image.open(path).convert("RGB") for path in paths]
    caught = hooked(backbone, layers[:-1], images)
    assert list(ours) == [(layer, p) for layer in layers for p in poolings]
    for (layer, pooling), features in ours.items():
        x = caught[layer]
        expected = x if layer == "final" else pooled(x, pooling)
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
        assert features.dtype == np.float32


def test_real_weights_name_photographs(mobilenet_weights, caltech, tmp_path):
    """A network that was trained on ImageNet, on photographs that it never saw."""
    backbone = load_backbone(
        "timm/mobilenetv2_100",
        weights=mobilenet_weights,
        preprocess=v2.Compose(
            [
                v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
                v2.CenterCrop(224),
                v2.RandomRotation((180, 180)),  # what these weights want
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5] * 3, [0.5] * 3),
            ]
        ),
    )
    labels = {  # of ImageNet-1k, for Caltech classes of the same things
        "dalmatian": 251,
        "flamingo": 130,
        "grand_piano": 579,
        "pizza": 963,
        "rooster": 7,
        "soccer_ball": 805,
        "starfish": 327,
        "strawberry": 949,
    }
    paths = [path for c in labels for path in sorted((caltech / c).glob("*.jpg"))[:4]]
    kwargs = {"layers": [2, "final"], "cache_dir": tmp_path}
    features = extract_features(paths, backbone, **kwargs)
    truth = np.repeat(list(labels.values()), 4)
    assert np.mean(features["final"].argmax(1) == truth) > 0.8
    images = [Image.open(path).convert("RGB") for path in paths[:5]]
    caught = hooked(backbone, backbone.layers[1:2], images)
    cached = extract_features(paths, backbone, **kwargs)
    for layer, x in caught.items():
        expected = x if layer == "final" else x.mean((2, 3))
        np.testing.assert_allclose(cached[layer][:5], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(cached[layer], features[layer])


def test_no_class_token(paths):
    backbone = load_backbone("timm/mobilenetv2_035", weights="random", input_size=42)
    with pytest.raises(ValueError, match="needs a class token"):
        extract_features(paths, backbone, 1, pooling="cls", cache_dir=False)


def test_poolings_come_out_of_one_pass(paths, forwarded, tmp_path):
    kwargs = {"cache_dir": tmp_path}
    both = extract_features(
        paths, "gabor/v1", [2, "final"], pooling=["max", "flatten-7"], **kwargs
    )
    assert forwarded == [(N, ["energy2", "final"])]
    assert both["energy2", "flatten-7"].shape == (N, 7)
    assert both["final", "max"] is both["final", "flatten-7"]
    one = extract_features(paths, "gabor/v1", [2, "final"], pooling="max", **kwargs)
    assert n_images(forwarded) == N
    np.testing.assert_array_equal(one["energy2"], both["energy2", "max"])
    np.testing.assert_array_equal(one["final"], both["final", "max"])
    # the model's own output is the same whatever the pooling, and cached once
    extract_features(paths, "gabor/v1", "final", pooling="gem", **kwargs)
    assert n_images(forwarded) == N


def test_last_block_by_two_poolings_and_final_can_be_told_apart(paths):
    backbone = load_backbone(
        "timm/vit_small_patch14_dinov2", weights="random", input_size=42
    )
    features = extract_features(
        paths, backbone, [1.0, "final"], pooling=["cls", "mean"], cache_dir=False
    )
    last = backbone.layers[-1]
    net = backbone.load().model
    with torch.no_grad():
        head = net.norm(torch.from_numpy(features[last, "cls"]))
    # this model's own head is its class token after the last norm
    np.testing.assert_allclose(features["final", "mean"], head, rtol=1e-4, atol=1e-4)
    assert not np.allclose(features[last, "mean"], features[last, "cls"], atol=0.1)


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


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker")
def test_decoding_processes_do_not_matter(paths):
    one, four = (
        extract_features(
            paths, "gabor/v1", 1, views="noise", batch_size=2, cache_dir=False, n_jobs=n
        )["energy1"]
        for n in (1, 4)
    )
    np.testing.assert_array_equal(one, four)


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


def test_views(paths, forwarded, tmp_path):
    kwargs = {"layers": 2, "cache_dir": tmp_path}
    views = ["original", GaussianBlur(9, size=None), "noise"]
    apart = extract_features(
        paths, "gabor/v1", views=views, view_fusion="separate", **kwargs
    )["energy2"]
    assert apart.shape == (N, 3, 96)
    assert n_images(forwarded) == 3 * N
    mean = extract_features(paths, "gabor/v1", views=views, **kwargs)["energy2"]
    np.testing.assert_allclose(mean, apart.mean(1), rtol=1e-6)
    for i, view in enumerate(views):
        one = extract_features(paths, "gabor/v1", views=view, **kwargs)["energy2"]
        np.testing.assert_array_equal(one, apart[:, i])
    plain = extract_features(paths, "gabor/v1", **kwargs)["energy2"]
    np.testing.assert_array_equal(plain, apart[:, 0])
    assert n_images(forwarded) == 3 * N
    blurxed = [GaussianBlur(9, size=None)(Image.open(path)) for path in paths]
    given = extract_features(blurxed, "gabor/v1", 2, cache_dir=False)["energy2"]
    np.testing.assert_array_equal(given, apart[:, 1])
    assert not np.allclose(apart[:, 0], apart[:, 1])


@pytest.mark.parametrize("cached", [False, True])
def test_results_in_a_folder(cached, folder, paths, tmp_path):
    rows = [paths[3], folder, paths[3], *paths]
    kwargs = {
        "layers": [2, "final"],
        "views": ["original", "blur"],
        "view_fusion": "separate",
        "cache_dir": tmp_path / "cache" if cached else False,
    }
    expected = extract_features(rows, "gabor/v1", **kwargs)
    found = extract_features(rows, "gabor/v1", out=tmp_path / "out", **kwargs)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["energy2.npy", "final.npy"]
    for layer, features in expected.items():
        assert isinstance(found[layer], np.memmap)
        assert not found[layer].flags.writeable
        np.testing.assert_array_equal(found[layer], features)
        np.testing.assert_array_equal(np.load(tmp_path / f"out/{layer}.npy"), features)


def test_files_of_several_poolings(paths, tmp_path):
    extract_features(
        paths, "gabor/v1", [1, "final"], pooling=("mean", "flatten"), out=tmp_path
    )
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["energy1_flatten-1024.npy", "energy1_mean.npy", "final.npy"]


def test_a_failed_extraction_leaves_no_results(paths, tmp_path, monkeypatch):
    monkeypatch.setattr(GaborStack, "run", None)
    kwargs = {"out": tmp_path / "out", "cache_dir": tmp_path / "cache"}
    with pytest.raises(TypeError):
        extract_features(paths, "gabor/v1", **kwargs)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision(precision, paths, forwarded, tmp_path):
    kwargs = {"cache_dir": tmp_path, "precision": precision}
    paths = paths[:2]
    full = extract_features(paths, "gabor/v1", cache_dir=tmp_path)
    fresh = extract_features(paths, "gabor/v1", **kwargs)
    uncached = extract_features(paths, "gabor/v1", precision=precision, cache_dir=False)
    forwarded.clear()
    again = extract_features(paths, "gabor/v1", **kwargs)
    assert not forwarded
    for layer, features in full.items():
        assert fresh[layer].dtype == np.float32
        np.testing.assert_array_equal(fresh[layer], again[layer])
        np.testing.assert_array_equal(fresh[layer], uncached[layer])
        error = np.linalg.norm(fresh[layer] - features) / np.linalg.norm(features)
        assert 0 < error < 0.02
    full_bytes, half_bytes = (
        sum(p.stat().st_size for p in tmp_path.glob(f"*/mean-{name}/shard-*"))
        for name in ("float32", precision)
    )
    assert half_bytes < 0.6 * full_bytes


def test_features_that_are_not_finite(paths, tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 4, 4), nn.ReLU())
    nn.init.constant_(net[0].weight, 30_000.0)
    nn.init.constant_(net[0].bias, 60_000.0)
    backbone = load_backbone(net, input_size=32)
    kwargs = {"cache_dir": tmp_path, "precision": "float16"}
    with pytest.raises(ValueError, match=r"0 of module/Sequential .* not finite"):
        extract_features(paths, backbone, 1, **kwargs)
    assert not list(tmp_path.rglob("shard-*"))
    extract_features(paths, backbone, 1, cache_dir=tmp_path, precision="bfloat16")


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
        ({"pooling": []}, "pooling is empty"),
        ({"views": "blurx"}, "Did you mean 'blur'"),
        ({"views": ["blur"], "view_fusion": "max"}, "view_fusion must be one of"),
        ({"precision": "half"}, "precision must be 'auto'"),
        ({"batch_size": 0}, "batch_size must be 'auto' or an integer from 1"),
        ({"batch_size": "large"}, "batch_size must be 'auto'"),
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
