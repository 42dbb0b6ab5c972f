"""Is the layer found without a sweep, and what does fusion give? Truth is known.

    python benchmarks/auto_layer.py --data <test data> [--seeds 5] [--folds 3]
    python benchmarks/auto_layer.py --data <test data> --rules --truth 1 4 --snr 0.2

Photographs (every other one, for speed), network and held-out classes are those of
``known_truth.py``; a second backbone is gabor/v1. Activity is a random linear map of
the standardised features of one layer, or of two, plus white noise; "snr" is the ratio
of their amplitudes. Compared are, all inside the training classes and scored on 200
pictures of 20 others:

- ``sweep``: :class:`~mne_shallowalign.LayerSearchCV`, every layer trained and
  cross-validated by concept, the best one refitted
- ``auto``: ``layer="auto"``
- ``ridge``: ``layer="auto", solver="ridge"``
- ``gated``: ``layer="auto", fusion="learned"``, the layers that count, fused
- ``learned``, ``concat``: all layers fused
- ``best``: the layer that does best on the test pictures themselves, which no honest
  method can know beforehand: the bar for fusion

Two ratios of time are printed: of the choice alone, and of choice and final fit.
``--quick`` leaves out what trains. ``--rules`` trains nets with the true layers, and
says by how much others fall short of the best of these on the test pictures: nets whose
layer is taken by ``best penalty``, the best mean reciprocal rank of ridge regression,
by ``weaker penalties``, which is what ``layer="auto"`` does, or by a ``search of
three``, those with the best mean rank in the screen; and, with a layer or layers of
their own, ``auto, init='ridge'`` and ``auto, fusion='learned'``.
"""

from __future__ import annotations

import argparse
import dataclasses
import tarfile
import tempfile
import time
from itertools import product
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from known_truth import BLOCKS, N_HELD_OUT, load_network
from scipy.signal import lfilter
from sklearn.model_selection import GroupKFold

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder, load_backbone
from mne_shallowalign.backbones import Backbone
from mne_shallowalign.features import extract_features

# which of the candidate layers drive the activity, counted from 1
TRUTHS = ((2,), (3,), (5,), (2, 5), (3, 6))
SNRS = (1.0, 0.3)
RULES = {"best penalty": "mrr", "weaker penalties": "mean_rank"}


def simulate(layers: list[np.ndarray], snr: float, rng: np.random.Generator, ar: float):
    """Add up a random map of each layer, with equal power, and noise, AR(1) in time."""
    signal = 0
    for features in layers:
        scale = np.where(features.std(0) > 0, features.std(0), 1)
        standard = (features - features.mean(0)) / scale
        part = standard @ rng.standard_normal((features.shape[1], 17 * 50))
        signal = signal + part / part.std()
    signal = snr * signal / signal.std()
    noise = rng.standard_normal((len(signal), 17, 50))
    if ar:
        noise = lfilter([1], [1, -ar], noise)
        noise /= noise.std()
    return (signal.reshape(noise.shape) + noise) * 1e-6


def seven_blocks(data: Path) -> Backbone:
    """Describe MobileNetV2 as if it had seven layers, which are the candidates."""
    network = load_network(data)
    layers = [network.resolve(block) for block in BLOCKS]
    widths = [network.width(layer) for layer in layers]
    return dataclasses.replace(network, layers=tuple(layers), widths=tuple(widths))


def load_backbones(options) -> list[Backbone]:
    found = []
    if options.backbone != "gabor":
        found.append(seven_blocks(options.data))
    if options.backbone != "mobilenetv2":
        found.append(load_backbone("gabor/v1"))
    return found


