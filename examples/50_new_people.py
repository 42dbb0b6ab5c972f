"""
.. _new-people:

New people, and their first minutes
===================================

A decoder that was trained on others is not at home in a new head. You learn to leave
one person out at a time, and to see what the first minutes of the new person bring.
"""

# %%
# Five people, the same pictures
# ------------------------------
# All see the same 200 pictures, 150 for training and 50 for the test. The response of
# each, in eight sensors, is half of what all have in common and half of their own, at a
# loudness of their own.

import copy

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import LeaveOneGroupOut

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.preprocessing import SubjectStandardizer

rng = np.random.default_rng(1)
n_people, n_pictures, width = 5, 200, 32
features = rng.standard_normal((n_pictures, width))  # of the true layer
common, *own = rng.standard_normal((1 + n_people, width, 8 * 12)) / np.sqrt(width)
signals = []
for mixing in own:
    signal = features @ (common + mixing)
    signal += 1.5 * rng.standard_normal(signal.shape)
    signals.append(10 ** rng.uniform(-0.5, 0.5) * signal)
X = np.concatenate(signals).reshape(-1, 8, 12)
images = np.tile(features, (n_people, 1))
picture = np.tile(np.arange(n_pictures), n_people)
subject = np.repeat(np.arange(n_people), n_pictures)

# %%
# Leave one person out
# --------------------
# ``LeaveOneGroupOut`` gives the folds. Of the others only the training pictures are
# taken: a test picture that was seen in somebody else's training would be no new
# picture. :class:`~mne_shallowalign.preprocessing.SubjectStandardizer` brings everyone
# to one loudness; that of the new person is learnt from the first ten trials, which are
# not scored.

decoder = ShallowAlignDecoder(
    lr=1e-3, batch_size=50, max_epochs=8, n_components=32, random_state=0
)
test = picture >= 150
trained, homes = [], []
for others, new in LeaveOneGroupOut().split(X, images, subject):
    others = others[~test[others]]
    scaled = SubjectStandardizer().fit_transform(X[others], subjects=subject[others])
    trained.append(copy.deepcopy(decoder.fit(scaled, images[others])))
    homes.append(SubjectStandardizer().fit(X[new[:10]]).transform(X[new]))


def top5(fitted, signal):
    """Score the test pictures of a person."""
    return np.mean(fitted.ranks(signal[150:], features[150:]) <= 5)


before = [top5(fitted, home) for fitted, home in zip(trained, homes, strict=True)]
print(f"top-5 of 50 (chance 10%): {', '.join(f'{share:.0%}' for share in before)}")

# %%
# The first minutes
# -----------------
# ``warm_start=True`` goes on from the weights of the others, with the scales of the new
# person. With one picture every three seconds, 20 trials are a minute. To compare: a
# decoder that starts from nothing, with the same trials.

minutes = [0.5, 1, 2, 4, 7.5]
calibrated, alone = np.empty((2, len(minutes), n_people))
for row, minute in enumerate(minutes):
    first = slice(0, int(20 * minute))
    for person, home in enumerate(homes):
        warm = copy.deepcopy(trained[person])
        warm.set_params(warm_start=True, batch_size=10)
        warm.fit(home[first], features[first])
        calibrated[row, person] = top5(warm, home)
        decoder.set_params(batch_size=10).fit(home[first], features[first])
        alone[row, person] = top5(decoder, home)

# %%
# What they bring
# ---------------
# Thin lines are people, thick lines their mean.

fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
for scores, color, label in (
    (np.vstack([before, calibrated]), "C0", "trained on others, then on the minutes"),
    (np.vstack([np.full(n_people, 0.1), alone]), "C1", "trained on the minutes alone"),
):
    ax.plot([0, *minutes], 100 * scores, color=color, alpha=0.3, linewidth=1)
    ax.plot([0, *minutes], 100 * scores.mean(1), "o-", color=color, label=label)
ax.axhline(10, color="k", linestyle=":")
ax.text(7.5, 9, "chance", ha="right", va="top")
ax.set(xlabel="minutes of the new person", ylabel="top-5 of 50 (%)", ylim=(0, 100))
_ = fig.legend(loc="outside upper center", ncols=2)

# %%
# ``partial_fit`` also goes on, but with the scales as they were: for more data of a
# person whom the decoder knows. In a study with real people, compare subject by subject
# (:doc:`51_how_sure`).
