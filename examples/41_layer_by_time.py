"""
.. _layer-by-time:

Which layer, when?
==================

Does the recording follow shallow layers first and deep layers later, as the ventral
stream would? You learn to score every layer in every window of time, to test the map
over subjects, and to test one layer against another.
"""

# %%
# Six people in two stages
# ------------------------
# The signal of six simulated people follows the first layer of ``"gabor/v1"`` from 100
# to 200 ms, and the fifth from 300 to 400 ms. Each person has a mixing of their own.

import tempfile

import mne
import numpy as np
import pandas as pd

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.datasets import draw_pictures
from mne_shallowalign.features import extract_features
from mne_shallowalign.inspection import layer_by_time, layer_time_clusters
from mne_shallowalign.viz import plot_layer_by_time

folder = tempfile.TemporaryDirectory()
pictures = draw_pictures(folder.name, n_concepts=40, n_per_concept=4)
backbone = load_backbone("gabor/v1")
features = extract_features(pictures, backbone, cache_dir=False)
layers = [(table - table.mean(0)) / table.std(0) for table in features.values()]
concepts = [picture.parent.name for picture in pictures]
info = mne.create_info(16, 100.0, "eeg")


def simulate(subject):
    """Simulate the epochs of one person."""
    rng = np.random.default_rng(subject)
    signal = rng.standard_normal((len(pictures), 16, 70))
    for layer, start in ((0, 30), (4, 50)):  # samples, from -200 ms on
        mixing = rng.standard_normal((layers[layer].shape[1], 16))
        drive = layers[layer] @ mixing
        signal[:, :, start : start + 10] += 0.6 * (drive / drive.std())[:, :, None]
    metadata = pd.DataFrame({"concept": concepts, "subject": f"{subject:02}"})
    return mne.EpochsArray(1e-6 * signal, info, tmin=-0.2, metadata=metadata)


epochs = mne.concatenate_epochs([simulate(subject) for subject in range(1, 7)])

# %%
# Every window and layer
# ----------------------
# A decoder is fitted for each person, window of 60 ms and layer, and tested on held-out
# concepts. All layers share one factorisation of the signal of a window, so that ridge
# regression takes about as long for six as for one. The table is tidy.

decoder = ShallowAlignDecoder(backbone, solver="ridge", alpha=300.0)
table = layer_by_time(
    decoder,
    epochs,
    np.tile([str(picture) for picture in pictures], 6),
    window=0.06,
    step=0.04,
    scoring="mrr",
    cv=4,
)
table.head()

# %%
# The map
# -------
# :func:`~mne_shallowalign.inspection.layer_time_clusters` flips the signs of whole
# subjects; what is in no cluster is hatched. Neighbouring layers have much in common
# and are decoded together: look at the best layer of each window.

clusters = layer_time_clusters(table, n_permutations="all")
plot_layer_by_time(table, clusters, score="mean reciprocal rank", time_unit="ms")

# %%
# One layer against another
# -------------------------
# That one is above chance and another is not does not make them differ. Test the
# difference:

first, fifth = backbone.layers[0], backbone.layers[4]
contrast = layer_time_clusters(table, (first, fifth), n_permutations="all")
# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
contrast[contrast["p"] < 0.05].round(3)