class Simulation:
    """One draw of held-out classes, mixing and noise, and the scores on it."""

    def __init__(self, backbone, files, concepts, options):
        self.backbone, self.layers, self.cache = (
            backbone,
            backbone.layers,
            options.cache,
        )
        self.options, cache = options, options.cache
        self.files, self.concepts = np.array([str(f) for f in files]), concepts
        self.features = extract_features(files, backbone, cache_dir=cache)

    def draw(self, truth, snr, seed):
        """Simulate activity and hold classes out."""
        rng = np.random.default_rng(seed)
        held_out = rng.permutation(np.unique(self.concepts))[:N_HELD_OUT]
        self.test = np.isin(self.concepts, held_out)
        self.truth = [self.layers[position - 1] for position in truth]
        chosen = [self.features[layer] for layer in self.truth]
        self.signal = simulate(chosen, snr, rng, self.options.ar)
        self.seed = seed

    def decoder(self, **params):
        """Return the decoder of all methods, but for what sets them apart."""
        small = {
            "encoder_params": {"n_outputs": 256},
            "n_components": 128,
            "lr": 1e-3,
            "max_epochs": 40,
        }
        return ShallowAlignDecoder(
            self.backbone,
            batch_size=256,
            precision="float32",
            cache_dir=self.cache,
            random_state=self.seed,
            **({} if self.options.default_net else small),
        ).set_params(**params)

    def fit(self, **params):
        """Return the fitted decoder, its test score, and what the fit took."""
        start, train = time.perf_counter(), ~self.test
        decoder = self.decoder(**params).fit(
            self.signal[train], self.files[train], groups=self.concepts[train]
        )
        seconds = time.perf_counter() - start
        score = decoder.score(self.signal[self.test], self.files[self.test])
        return decoder, score, seconds

    def sweep(self, n_folds, layers=None):
        """Cross-validate every layer on the training classes."""
        start, train = time.perf_counter(), ~self.test
        search = LayerSearchCV(
            self.decoder(),
            self.layers if layers is None else layers,
            cv=GroupKFold(n_folds),
            scoring="top1",
            refit=False,
        )
        search.fit(self.signal[train], self.files[train], groups=self.concepts[train])
        return search.best_layer_, time.perf_counter() - start

    def steps(self, layer):
        """Count the layers between the one found and the nearest true one."""
        index = self.layers.index
        return min(abs(index(layer) - index(true)) for true in self.truth)


def compare(simulation, n_folds):
    """Run everything on one draw."""
    found, sweep_s = simulation.sweep(n_folds)
    alone = {layer: simulation.fit(layer=layer)[1:] for layer in simulation.layers}
    auto, auto_score, auto_s = simulation.fit(layer="auto")
    gated, gated_score, _ = simulation.fit(layer="auto", fusion="learned")
    _, ridge_score, _ = simulation.fit(layer="auto", solver="ridge")
    layers = list(simulation.layers)
    learned, learned_score, _ = simulation.fit(layer=layers, fusion="learned")
    concat_score = simulation.fit(layer=layers, fusion="concat")[1]
    return {
        "sweep": alone[found][0],
        "auto": auto_score,
        "gated": gated_score,
        "ridge": ridge_score,
        "learned": learned_score,
        "concat": concat_score,
        "best": max(score for score, _ in alone.values()),
        "steps_sweep": simulation.steps(found),
        "steps_auto": simulation.steps(auto.layer_),
        "fused": len(gated.layer_weights_),
        "mass": learned.layer_weights_[simulation.truth].sum(),
        "choice_time": (auto_s - alone[auto.layer_][1]) / sweep_s,
        "total_time": auto_s / (sweep_s + alone[found][1]),
    }


def compare_quickly(simulation):
    """Run what needs no training."""
    ridge, score, _ = simulation.fit(layer="auto", solver="ridge")
    layers = list(simulation.layers)
    gate = simulation.fit(layer=layers, fusion="learned", max_epochs=1)[0]
    return {
        "ridge": score,
        "steps_auto": simulation.steps(ridge.layer_),
        "mass": gate.layer_weights_[simulation.truth].sum(),
    }


def compare_rules(simulation, n_folds):
    """Train nets with the layers that rules take, and with the true ones."""
    screen = simulation.fit(layer="auto", solver="ridge")[0].screen_.set_index("layer")
    taken = {rule: screen[column].idxmax() for rule, column in RULES.items()}
    few = screen["mean_rank"].nlargest(3).index.tolist()
    taken["search of three"] = simulation.sweep(n_folds, few)[0]
    layers = {*simulation.truth, *taken.values()}
    scores = {layer: simulation.fit(layer=layer)[1] for layer in layers}
    best = max(scores[layer] for layer in simulation.truth)
    short = {rule: best - scores[layer] for rule, layer in taken.items()}
    for name, way in (("init", "ridge"), ("fusion", "learned")):
        score = simulation.fit(layer="auto", **{name: way})[1]
        short[f"auto, {name}={way!r}"] = best - score
    found = {f"{rule}: true": taken[rule] in simulation.truth for rule in taken}
    return {"best": best} | short | found


