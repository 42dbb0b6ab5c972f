"""
.. _how-sure:

A score, and how sure it is
===========================

"42 %" says little. You learn to say of how many candidates, how sure, for whom, and
with how many repetitions; and to compare two systems over people.
"""

# %%
# Six people
# ----------
# They see the same 160 pictures, of which 60 are the test set, eight times each; some
# of them give a clearer signal than others. Two systems are compared: a decoder of the
# true layer, and one of a layer that has only half of its features.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.retrieval import (
    compare_paired,
    gallery_size_curve,
    permutation_chance,
    proportion_interval,
    repetition_curve,
    score_interval,
    score_similarity,
)

rng = np.random.default_rng(0)
n_people, n_pictures, n_repetitions, width = 6, 160, 8, 24
features = rng.standard_normal((n_pictures, width))
half = features[:, ::2]
train, test = np.arange(100), np.arange(100, n_pictures)
ridge = ShallowAlignDecoder(solver="ridge", random_state=0)


def record():
    """Give single trials ``(picture, repetition, channel, time)`` of a new person."""
    clean = features @ rng.standard_normal((width, 8 * 10)) / np.sqrt(width)
    trials = np.repeat(clean[:, None], n_repetitions, axis=1)
    trials = trials + rng.uniform(3, 7) * rng.standard_normal(trials.shape)
    return trials.reshape(*trials.shape[:2], 8, 10)


recordings = [record() for _ in range(n_people)]
evoked = [trials.mean(1) for trials in recordings]

# %%
# All numbers of one person
# -------------------------

ridge.fit(evoked[0][train], features[train])
similarity = ridge.decision_function(evoked[0][test], features[test])
truth = np.arange(len(test))
for name, value in score_similarity(similarity, truth).items():
    print(f"{name:12} {value:.3f}")
chance = permutation_chance(similarity, truth, metric="top1", n_permutations=999)
print(f"top-1 {chance.observed:.2f}, chance {chance.chance:.3f}, p = {chance.p_value}")

# %%
# For other people and other pictures
# -----------------------------------
# All hits of all people: they are not as many independent queries as there are rows,
# for people differ, and so do pictures. ``score_interval`` takes both into account.

rows = []
for person, signal in enumerate(evoked):
    for system, target in (("whole", features), ("half", half)):
        ridge.fit(signal[train], target[train])
        ranks = ridge.ranks(signal[test], target[test])
        rows += [(system, person, p, r <= 1) for p, r in zip(test, ranks, strict=True)]
hits = pd.DataFrame(rows, columns=["system", "subject", "image", "hit"])
whole = hits.query("system == 'whole'")
estimate, low, high = score_interval(
    whole["hit"], subjects=whole["subject"], images=whole["image"]
)
print(f"top-1 {estimate:.2f}, for other people and pictures {low:.2f} to {high:.2f}")
low, high = proportion_interval(int(whole["hit"].sum()), len(whole))
print(f"as if all queries were independent: {low:.2f} to {high:.2f}, too narrow")

# %%
# Is one system better?
# ---------------------
# Person by person. With six people no p-value can be below 2 / 2\ :sup:`6` = .031.

by_person = hits.groupby(["system", "subject"])["hit"].mean().unstack("system")
found = compare_paired(by_person["whole"], by_person["half"])
print(f"{found.difference:+.2f} ({found.low:.2f} to {found.high:.2f})")
print(f"sign flips: p = {found.p_sign_flip:.3f}")

# %%
# How many candidates, how many repetitions
# -----------------------------------------
# A score is of a gallery of some size, and of queries that are averages of some number
# of trials. Both curves come from the decoder that there is.

sizes = gallery_size_curve(similarity, truth, [2, 5, 10, 20, 40, 60])
ridge.fit(evoked[0][train], features[train])
repetitions = repetition_curve(
    ridge,
    recordings[0][test].reshape(-1, 8, 10),
    np.repeat(features[test], n_repetitions, axis=0),
    [1, 2, 4, 8],
)
fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.4), sharey=True, layout="constrained"
)
for ax, curve, x, label in (
    (left, sizes, "size", "candidates"),
    (right, repetitions, "n_repetitions", "trials in a query"),
):
    ax.plot(curve[x], 100 * curve["top1"], "o-", color="C0")
    ax.fill_between(curve[x], 100 * curve["low"], 100 * curve["high"], alpha=0.2)
    ax.set(xlabel=label, xscale="log", ylim=(0, 100))
    ax.set_xticks(curve[x], curve[x])
    ax.minorticks_off()
left.plot(sizes["size"], 100 * sizes["chance"], "k:", label="chance")
left.set_ylabel("top-1 (%), one person")
right.axhline(100 / len(test), color="k", linestyle=":", label="chance")
_ = right.legend()

# %%
# :doc:`/user_guide/metrics` tells what each number means and when to report it.
