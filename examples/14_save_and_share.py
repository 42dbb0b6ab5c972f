"""
.. _save-and-share:

Save, load and share a decoder
==============================

You learn to keep a fitted decoder in one file that runs no code when it is opened, to
see what is in it, to use it on another machine, and what to write down with a result.
"""

# %%
# A fitted decoder
# ----------------

import json
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from safetensors import safe_open

from mne_shallowalign import ShallowAlignDecoder, read_decoder
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import average_repetitions

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "bids"
simulate_bids(root, n_concepts=40, n_test_concepts=10, random_state=0)
epochs = average_repetitions(load_bids(root, subject="01"))
train = epochs[epochs.metadata["split"] == "train"]
test = epochs[epochs.metadata["split"] == "test"]
decoder = ShallowAlignDecoder(
    "gabor/v1", layer=3, max_epochs=30, image_root=root / "stimuli", random_state=0
)
decoder.fit(train, train.metadata["image"])

# %%
# One file
# --------
# The file is in the format safetensors: arrays, and a header of JSON. There is no
# pickle in it, so that a file from somebody else is no risk.

file = Path(folder.name) / "sub-01.safetensors"
decoder.save(file)
print(f"{file.stat().st_size / 1e6:.1f} MB")

# %%
# Anything that reads safetensors can look into it. The header has the parameters, what
# was learnt besides weights, versions, the history of training, the names of the
# training pictures (but not the pictures), and ``mne.Info``: look before you share.

with safe_open(file, "np") as opened:
    header = json.loads(opened.metadata()["mne_shallowalign"])
    for name in list(opened.keys())[:3]:
        print(name, opened.get_tensor(name).shape)
print(*header)
print(header["params"]["layer"], header["versions"]["torch"])

# %%
# Read it, anywhere
# -----------------
# ``device`` says where it shall compute; a decoder from a GPU works without one. It
# gives the same similarities:

again = read_decoder(file, device="cpu")
images = test.metadata["image"].to_numpy()
same = np.allclose(again.transform(test), decoder.transform(test), atol=1e-5)
print(f"same vectors: {same}, top-1 of {len(images)}: {again.score(test, images):.0%}")

# %%
# Go on with it
# -------------
# ``partial_fit`` trains on, for instance on the next session of the same person. For
# another person see :doc:`50_new_people`.

again.set_params(max_epochs=2).partial_fit(train, train.metadata["image"])
losses = again.history_[:, "train_loss"]
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.plot(range(1, len(losses) + 1), losses)
ax.axvline(30.5, color="k", linestyle=":")
_ = ax.set(xlabel="epoch (dotted: saved and read)", ylabel="training loss")

# %%
# What to write down
# ------------------
# With a number, quote the backbone with the revision of its weights, layer, pooling,
# how the layer was chosen, the seed and how many candidates there were, and the
# versions, which :func:`~mne_shallowalign.sys_info` prints:

print(f"{again.backbone_.name}, {again.backbone_.weights_revision}, {again.layer_}")

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
