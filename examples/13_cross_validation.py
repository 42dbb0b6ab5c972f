"""
.. _cross-validation:

Cross-validation with scikit-learn
==================================

The decoder is a scikit-learn estimator. You learn to cross-validate it with whole
concepts held out, with several scores at a time, to search its parameters, and to put
what is learnt from the signal before it into the pipeline.
"""

# %%
# Arrays, paths and groups
# ------------------------
# Scikit-learn's tools want ``X``, ``y`` and ``groups``. Here these are the signals, the
# paths of the pictures, and their concepts.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    cross_val_score,
    cross_validate,
    permutation_test_score,
)
from sklearn.pipeline import make_pipeline

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import MVNNWhitener
from mne_shallowalign.retrieval import rank_scorer

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "bids"
simulate_bids(root, n_concepts=30, n_test_concepts=1, snr=0.4, random_state=0)
epochs = load_bids(root, subject="01").crop(0, 0.6)
images = epochs.metadata["image"].to_numpy()
concepts = epochs.metadata["concept"].to_numpy()
decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, solver="ridge", image_root=root / "stimuli", random_state=0
)

# %%
# One line
# --------
# ``GroupKFold`` holds out whole concepts. In each fold the candidates are the pictures
# of its test part.

X = epochs.get_data()
cv = GroupKFold(4)
top1 = cross_val_score(decoder, X, images, groups=concepts, cv=cv)
print(f"top-1 of the folds: {top1.round(2)}")

# %%
# Epochs themselves work as well: ``cross_val_score(decoder, epochs, images, ...)``.
# Scikit-learn indexes them one by one, though, which takes its time.
#
# Several scores
# --------------
# Of ranks, where less is better, scores are the negative.

scoring = {name: rank_scorer(name) for name in ("top1", "top5", "mrr", "mean_rank")}
results = cross_validate(decoder, X, images, groups=concepts, cv=cv, scoring=scoring)
pd.DataFrame(results).filter(like="test_").round(3)

# %%
# Hold out concepts, not trials
# -----------------------------
# With folds of trials, the second presentation of a picture, or another picture of its
# concept, may be among the training trials. Then the decoder need not know what a new
# thing looks like, and the score is of another, easier task. Two-way accuracy, by which
# galleries of different size compare (chance 50 %), shows it:

two_way = rank_scorer("two_way")
trials = KFold(4, shuffle=True, random_state=0)
mixed = cross_val_score(decoder, X, images, cv=trials, scoring=two_way)
apart = cross_val_score(decoder, X, images, groups=concepts, cv=cv, scoring=two_way)
print(f"trials held out:   {mixed.mean():.1%}")
print(f"concepts held out: {apart.mean():.1%}")

# %%
# Parameters
# ----------
# Layers, pooling and all else can be searched. Features are extracted once and read
# from the cache by every fit. For layers of a trained decoder
# :class:`~mne_shallowalign.LayerSearchCV` does the same in less time.

grid = {"layer": [1, 3, 5], "pooling": ["mean", "max"]}
search = GridSearchCV(decoder, grid, cv=cv, scoring=rank_scorer("mrr"))
search.fit(X, images, groups=concepts)
print(search.best_params_)
table = pd.DataFrame(search.cv_results_)
table = table.pivot(
    index="param_layer", columns="param_pooling", values="mean_test_score"
)
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
table.plot.bar(ax=ax, rot=0, xlabel="layer", ylabel="mean reciprocal rank, held out")
_ = ax.legend(title="pooling")

# %%
# In a pipeline
# -------------
# What is learnt from the signal belongs into the pipeline, so that every fold learns it
# from its own training trials.

pipeline = make_pipeline(MVNNWhitener(), decoder)
whitened = cross_val_score(pipeline, X, images, groups=concepts, cv=cv)
print(f"top-1: {top1.mean():.0%}, whitened {whitened.mean():.0%}")

# %%
# Is it above chance?
# -------------------
# A permutation test deals the pictures out anew and fits again, every time. The closed
# form makes that affordable.

once = GroupShuffleSplit(1, test_size=0.25, random_state=0)
score, permuted, p_value = permutation_test_score(
    decoder,
    X,
    images,
    cv=list(once.split(X, images, concepts)),
    n_permutations=19,
    random_state=0,
)
print(f"top-1 {score:.2f}, permuted {permuted.mean():.3f}, p = {p_value:.2f}")

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
