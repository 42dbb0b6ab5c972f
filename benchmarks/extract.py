"""Our feature extraction against the bare timm forward, side by side in one run.

    python benchmarks/extract.py [--part speed memory device] [--rounds 5] [--cpu-time]

``speed``: from JPEG files of 500 x 500 pixels to pooled features of every layer in a
new cache, files read, verified and decoded each time, as a fraction of the bare forward
of the same module on tensors that are in memory already; the time of all layers over
that of the last one; the time up to relative depth 0.5 over that up to the end, beside
its share of the operations. Sides alternate within each round, and ratios are taken
within rounds. ``memory``: the peak memory of whole runs on 1,000 and 10,000 pictures
whose results go to files. ``device``: on CUDA, images per second of large models, and
the fraction of the measured rate of large bfloat16 matrix products that this is. All
weights are random. ``--cpu-time`` counts the time of the processor instead of the
clock's, for machines that others use too (with ``--n-jobs 1`` and one thread).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from mne_shallowalign import load_backbone
from mne_shallowalign._device import choose_device
from mne_shallowalign.features import _images, extract_features
from mne_shallowalign.features._precision import choose_precision

CLOCK = time.perf_counter
BATCH = {"cpu": 32, "cuda": 256, "mps": 32}
PEERS = ["timm/vit_base_patch16_224", "timm/resnet50", "timm/resnet50:block"]
LARGE = ["timm/vit_base_patch16_224", "timm/vit_huge_patch14_224", "internvit-6b"]
RATIOS = (
    ("throughput over that of the bare forward", "bare forward", "all layers"),
    ("time of all layers over that of the last", "all layers", "last layer"),
    ("time up to depth 0.5 over that of the last", "up to depth 0.5", "last layer"),
)


def write_pictures(folder, n, side):
    """Save smooth pictures with some noise: about as many bytes as photographs."""
    rng = np.random.default_rng(0)
    paths = [folder / f"{i:05}.jpg" for i in range(n)]
    for path in paths:
        coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), int)
        pixels = (pixels + rng.normal(0, 6, pixels.shape)).clip(0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(path, quality=90)
    return paths


def describe(name):
    """Describe a model with random weights; its granularity may follow a colon."""
    name, _, granularity = name.partition(":")
    options = {"granularity": granularity} if granularity else {}
    return load_backbone(name, weights="random", **options)


def hold(name, device, dtype):
    """Load a model once; every extraction then gets the same module."""
    backbone = describe(name)
    stack = backbone.load(device, dtype)
    return replace(backbone, loader=lambda: stack), stack


def extract(paths, backbone, layers, options):
    """Extract into a new cache, as if the files had never been seen."""
    _images._digest_file.cache_clear()
    _images._decodes.cache_clear()
    with tempfile.TemporaryDirectory() as cache:
        extract_features(
            paths,
            backbone,
            layers,
            cache_dir=cache,
            batch_size=options.batch,
            device=str(options.device),
            precision=options.precision,
            n_jobs=options.n_jobs,
        )


@torch.inference_mode()
def forward(net, images, n):
    """Run the bare module over n images, of which a batch is in memory."""
    for start in range(0, n, len(images)):
        net(images[: n - start])


def seconds(call):
    """Time a call, the work of the device included."""
    synchronize()
    start = CLOCK()
    call()
    synchronize()
    return CLOCK() - start


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def in_turn(sides, rounds):
    """Time all sides in turn, round by round."""
    for call in sides.values():
        call()  # libraries and caches of the system get warm
    taken = [
        {side: seconds(call) for side, call in sides.items()} for _ in range(rounds)
    ]
    return {side: np.array([one[side] for one in taken]) for side in sides}


def sides_of(name, paths, options):
    backbone, stack = hold(name, options.device, options.dtype)
    size = backbone.input_size
    images = torch.randn(options.batch, 3, size, size)
    images = images.to(options.device, options.dtype)
    last, half = backbone.layers[-1], backbone.resolve(0.5)
    return {
        "bare forward": lambda: forward(stack.model, images, len(paths)),
        "all layers": lambda: extract(paths, backbone, None, options),
        "last layer": lambda: extract(paths, backbone, last, options),
        "up to depth 0.5": lambda: extract(paths, backbone, half, options),
    }


def half_of(name):
    """Count how much of the operations is done at relative depth 0.5."""
    backbone = describe(name)
    stack, images = backbone.load(), torch.zeros(1, 3, *[backbone.input_size] * 2)
    counts = []
    for layer in (backbone.resolve(0.5), backbone.layers[-1]):
        with FlopCounterMode(display=False) as counter:
            stack(images, [layer])
        counts.append(counter.get_total_flops())
    return counts[0] / counts[1]


def speed(options):
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder), options.images, 500)
        for name in options.models or PEERS:
            taken = in_turn(sides_of(name, paths, options), options.rounds)
            print(
                f"{name}, images per second: "
                + ", ".join(
                    f"{side} {len(paths) / np.median(t):.1f}"
                    for side, t in taken.items()
                )
            )
            for what, above, below in RATIOS:
                ratios = taken[above] / taken[below]
                print(
                    f"  {what}: {np.median(ratios):.3f} "
                    f"(rounds {ratios.min():.3f} to {ratios.max():.3f})"
                )
            print(f"  operations up to depth 0.5: {half_of(name):.3f} of all")


ONE_RUN = """
import resource, sys
from pathlib import Path
from mne_shallowalign import load_backbone
from mne_shallowalign.features import extract_features
folder, out, n = sys.argv[1:]
paths = sorted(Path(folder).glob("*.jpg"))[: int(n)]
backbone = load_backbone("timm/mobilenetv2_035", weights="random", input_size=64)
extract_features(
    paths,
    backbone,
    pooling="flatten-2048",
    out=out + "/out",
    cache_dir=out + "/cache",
    n_jobs=1,
    verbose="ERROR",
)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory(options):
    sizes = [options.pictures // 10, options.pictures]
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), options.pictures, 64)
        for n in sizes:
            with tempfile.TemporaryDirectory() as out:
                command = [sys.executable, "-c", ONE_RUN, folder, out, str(n)]
                done = subprocess.run(
                    command, capture_output=True, check=True, text=True
                )
                peaks.append(int(done.stdout) / 1024)  # kilobytes on Linux
                results = (Path(out) / "out").glob("*.npy")
                held = sum(path.stat().st_size for path in results) / 2**20
                print(f"{n} pictures: peak {peaks[-1]:.0f} MiB, results {held:.0f} MiB")
    print(f"peak memory for ten times the pictures: {peaks[1] / peaks[0]:.3f} times")


