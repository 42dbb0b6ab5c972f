"""A layer search as one stacked net against the same fits one after the other.

    python benchmarks/search.py [--layers 10] [--seeds 5] [--epochs 50] [--device auto]

Data of the size of one THINGS-EEG2 subject: 16,540 trials of 17 channels x 250 samples,
features of width 1,024, the decoder's own settings. A fifth of the images is held out,
and every layer is fitted with every seed on the others: by ``LayerSearchCV``, and by as
many decoders, fitted and scored in turn on the same trials. Printed are seconds and
their ratio round by round, the largest difference of the scores, and the fraction that
the stacked training step reaches of the rate of a large square matrix product, beside
the most that it could reach if nothing but these products and AdamW's passes over the
float32 parameters took time.

Two CPU cores take about a second for an epoch of one fit: ``--epochs 1`` is feasible
there. ``--step`` measures the training step alone. ``--auto`` fits one decoder of a
given layer, and one with ``layer="auto"``, screen included, on the whole data, without
and with ``fusion="learned"``: how many times the former, and so how much of a search of
all layers and seeds, the latter take. The signal follows the middle layer, or with
``--mixed`` also the first. CPU time is printed too, which says more on a machine that
others use.
"""

from __future__ import annotations

import argparse
import time
from itertools import product

import mne
import numpy as np
import torch
from fit import matrix_rate, step_flops, synchronize

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder
from mne_shallowalign._device import choose_device
from mne_shallowalign._search_jobs import random_states
from mne_shallowalign.alignment import (
    PairedSignals,
    build_net,
    choose_precision,
    stack_nets,
    train_stack,
)

BATCH, N_COMPONENTS = 1024, 512


