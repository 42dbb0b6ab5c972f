"""Our fit against a plain PyTorch loop over a DataLoader, side by side in one run.

    python benchmarks/fit.py [--rounds 5] [--epochs 5] [--device auto]

The peers train on items that a ``DataLoader`` collates sample by sample, in float32,
with the default AdamW. Both sides get the same arrays (the size of one THINGS-EEG2
subject), the same encoder, batch size and number of epochs. Printed are seconds per
epoch, their ratio round by round, the fraction that our training reaches of the
rate of a large square matrix product, and the peak memory of our fit above that of the
imported libraries, signal and features included.
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


class TensorItems(Dataset):
    """The leanest item: two tensors that share the memory of the data."""

    def __init__(self, signals, features):
        self.signals = torch.from_numpy(signals).float()
        self.features = torch.from_numpy(features)

    def __len__(self):
        return len(self.signals)

    def __getitem__(self, i):
        return self.signals[i], self.features[i]


class PeerItems(Dataset):
    """What an item of the paper's lineage holds (NeuroBridge, ``num_workers=0``).

    Copies of the signal, of the image feature and of a text feature (zeros where text
    is not used), and the numbers of subject, object, image and repetition.
    """

    def __init__(self, signals, features):
        self.signals = signals
        self.features = features

    def __len__(self):
        return len(self.signals)

    def __getitem__(self, i):
        text = np.zeros(self.features.shape[1])
        tensors = (self.signals[i], self.features[i], text)
        numbers = (1, i // 10, i % 10, 0)
        return *(torch.tensor(t, dtype=torch.float32) for t in tensors), *numbers


def plain_loop(items, n_epochs, device):
    """Train as the peers do; return seconds per epoch."""
    signals, features = items.signals, items.features
    width = features.shape[1]
    encoder = encoders.EEGProject(*signals.shape[1:], width).to(device)
    w_n = nn.Linear(width, N_COMPONENTS).to(device)
    w_i = nn.Linear(width, N_COMPONENTS).to(device)
    log_scale = nn.Parameter(torch.tensor(-np.log(0.07), device=device))
    modules = nn.ModuleList([encoder, w_n, w_i])
    optimizer = torch.optim.AdamW(
        [*modules.parameters(), log_scale], lr=1e-4, weight_decay=1e-4
    )
    loader = DataLoader(items, batch_size=BATCH, shuffle=True, drop_last=True)
    seconds = []
    for _ in range(n_epochs):
        start = time.perf_counter()
        for x, z, *_ in loader:
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
    return np.median(seconds)


def our_fit(signals, features, n_epochs, device, precision):
    """Train with the decoder; return seconds per epoch."""
    decoder = ShallowAlignDecoder(
        max_epochs=n_epochs,
        device=str(device),
        precision=precision,
        random_state=0,
        verbose="ERROR",
    )
    decoder.fit(signals, features)
    return np.median(decoder.history_[:, "dur"])


def step_flops(n, batch, n_inputs, width):
    """Count the operations of the matrix products in one epoch over n trials."""
    first = 2 * n_inputs * width  # forward and weight gradient; data have none
    residual = 3 * width * width
    projectors = (3 + 2) * width * N_COMPONENTS
    logits = 3 * batch * N_COMPONENTS
    return 2 * n * (first + residual + projectors + logits)


def matrix_rate(device, dtype, size=4096):
    """Measure the rate of a large square matrix product, in operations per second."""
    a = torch.randn(size, size, device=device).to(dtype)
    seconds = []
    for _ in range(15):
        synchronize(device)
        start = time.perf_counter()
        a @ a
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / np.median(seconds)


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
    large = np.tile(small, (16, 1, 1)), np.tile(small[:, 0], (16, 1))
    plain_loop(TensorItems(*large), 1, device)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=16540)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="float32", help="float64 as in mne.Epochs")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    device = choose_device(options.device)
    precision = choose_precision(options.precision, device)
    warm_up(device, precision)
    before = resident()
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((options.trials, 17, 250), dtype=options.dtype)
    features = rng.standard_normal((options.trials, 1024), dtype=np.float32)
    data = signals.nbytes + features.nbytes
    ours, loops, peak = [], {PeerItems: [], TensorItems: []}, 0
    for _ in range(options.rounds):
        with PeakMemory() as memory:
            ours.append(our_fit(signals, features, options.epochs, device, precision))
        peak = peak or memory.peak - before
        for items, seconds in loops.items():
            loop = plain_loop(items(signals, features), options.epochs, device)
            seconds.append(loop)
    epoch = np.median(ours)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rate = matrix_rate(device, dtype)
    flops = step_flops(options.trials, BATCH, signals[0].size, features.shape[1])
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads")
    print(f"seconds per epoch, ours ({precision}): {epoch:.3f}")
    for items, seconds in loops.items():
        ratios = np.divide(seconds, ours)
        print(
            f"seconds per epoch, DataLoader loop with {items.__name__} (float32): "
            f"{np.median(seconds):.3f}, {np.median(ratios):.2f} times ours "
            f"(rounds {min(ratios):.2f} to {max(ratios):.2f})"
        )
    print(
        f"matrix products: {flops / epoch / 1e9:.0f} of {rate / 1e9:.0f} GFLOP/s "
        f"= {flops / epoch / rate:.2f}"
    )
    print(
        f"peak memory over libraries: {peak / 2**20:.0f} MiB = {peak / data:.2f} x "
        f"signal and features ({data / 2**20:.0f} MiB)"
    )


if __name__ == "__main__":
    main()
