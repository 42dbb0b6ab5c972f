"""How often confidence intervals of a top-1 accuracy cover the truth.

    python benchmarks/coverage.py [--studies 1000] [--seed 0] [--subjects 10]

A study has 10 subjects (or as many as asked for) x 200 pictures x 5 seeds. A query is
right when the sum of effects of subject, picture, their interaction (the recorded
trial) and the seed, all normal, exceeds a threshold; so the accuracy in the
populations of people and pictures is known in closed form. Printed is the share of
the studies whose interval holds it, and the mean width of the interval:

- ``crossed``: ``retrieval.score_interval``
- ``pigeonhole``: percentiles of the bootstrap of Owen (2007), subjects and pictures
  drawn anew, independently, 500 times
- ``subjects``: Student's t over subject means, as if every subject had own pictures
- ``binomial``: Wilson's interval of 10,000 queries, as if all were independent
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import norm, t

from mne_shallowalign.retrieval import proportion_interval, score_interval

N_SUBJECTS, N_IMAGES, N_SEEDS, N_RESAMPLES = 10, 200, 5, 500
#: Accuracy, and the standard deviations of the effects of subject, picture and trial,
#: in units of that of the seed.
SETTINGS = {
    "balanced, 0.6": (0.6, 0.5, 0.8, 1.0),
    "people differ, 0.6": (0.6, 1.2, 0.3, 1.0),
    "pictures differ, 0.6": (0.6, 0.1, 1.5, 1.0),
    "hard, 0.15": (0.15, 0.5, 0.8, 1.0),
    "easy, 0.92": (0.92, 0.5, 0.8, 1.0),
    "no effect, 0.5": (0.5, 0.0, 0.0, 0.0),
    "rare, 0.03": (0.03, 0.5, 0.8, 1.0),
}


def simulate(
    setting, rng: np.random.Generator, n_subjects: int = N_SUBJECTS
) -> tuple[np.ndarray, float]:
    """Draw hits (n_subjects, n_images, n_seeds) and return them with the truth."""
    accuracy, by_subject, by_image, by_trial = setting
    total = np.sqrt(1 + by_subject**2 + by_image**2 + by_trial**2)
    hidden = norm.ppf(accuracy) * total + (
        by_subject * rng.standard_normal((n_subjects, 1, 1))
        + by_image * rng.standard_normal((1, N_IMAGES, 1))
        + by_trial * rng.standard_normal((n_subjects, N_IMAGES, 1))
        + rng.standard_normal((n_subjects, N_IMAGES, N_SEEDS))
    )
    return hidden > 0, accuracy


def crossed(hits, confidence, rng):
    subjects, images, _ = np.indices(hits.shape)
    return score_interval(
        hits.ravel(),
        images=images.ravel(),
        subjects=subjects.ravel(),
        confidence=confidence,
    )[1:]


def pigeonhole(hits, confidence, rng):
    table = hits.mean(axis=2)
    people, images = (
        rng.multinomial(n, np.full(n, 1 / n), N_RESAMPLES) for n in table.shape
    )
    means = np.einsum("bs,bi,si->b", people, images, table, optimize=True) / table.size
    return np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])


def subjects(hits, confidence, rng):
    means = hits.mean(axis=(1, 2))
    half = t.ppf((1 + confidence) / 2, len(means) - 1)
    half *= means.std(ddof=1) / np.sqrt(len(means))
    return means.mean() - half, means.mean() + half


def binomial(hits, confidence, rng):
    return proportion_interval(int(hits.sum()), hits.size, confidence)


METHODS = (crossed, pigeonhole, subjects, binomial)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--subjects", type=int, default=N_SUBJECTS)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    error = np.sqrt(0.95 * 0.05 / args.studies)
    print(
        f"{args.studies} studies each; standard error of a share near .95: {error:.3f}"
    )
    for confidence in (0.90, 0.95):
        print(f"\nnominal {confidence:.2f}: share that covers (mean width)")
        print(f"{'':22}" + "".join(f"{method.__name__:>16}" for method in METHODS))
        for name, setting in SETTINGS.items():
            studies = [
                simulate(setting, rng, args.subjects) for _ in range(args.studies)
            ]
            cells = []
            for method in METHODS:
                bounds = np.array([method(h, confidence, rng) for h, _ in studies])
                truth = np.array([truth for _, truth in studies])
                share = np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
                width = np.mean(np.diff(bounds))
                cells.append(f"{f'{share:.3f} ({width:.3f})':>16}")
            print(f"{name:22}" + "".join(cells))


if __name__ == "__main__":
    main()