def matrix_rate(device, size=8192):
    """Measure the rate of a large bfloat16 matrix product, in operations per second."""
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    seconds(lambda: a @ a)
    return 2 * size**3 / np.median([seconds(lambda: a @ a) for _ in range(10)])


def device(options):
    if options.device.type != "cuda":
        print("device: there is no CUDA device here")
        return
    rate = matrix_rate(options.device)
    print(f"{torch.cuda.get_device_name()}: {rate / 1e12:.0f} TFLOP/s in bfloat16")
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder), options.images, 500)
        for name in options.models or LARGE:
            sides = sides_of(name, paths, options)
            with FlopCounterMode(display=False) as counter:
                sides["bare forward"]()
            taken = in_turn(
                {k: sides[k] for k in ("bare forward", "all layers")}, options.rounds
            )
            for side, t in taken.items():
                done = counter.get_total_flops() / np.median(t)
                print(
                    f"{name}, {side}: {len(paths) / np.median(t):.0f} images per "
                    f"second, {done / rate:.2f} of the matrix rate"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"speed": speed, "memory": memory, "device": device}
    parser.add_argument("--part", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--pictures", type=int, default=10_000, help="for memory")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--n-jobs", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    if options.cpu_time:
        globals()["CLOCK"] = time.process_time
    mne.set_log_level("ERROR")
    options.device = choose_device(options.device)
    options.precision = choose_precision(options.precision, options.device)
    options.dtype = getattr(torch, options.precision)
    options.batch = options.batch or BATCH[options.device.type]
    print(
        f"torch {torch.__version__}, {options.device}, {options.precision}, "
        f"{torch.get_num_threads()} threads, batches of {options.batch}"
    )
    for part in options.part:
        parts[part](options)


if __name__ == "__main__":
    main()