def report_rules(table):
    print(
        "top-1 that is missing to the better of the true layers, and how often one of"
    )
    print("them is taken")
    keys = ["backbone", "truth", "snr"]
    columns = table.columns.drop(keys)
    print(table.groupby(keys, sort=False)[columns].mean().to_string())
    print(f"of {len(table)} draws:", table[columns].mean().round(4).to_dict())


def report(table, n_seeds):
    keys = ["backbone", "truth", "snr"]
    shown = ["sweep", "auto", "gated", "ridge", "learned", "concat", "best", "mass"]
    shown = [name for name in shown if name in table]
    groups = table.groupby(keys, sort=False)[shown]
    mean, spread = groups.mean().round(3), groups.std(ddof=0).round(3)
    print(f"top-1 (200 candidates), mean over {n_seeds} seeds")
    print(mean.to_string())
    print("standard deviation over seeds")
    print(spread.to_string())
    single = table[~table["truth"].str.contains(" ")]
    for method in ("sweep", "auto"):
        if f"steps_{method}" not in table:
            continue
        near = (single[f"steps_{method}"] <= 1).sum()
        exact = (single[f"steps_{method}"] == 0).sum()
        print(
            f"{method}: the true layer in {exact}, or next to it in {near}, of ", end=""
        )
        print(len(single))
    if "sweep" not in table:
        return
    for name, bar in (("auto", "sweep"), ("gated", "sweep"), ("learned", "best")):
        gain = table[name] - table[bar]
        print(
            f"{name} - {bar}: mean {gain.mean():+.4f}, worst {gain.min():+.4f}, "
            f"worse by over 0.01 in {(gain < -0.01).sum()} of {len(gain)}"
        )
    times = table[["choice_time", "total_time"]].median()
    print("median time of auto / sweep:", times.round(3).to_dict())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the test data")
    parser.add_argument("--cache", type=Path, help="default: the package's own")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="the closed form alone")
    parser.add_argument("--rules", action="store_true", help="two rules to choose by")
    parser.add_argument(
        "--backbone", choices=("mobilenetv2", "gabor"), help="one alone"
    )
    parser.add_argument(
        "--truth", type=int, nargs="+", action="append", help="layers; may be repeated"
    )
    parser.add_argument("--snr", type=float, nargs="+", default=SNRS)
    parser.add_argument("--ar", type=float, default=0, help="of noise in time")
    parser.add_argument("--default-net", action="store_true", help="widths, lr, epochs")
    parser.add_argument("--save", type=Path, help="CSV of every draw")
    options = parser.parse_args()
    mne.set_log_level("ERROR")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(
            options.data / "images" / "caltech101_20per_class.tar"
        ) as tar:
            tar.extractall(folder, filter="data")
        files = sorted(Path(folder).rglob("*.jpg"))[::2]
        concepts = np.array([file.parent.name for file in files])
        for backbone in load_backbones(options):
            simulation = Simulation(backbone, files, concepts, options)
            conditions = product(
                range(options.seeds), options.snr, options.truth or TRUTHS
            )
            for seed, snr, truth in conditions:
                simulation.draw(truth, snr, seed)
                label = " ".join(map(str, truth))
                key = {"backbone": backbone.name, "truth": label, "snr": snr}
                if options.rules:
                    rows.append(key | compare_rules(simulation, options.folds))
                elif options.quick:
                    rows.append(key | compare_quickly(simulation))
                else:
                    rows.append(key | compare(simulation, options.folds))
                print(rows[-1], flush=True)
                if options.save:
                    pd.DataFrame(rows).to_csv(options.save, index=False)
    if options.rules:
        report_rules(pd.DataFrame(rows))
    else:
        report(pd.DataFrame(rows), options.seeds)


if __name__ == "__main__":
    main()
