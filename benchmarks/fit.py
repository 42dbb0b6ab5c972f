"""Our fit against a plain PyTorch loop over a DataLoader, side by side in one run.

    python benchmarks/fit.py [--epochs 3] [--device auto] [--trials 16540]

The peers train on items that a ``DataLoader`` collates sample by sample, in float32,
with the default AdamW. Both sides get the same arrays (the size of one THINGS-EEG2
subject), the same encoder, batch size and number of epochs. Printed are seconds per
epoch, their ratio, the fraction of the machine's measured matrix rate that our
training step reaches, and the peak memory above that of the imported libraries.
"""

from __future__ import annotations

import argparse
import resource
import threading
import time
from pathlib import Path

import mne
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from mne_shallowalign import ShallowAlignDecoder, encoders
from mne_shallowalign._device import choose_device
from mne_shallowalign.alignment import choose_precision

BATCH, N_COMPONENTS = 1024, 512


class Pairs(Dataset):
    """One item per trial, as in the published code of the field."""

    def __init__(self, signals, features):
        self.signals = torch.from_numpy(signals)
        self.features = torch.from_numpy(features)

    def __len__(self):
        return len(self.signals)

    def __getitem__(self, i):
        return self.signals[i], self.features[i]


def plain_loop(signals, features, n_epochs, device):
    """Train as the peers do; return seconds per epoch."""
    width = features.shape[1]
    encoder = encoders.EEGProject(*signals.shape[1:], width).to(device)
    w_n = nn.Linear(width, N_COMPONENTS).to(device)
    w_i = nn.Linear(width, N_COMPONENTS).to(device)
    log_scale = nn.Parameter(torch.tensor(-np.log(0.07), device=device))
    modules = nn.ModuleList([encoder, w_n, w_i])
    optimizer = torch.optim.AdamW(
        [*modules.parameters(), log_scale], lr=1e-4, weight_decay=1e-4
    )
    loader = DataLoader(
        Pairs(signals, features), batch_size=BATCH, shuffle=True, drop_last=True
    )
    seconds = []
    for _ in range(n_epochs):
        start = time.perf_counter()
        for x, z in loader:
            x, z = x.to(device), z.to(device)
            v = F.normalize(w_n(encoder(x)), dim=-1)
            w = F.normalize(w_i(z), dim=-1)
            logits = log_scale.exp() * v @ w.T
            target = torch.arange(len(x), device=device)
            loss = F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)
            optimizer.zero_grad()
            (loss / 2).backward()
            optimizer.step()
            loss.item()
        seconds.append(time.perf_counter() - start)
    return seconds


def our_fit(signals, features, n_epochs, device, precision):
    """Train with the decoder; return seconds per epoch, and those of the whole fit."""
    decoder = ShallowAlignDecoder(
        max_epochs=n_epochs,
        device=str(device),
        precision=precision,
        random_state=0,
        verbose="ERROR",
    )
    start = time.perf_counter()
    decoder.fit(signals, features)
    total = time.perf_counter() - start
    return decoder.history_[:, "dur"], total


def step_flops(n, n_inputs, width):
    """Count the operations of the matrix products in one training step on n trials."""
    first = 2 * 2 * n * n_inputs * width  # forward, weight gradient
    residual = 3 * 2 * n * width * width
    neural_projector = 3 * 2 * n * width * N_COMPONENTS
    image_projector = 2 * 2 * n * width * N_COMPONENTS
    logits = 3 * 2 * n * n * N_COMPONENTS
    return first + residual + neural_projector + image_projector + logits


def matrix_rate(device, dtype, shapes):
    """Measure the best rate of a matrix product, in operations per second."""
    best = 0.0
    for m, k, n in shapes:
        a = torch.randn(m, k, device=device).to(dtype)
        b = torch.randn(k, n, device=device).to(dtype)
        for _ in range(12):
            synchronize(device)
            start = time.perf_counter()
            a @ b
            synchronize(device)
            best = max(best, 2 * m * k * n / (time.perf_counter() - start))
    return best


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class PeakMemory:
    """The largest resident size of this process inside the block, in bytes."""

    def __enter__(self):
        self.peak, self._stop = resident(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._stop.wait(0.005):
            self.peak = max(self.peak, resident())

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join()


def resident():
    statm = Path("/proc/self/statm")
    if not statm.exists():  # not Linux: the peak so far, in kilobytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(statm.read_text().split()[1]) * resource.getpagesize()


def warm_up(device, precision):
    """Import and initialise everything, so that memory counts the data alone."""
    rng = np.random.default_rng(0)
    small = rng.standard_normal((64, 2, 4), dtype=np.float32)
    our_fit(small, small[:, 0], 1, device, precision)
    plain_loop(np.tile(small, (16, 1, 1)), np.tile(small[:, 0], (16, 1)), 1, device)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--trials", type=int, default=16540)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    device = choose_device(options.device)
    precision = choose_precision(options.precision, device)
    warm_up(device, precision)
    before = resident()
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((options.trials, 17, 250), dtype=np.float32)
    features = rng.standard_normal((options.trials, 1024), dtype=np.float32)
    data = signals.nbytes + features.nbytes
    with PeakMemory() as memory:
        ours, total = our_fit(signals, features, options.epochs, device, precision)
    peak = memory.peak - before
    theirs = plain_loop(signals, features, options.epochs, device)
    ours_again, _ = our_fit(signals, features, options.epochs, device, precision)
    ours, theirs = np.median([*ours, *ours_again]), np.median(theirs)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    shapes = [(BATCH, 4250, 1024), (1024, BATCH, 4250), (2048, 2048, 2048)]
    rate = matrix_rate(device, dtype, shapes)
    n_batches = -(-options.trials // BATCH)
    size = options.trials / n_batches
    reached = n_batches * step_flops(size, 4250, 1024) / ours
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads")
    print(f"plain loop (float32, DataLoader): {theirs:8.3f} s per epoch")
    print(f"ours ({precision}):                {ours:8.3f} s per epoch")
    print(f"ratio:                             {theirs / ours:8.2f}")
    print(f"ours, whole fit of {options.epochs} epochs:        {total:8.3f} s")
    print(
        f"matrix rate: {rate / 1e9:.0f} GFLOP/s, reached in training: "
        f"{reached / 1e9:.0f} GFLOP/s = {reached / rate:.2f}"
    )
    print(
        f"peak memory over libraries: {peak / 2**20:.0f} MiB = "
        f"{peak / data:.2f} x signal and features ({data / 2**20:.0f} MiB)"
    )


if __name__ == "__main__":
    main()
