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