def simulate(options):
    """Make signals that follow the middle layer, features, and one split."""
    rng = np.random.default_rng(0)
    shape = options.trials, options.layers, options.width
    features = rng.standard_normal(shape, dtype=np.float32)
    n_inputs = options.channels * options.times
    signal = rng.standard_normal((options.trials, n_inputs), dtype=np.float32)
    middle = features[:, options.layers // 2]
    signal += middle @ rng.standard_normal((options.width, n_inputs), np.float32) / 32
    if options.mixed:
        mixing = rng.standard_normal((options.width, n_inputs), np.float32) / 32
        signal += features[:, 0] @ mixing
    order = rng.permutation(options.trials)
    test, train = np.split(order, [options.trials // 5])
    return signal.reshape(-1, options.channels, options.times), features, train, test


def search(decoder, signal, features, split, options):
    """Search with the stacked net; return seconds and scores by layer and seed."""
    start = time.perf_counter()
    found = LayerSearchCV(
        decoder,
        list(range(1, options.layers + 1)),
        n_seeds=options.seeds,
        cv=[split],
        refit=False,
        chunk_size=options.chunk_size,
        scoring="top1",
    ).fit(signal, features)
    scores = [found.cv_results_.get(f"seed{s}_test_top1") for s in range(options.seeds)]
    if options.seeds == 1:
        scores = [found.cv_results_["mean_test_top1"]]
    return time.perf_counter() - start, np.array(scores)


def one_by_one(decoder, signal, features, split, options):
    """Fit and score as many decoders; return seconds and scores by layer and seed."""
    train, test = split
    start = time.perf_counter()
    scores = np.empty((options.seeds, options.layers))
    states = random_states(decoder.random_state, options.seeds)
    for layer, (seed, state) in product(range(options.layers), enumerate(states)):
        one = ShallowAlignDecoder(**decoder.get_params(deep=False))
        one.set_params(random_state=np.random.RandomState())
        one.random_state.set_state(state.get_state())
        one.fit(signal[train], features[train, layer])
        scores[seed, layer] = one.score(signal[test], features[test, layer])
    return time.perf_counter() - start, scores


def print_auto(decoder, signal, features, options):
    """Compare layer="auto" with one fit, and with all fits of the search."""
    groups = np.arange(options.trials) // 10  # concepts of ten pictures
    n_fits = options.layers * options.seeds
    decoder.set_params(layer=1).fit(signal[:96], features[:96])  # imports, first calls
    one = None
    for params in (
        {"layer": 1},
        {"layer": "auto"},
        {"layer": "auto", "fusion": "learned"},
    ):
        decoder.set_params(**params)
        start = time.perf_counter(), time.process_time()
        decoder.fit(signal, features, groups=groups)
        took = np.subtract((time.perf_counter(), time.process_time()), start)
        one = took if one is None else one
        print(
            f"{params}: {took[0]:.0f} s (CPU {took[1]:.0f}), {decoder.layer_}, "
            f"{took[0] / one[0]:.2f} fits of a given layer (CPU "
            f"{took[1] / one[1]:.2f}); {n_fits} of these take "
            f"{n_fits * one[0] / took[0]:.1f} times as long (CPU "
            f"{n_fits * one[1] / took[1]:.1f})",
            flush=True,
        )


def step_rate(n_nets, options, device, precision):
    """Measure the operations per second of matrix products in stacked training."""
    signal = {"n_chans": options.channels, "n_times": options.times}
    net = build_net(
        {
            "encoder": "eegproject",
            "signal": {**signal, "n_outputs": options.width},
            "encoder_params": None,
            "projector": "linear",
            "n_components": N_COMPONENTS,
        },
        {"n_features": options.width, "n_components": N_COMPONENTS},
        lr=1e-4,
        weight_decay=1e-4,
        batch_size=BATCH,
        max_epochs=3,
        device=str(device),
        precision=precision,
    ).initialize()
    n = 4 * BATCH if device.type == "cpu" else 16 * BATCH
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    pairs = PairedSignals(
        torch.randn(n, options.channels, options.times, device=device).to(dtype),
        torch.randn(n_nets, n, options.width, device=device).to(dtype),
        torch.arange(n, device=device),
    )
    stack = stack_nets([net] * n_nets)
    seconds = []
    for _ in range(3):  # the first warms up
        synchronize(device)
        start = time.perf_counter()
        train_stack(stack, [pairs], [0])
        synchronize(device)
        seconds.append((time.perf_counter() - start) / 3)
    n_inputs = options.channels * options.times
    return n_nets * step_flops(n, BATCH, n_inputs, options.width) / min(seconds[1:])


def optimizer_seconds(n_nets, options, device):
    """Measure one step of AdamW over the weights of all nets, and nothing else."""
    width = options.width
    inner = options.channels * options.times + width + 2 * N_COMPONENTS
    weights = torch.zeros(n_nets, inner, width, device=device, requires_grad=True)
    weights.grad = torch.zeros_like(weights)
    optimizer = torch.optim.AdamW([weights], fused=True)
    seconds = []
    for _ in range(6):  # the first warms up
        synchronize(device)
        start = time.perf_counter()
        optimizer.step()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return np.median(seconds[1:])


def attainable(n_nets, peak, options, device):
    """Compute the share that products at the peak rate have beside the optimiser."""
    n_inputs = options.channels * options.times
    products = n_nets * step_flops(BATCH, BATCH, n_inputs, options.width) / peak
    return products / (products + optimizer_seconds(n_nets, options, device))


def print_step(options, device, precision):
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    peak = matrix_rate(device, dtype)
    if precision == "tf32":
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")
        peak = matrix_rate(device, dtype)
        torch.set_float32_matmul_precision(before)
    for n_nets in options.stacks:
        rate = step_rate(n_nets, options, device, precision)
        most = attainable(n_nets, peak, options, device)
        print(
            f"stacked step of {n_nets} nets ({precision}): {rate / 1e9:.0f} of "
            f"{peak / 1e9:.0f} GFLOP/s = {rate / peak:.2f}, at most {most:.2f}",
            flush=True,
        )


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--trials", type=int, default=16540)
    parser.add_argument("--channels", type=int, default=17)
    parser.add_argument("--times", type=int, default=250)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--chunk-size", type=int, help="default: as the search has it")
    parser.add_argument("--step", action="store_true", help="the training step alone")
    parser.add_argument("--auto", action="store_true", help="layer='auto' alone")
    parser.add_argument("--mixed", action="store_true", help="two layers drive it")
    parser.add_argument(
        "--stacks", type=int, nargs="+", help="nets in a step, default by device"
    )
    return parser.parse_args()


def main():
    options = parse()
    mne.set_log_level("ERROR")
    device = choose_device(options.device)
    precision = choose_precision(options.precision, device)
    on_cpu = device.type == "cpu"
    options.stacks = options.stacks or ([1, 2] if on_cpu else [1, 10, 50])
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device
    print(f"torch {torch.__version__}, {name}, {torch.get_num_threads()} threads")
    if not options.auto:
        print_step(options, device, precision)
    if options.step:
        return
    signal, features, *split = simulate(options)
    decoder = ShallowAlignDecoder(
        max_epochs=options.epochs,
        device=options.device,
        precision=options.precision,
        random_state=0,
    )
    if options.auto:
        print_auto(decoder, signal, features, options)
        return
    small = argparse.Namespace(**vars(options) | {"seeds": 1, "layers": 1})
    few = np.arange(64), np.arange(64, 96)
    for run in (search, one_by_one):  # imports and first calls
        run(decoder, signal[:96], features[:96, :1], few, small)
    ratios = []
    for _ in range(options.rounds):
        stacked, found = search(decoder, signal, features, split, options)
        alone, expected = one_by_one(decoder, signal, features, split, options)
        ratios.append(alone / stacked)
        print(
            f"{options.layers} layers x {options.seeds} seeds, {options.epochs} epochs "
            f"({precision}): stacked {stacked:.1f} s, one by one {alone:.1f} s, ratio "
            f"{ratios[-1]:.2f}; top-1 of the best layer {found.mean(0).max():.3f} and "
            f"{expected.mean(0).max():.3f}, of chance {1 / len(split[1]):.4f}; largest "
            f"difference of a score {np.abs(found - expected).max():.4f}",
            flush=True,
        )
    print(f"ratio: {np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
