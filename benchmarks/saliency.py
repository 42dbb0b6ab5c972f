"""Where the maximum of a map is, and how right a pattern, when the truth is known.

    python benchmarks/saliency.py [--seeds 10] [--trials 800]

Ten EEG channels of white noise, 20 samples. Six features of each picture, mixed, drive
O1 and Oz from 100 to 200 ms, with 1.5 times the standard deviation of the noise.
Decoders are fitted on three quarters of the trials and looked at on the rest. Printed
is in how many seeds the map has its maximum at one of the two channels and inside those
100 ms, and the held-out top-1. Then noise that is correlated between channels hides one
source which all channels see: printed is the correlation of the pattern, and of the
filter, with its column of the mixing matrix. Last, the same on a Neuromag helmet of
306 sensors, for a dipole at the back of a spherical head, behind an MVNN whitener:
printed is in how many seeds the sensors of one place that add most are among those that
see the dipole at least half as well as the best, at the right time, and the correlation
of pattern and filter with the field of the dipole, by type of sensor.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import mne
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sensor_simulation import (
    ACTIVE,
    LATENCY,
    SFREQ,
    add_colour,
    make_decoder,
    simulate,
)

from mne_shallowalign._report_sensors import sum_by_place
from mne_shallowalign.inspection import occlusion, patterns, saliency
from mne_shallowalign.preprocessing import MVNNWhitener

MAPS = {
    "gradient x input": saliency,
    "absolute gradient": partial(saliency, kind="absolute"),
    "occlusion": partial(occlusion, window=0.04),
}


def is_right(evoked: mne.Evoked) -> bool:
    """Tell whether the maximum is where and when the activity is."""
    channel, sample = np.unravel_index(evoked.data.argmax(), evoked.data.shape)
    is_then = LATENCY[0] - 1e-3 <= evoked.times[sample] < LATENCY[1] - 1e-3
    return evoked.ch_names[channel] in ACTIVE and is_then


def compare_maps(solver: str, n_seeds: int, n_trials: int) -> None:
    """Count the seeds whose maximum is right."""
    hits, top1 = dict.fromkeys(MAPS, 0), []
    for seed in range(n_seeds):
        epochs, features = simulate(seed, n_trials)
        cut = 3 * n_trials // 4
        decoder = make_decoder(solver).fit(epochs[:cut], features[:cut])
        test, seen = epochs[cut:], features[cut:]
        top1.append(decoder.score(test, seen))
        for name, make in MAPS.items():
            hits[name] += is_right(make(decoder, test, seen))
    for name, n_right in hits.items():
        print(f"{solver:12} {name:18} {n_right:2} of {n_seeds} seeds")
    print(f"{solver:12} top-1 {np.mean(top1):.2f}, chance {4 / n_trials:.3f}")


def compare_patterns(solver: str, n_seeds: int, n_trials: int) -> None:
    """Correlate pattern and filter at the pattern's peak with the mixing column."""
    found = []
    for seed in range(n_seeds):
        epochs, features, mix = add_colour(seed, n_trials)
        decoder = make_decoder(solver, max_epochs=60).fit(epochs, features)
        maps = patterns(decoder, epochs, features)
        at = np.abs(maps.patterns).max(axis=1).argmax()
        pair = maps.patterns[at], maps.filters[at]
        found.append([abs(np.corrcoef(one, mix)[0, 1]) for one in pair])
    for name, values in zip(("pattern", "filter"), np.transpose(found), strict=True):
        print(
            f"{solver:12} {name:18} |r| median {np.median(values):.3f}, least "
            f"{values.min():.3f}"
        )


def make_helmet() -> mne.Info:
    """Read where the sensors of Neuromag are (MNE 1.12 and later)."""
    info = mne.channels.read_meg_canonical_info("neuromag")
    with info._unlock():
        info["sfreq"], info["lowpass"] = SFREQ, SFREQ / 2
    return info


def field(info: mne.Info, seed: int) -> np.ndarray:
    """Draw a dipole; return its field, at most 1 for each type of sensor."""
    x, z = np.random.default_rng(seed).uniform([-0.04, 0.0], 0.04)
    position = np.array([x, -0.06, z])
    tangent = np.cross(position, [0, 0, 1]) / np.hypot(x, 0.06)
    dipole = mne.Dipole([0], [position], [1e-8], [tangent], [1])
    sphere = mne.make_sphere_model((0, 0, 0), 0.09)
    forward, _ = mne.make_forward_dipole(dipole, sphere, info)
    gains = forward["sol"]["data"][:, 0]
    types = np.array(info.get_channel_types())
    for kind in ("mag", "grad"):
        gains[types == kind] /= np.abs(gains[types == kind]).max()
    return gains


def compare_helmets(solver: str, n_seeds: int, n_trials: int) -> None:
    """Count the seeds whose maximum is right, and correlate maps with the field."""
    info = make_helmet()
    types = np.array(info.get_channel_types())
    unit = np.where(types == "mag", 1e-13, 3e-12)
    places = np.array([channel["loc"][:3] for channel in info["chs"]])
    n_right, found = 0, []
    for seed in range(n_seeds):
        gains = field(info, seed)
        epochs, features = simulate(seed, n_trials, info, gains[:, None], unit=unit)
        rng = np.random.default_rng(seed)
        colour = unit[:, None] * rng.normal(0, 0.3, (len(unit), 5))
        epochs._data += colour @ rng.standard_normal((n_trials, 5, 20))
        cut = 3 * n_trials // 4
        train, test = epochs[:cut], epochs[cut:]
        whitener = MVNNWhitener(by=None).fit(train)
        decoder = make_decoder(solver)
        decoder.fit(whitener.transform(train), features[:cut])
        added = saliency(decoder, test, features[cut:], whitener=whitener)
        total = sum_by_place(added, ("mag", "grad"))
        sensor, sample = np.unravel_index(total.data.argmax(), total.data.shape)
        place = places[info["ch_names"].index(total.ch_names[sensor])]
        there = np.linalg.norm(places - place, axis=1) < 1e-4
        is_then = LATENCY[0] - 1e-3 <= total.times[sample] < LATENCY[1] - 1e-3
        n_right += np.abs(gains[there]).max() > 0.5 and is_then
        maps = patterns(decoder, train, features[:cut], whitener=whitener)
        at = np.abs(maps.patterns[:, types == "mag"]).max(axis=1).argmax()
        found.append(
            [
                abs(np.corrcoef(one[at, types == kind], gains[types == kind])[0, 1])
                for kind in ("mag", "grad")
                for one in (maps.patterns, maps.filters)
            ]
        )
    print(f"{solver:12} gradient x input   {n_right:2} of {n_seeds} seeds, helmet")
    names = ("pattern, mag", "filter, mag", "pattern, grad", "filter, grad")
    for name, values in zip(names, np.transpose(found), strict=True):
        print(f"{solver:12} {name:18} |r| median {np.median(values):.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=800)
    arguments = parser.parse_args()
    mne.set_log_level("WARNING")
    for solver in ("ridge", "eegproject"):
        compare_maps(solver, arguments.seeds, arguments.trials)
        compare_patterns(solver, arguments.seeds, arguments.trials)
        compare_helmets(solver, arguments.seeds, arguments.trials)
