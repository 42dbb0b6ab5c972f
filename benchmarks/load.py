"""Memory and time of loading a backbone, ours against plain timm, side by side.

    python benchmarks/load.py [--model vit_large_patch16_224] [--shards 4]

Random weights are saved as float32 safetensors: one file for both sides, and shards
that only ours reads. Every line is one process of its own. Printed are, in units of the
weights in the dtype asked for: the peak of what was allocated above the imported
libraries, the peak of resident memory, which counts the mapped pages of files too, and
the seconds of loading. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file


def ours(model, path, dtype):
    from mne_shallowalign.backbones import load_backbone

    backbone = load_backbone(f"timm/{model}", weights=path)
    return lambda: backbone.load(dtype=dtype)


def plain_timm(model, path, dtype):
    def load():
        net = timm.create_model(model, checkpoint_path=path)
        return net.eval().requires_grad_(False).to(dtype)

    return load


SIDES = {"ours": ours, "timm": plain_timm}


def memory():
    """Bytes allocated, and bytes resident."""
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return [int(fields[key].split()[0]) * 1024 for key in ("RssAnon", "VmRSS")]


def watch(load):
    """Load, and return the peaks above the start, the seconds and the size."""
    done, seen = threading.Event(), [memory()]

    def poll():
        while not done.wait(0.002):
            seen.append(memory())

    watcher = threading.Thread(target=poll)
    watcher.start()
    start = time.perf_counter()
    net = load()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    size = sum(tensor.nbytes for tensor in net.state_dict().values())
    peaks = [max(values) - values[0] for values in zip(*seen, strict=True)]
    return *peaks, seconds, size


def save(model, folder, n_shards):
    state = timm.create_model(model).state_dict()
    save_file(state, folder / "whole.safetensors")
    shards = folder / "shards"
    shards.mkdir()
    names, weight_map = list(state), {}
    each = -(-len(names) // n_shards)
    for i in range(n_shards):
        part = {name: state[name] for name in names[i * each : (i + 1) * each]}
        save_file(part, shards / f"{i}.safetensors")
        weight_map |= dict.fromkeys(part, f"{i}.safetensors")
    index = {"metadata": {}, "weight_map": weight_map}
    (shards / "model.safetensors.index.json").write_text(json.dumps(index))
    return {"one file": folder / "whole.safetensors", f"{n_shards} shards": shards}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="vit_large_patch16_224")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        side, path, dtype = args.child
        print(*watch(SIDES[side](args.model, path, getattr(torch, dtype))))
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = save(args.model, Path(folder), args.shards)
        print(f"{'':32}allocated  resident  seconds")
        for dtype in ("float32", "bfloat16"):
            for side in SIDES:
                for kind, path in paths.items():
                    if side == "timm" and kind != "one file":
                        continue
                    command = [sys.executable, __file__, "--model", args.model]
                    command += ["--child", side, str(path), dtype]
                    run = subprocess.run(command, capture_output=True, check=True)
                    allocated, resident, seconds, size = map(float, run.stdout.split())
                    print(
                        f"{dtype:10}{side:8}{kind:14}{allocated / size:9.2f} "
                        f"{resident / size:9.2f} {seconds:8.2f}"
                    )


if __name__ == "__main__":
    main()
