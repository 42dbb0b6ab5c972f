"""
.. _own-network:

Your own encoder, your own vision model
=======================================

Both ends of the decoder are open. You learn to put a network of yours where the
pictures come in, and another where the recording comes in, in a few lines of torch
each.
"""

# %%
# A vision model
# --------------
# Any ``torch.nn.Module`` that takes a batch of pictures and has named parts. This one
# has random weights, so that it knows nothing of pictures but their structure; yours
# would be trained. The layers are named in the order of a forward pass:

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn

from mne_shallowalign import (
    ShallowAlignDecoder,
    list_encoders,
    load_backbone,
    register_encoder,
)
from mne_shallowalign.datasets import load_bids, simulate_bids
from mne_shallowalign.preprocessing import average_repetitions

torch.manual_seed(0)
vision = nn.Sequential()
for block, (n_in, n_out) in enumerate([(3, 32), (32, 64), (64, 128)], start=1):
    convolution = nn.Conv2d(n_in, n_out, 5, stride=2)
    vision.add_module(f"block{block}", nn.Sequential(convolution, nn.ReLU()))

backbone = load_backbone(vision, layers=["block1", "block2", "block3"], input_size=96)
print(backbone.layers, backbone.widths)

# %%
# It goes where a name would go, in the simulation of somebody whose brain follows
# ``block2`` as in the decoder. ``layer`` is a name, a number or ``"auto"``, as ever.

folder = tempfile.TemporaryDirectory()
root = Path(folder.name) / "bids"
simulate_bids(
    root,
    backbone=backbone,
    layer="block2",
    n_concepts=50,
    n_test_concepts=15,
    random_state=0,
)
epochs = average_repetitions(load_bids(root, subject="01"))
train = epochs[epochs.metadata["split"] == "train"]
test = epochs[epochs.metadata["split"] == "test"]
images, test_images = train.metadata["image"], test.metadata["image"]

decoder = ShallowAlignDecoder(
    backbone,
    layer="auto",
    image_root=root / "stimuli",
    batch_size=100,
    lr=1e-3,
    max_epochs=30,
    random_state=0,
)
decoder.fit(train, images)
print(f"found: {decoder.layer_}")
fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.bar(decoder.screen_["layer"], decoder.screen_["mrr"])
ax.axhline(decoder.screen_["chance_mrr"][0], color="k", ls=":", label="chance")
ax.set(xlabel="layer", ylabel="mean reciprocal rank, held out")
_ = ax.legend()

# %%
# An encoder
# ----------
# A class or function that takes ``n_chans``, ``n_times`` and ``n_outputs`` and returns
# a ``torch.nn.Module`` from ``(batch, n_chans, n_times)`` to ``(batch, n_outputs)``.
# This one learns a few spatial filters first, and has far fewer weights than the
# default.


@register_encoder("spatial-first")
def spatial_first(n_chans, n_times, n_outputs, n_filters=8, drop_prob=0.3):
    """Filter in space, then in time, then map to the output."""
    return nn.Sequential(
        nn.Conv1d(n_chans, n_filters, 1),
        nn.Conv1d(n_filters, n_filters, 9, groups=n_filters, padding="same"),
        nn.GELU(),
        nn.Flatten(),
        nn.Dropout(drop_prob),
        nn.Linear(n_filters * n_times, n_outputs),
    )


print(list_encoders())

# %%
# Registered, it has a name, which saved decoders and the command line understand; the
# function itself works as well. ``encoder_params`` sets what is left.

for encoder, params in (("eegproject", None), ("spatial-first", {"n_filters": 12})):
    decoder.set_params(encoder=encoder, encoder_params=params).fit(train, images)
    n_weights = sum(weight.numel() for weight in decoder.encoder_.parameters())
    top5 = (decoder.ranks(test, test_images) <= 5).mean()
    print(f"{encoder}: {n_weights:,} weights, top-5 of {len(test)}: {top5:.0%}")

# %%
# To share such parts, put them into a package: :doc:`/user_guide/extending` has one,
# whole.

# sphinx_gallery_start_ignore
folder.cleanup()
# sphinx_gallery_end_ignore
