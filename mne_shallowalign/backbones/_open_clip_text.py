"""The text tower of an OpenCLIP model, with the weights of its image tower."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import open_clip
import torch
from open_clip import CLIP, CoCa, CustomTextCLIP

from ._base import Backbone
from ._open_clip import _fetch, _hub_weights, _tag_config
from ._weights import random_seed, seeded

PROVIDER = "open_clip"
BATCH = 256


@torch.no_grad()
def encode_text(
    backbone: Backbone, captions: Sequence[str], device: str = "cpu"
) -> np.ndarray:
    """Take captions through the text tower that an image tower was trained with.

    Parameters
    ----------
    backbone : Backbone
        A model of the provider ``open_clip``, such as ``load_backbone("vit-h-14")``;
        the weights are those that it has, of the same commit.
    captions : sequence of str
        The captions.
    device : str
        Where to compute. Default ``"cpu"``.

    Returns
    -------
    features : array of float32, shape (n, width)
        As wide as ``"final"`` of the image tower, and not normalised.

    Raises
    ------
    ValueError
        If the backbone has no text tower.
    """
    provider, _, model = backbone.name.partition("/")
    if provider != PROVIDER:
        raise ValueError(
            f"{backbone.name} has no text tower: use a backbone of the provider "
            "'open_clip', see list_backbones('open_clip/*')."
        )
    architecture, _, tag = model.partition(".")
    clip = _load_clip(backbone, architecture, tag).eval().to(device)
    tokens = open_clip.get_tokenizer(architecture)(list(captions))
    parts = [clip.encode_text(part.to(device)).cpu() for part in tokens.split(BATCH)]
    return torch.cat(parts).float().numpy()


def _load_clip(
    backbone: Backbone, architecture: str, tag: str
) -> CLIP | CoCa | CustomTextCLIP:
    tag_config = _tag_config(architecture, tag)
    path: str | Path | None = backbone.weights
    if path == "hub":
        hub = _hub_weights(tag_config, backbone.commit or "main")
        path = _fetch(architecture, tag, hub)
    elif random_seed(backbone.weights) is not None:
        path = None
    with seeded(backbone.weights):
        return open_clip.create_model(
            architecture,
            path and str(path),
            force_quick_gelu=tag_config.get("quick_gelu", False),
        )
