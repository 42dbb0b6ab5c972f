"""
.. _nod-shown:

NOD: a real result before lunch
===============================

One person of NOD-EEG, 171 MB in all, one layer and then all of them. This page is
shown, not run. You learn to fetch a person, to cross-validate by concept, and to let
the layer be found inside each fold. MEG of 30 people comes the same way, with
``fetch_nod_meg``.
"""

# %%
# Fetch
# -----
# 2,000 pictures of 1,000 classes of ImageNet, each seen once. Files are verified and
# kept in MNE's data folder, see :doc:`/user_guide/datasets`.

from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_validate

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.datasets import fetch_nod_eeg, load_nod_eeg
from mne_shallowalign.retrieval import rank_scorer

root = fetch_nod_eeg("10")
epochs = load_nod_eeg("10")
X = epochs.get_data()
images, concepts = epochs.metadata["image"], epochs.metadata["concept"]

# %%
# Decode
# ------
# There is no published split, so 200 of the 1,000 classes are held out at a time, and
# the right picture is one of 400. Trials are single: expect far less than of averages
# of 80.

decoder = ShallowAlignDecoder("vit-b-16", layer=6, image_root=root / "stimuli")
cv = GroupKFold(5)
scoring = {name: rank_scorer(name) for name in ("top1", "top5", "mrr")}
scores = cross_validate(decoder, X, images, groups=concepts, cv=cv, scoring=scoring)

# %%
# And the layer?
# --------------
# ``layer="auto"`` chooses it on the training classes of each fold, so that the folds'
# scores stay honest. What was chosen may differ between folds. A search that shows all
# layers is in :doc:`/auto_examples/20_layer_curve`.

auto = clone(decoder).set_params(layer="auto")
for train, test in cv.split(X, images, concepts):
    auto.fit(X[train], images.iloc[train], groups=concepts.iloc[train])
    print(auto.layer_, auto.score(X[test], images.iloc[test]))
