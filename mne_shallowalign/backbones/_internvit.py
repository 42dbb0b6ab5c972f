"""Provider ``internvit/<version>``: InternViT-6B at 448 pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from .._registry import suggest
from ._base import Backbone
from ._hub import HubWeights, pin_later
from ._module import IMAGENET_MEAN, IMAGENET_STD
from ._preprocess import build_preprocess
from ._stack import LayerStack, check_granularity, measure_widths
from ._state_dict import StateDict, build_empty, load_strictly, read_state_dict
from ._timm import Net, TimmStack
from ._weights import downloading, parse_weights, random_seed, seeded

# Repositories and the commits that published reproductions of the field pin.
VERSIONS = {
    "v1.2": (
        "OpenGVLab/InternViT-6B-448px-V1-2",
        "bf98122f0711e8a759f7ecdbb53189ff3bc9ca60",
    ),
    "v1.5": (
        "OpenGVLab/InternViT-6B-448px-V1-5",
        "03e138c81d3fd538c77439fd43a42c067d827427",
    ),
    "v2.5": (
        "OpenGVLab/InternViT-6B-448px-V2_5",
        "9d1a4344077479c93d42584b6941c64d795d508d",
    ),
}
# What all versions have in common, from the published config.json.
ARCHITECTURE = {
    "img_size": 448,
    "patch_size": 14,
    "embed_dim": 3200,
    "depth": 45,
    "num_heads": 25,
    "mlp_ratio": 4,
}
EPSILON = 1e-6
# Published key names, and those of the same tensors here.
RENAMED = {
    "embeddings.class_embedding": "cls_token",
    "embeddings.position_embedding": "pos_embed",
    "embeddings.patch_embedding.": "patch_embed.proj.",
    "encoder.layers.": "blocks.",
}


def provide(
    model: str,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    revision: str | None = None,
    input_size: int | None = None,
    granularity: str = "stage",
) -> Backbone:
    """Describe InternViT-6B, 45 blocks and 5.54 billion parameters.

    Parameters
    ----------
    model : str
        The version: ``"v1.2"``, ``"v1.5"`` or ``"v2.5"``.
    weights : str | Path
        See :func:`mne_shallowalign.load_backbone`. The published shards with their
        index, or one file with the same keys.
    preprocess : callable | None
        None for the published one: 448 pixels, bicubic, ImageNet's normalisation.
    revision : str | None
        Commit, branch or tag of the repository on the hub; None for a commit that is
        known to hold the published weights.
    input_size : int | None
        Side of the input in pixels, a multiple of 14; None for 448. Position embeddings
        are resampled as the published code does, bicubically.
    granularity : "stage" | "block"
        Its layers are its blocks either way.

    Returns
    -------
    backbone : Backbone
        The description. ``"final"`` is the class token of the last block: there is no
        norm and no head after it.

    References
    ----------
    Chen et al. (2024), InternVL, CVPR, pp. 24185-24198; the sizes and key names are
    those of the repositories in ``VERSIONS``.
    """
    check_granularity(granularity)
    if model not in VERSIONS:
        raise ValueError(
            f"Unknown backbone 'internvit/{model}'. {suggest(model, list(VERSIONS))}"
        )
    repo, commit = VERSIONS[model]
    hub = HubWeights(
        repo, ("model.safetensors.index.json",), revision=revision or commit
    )
    weights, pinned_by = parse_weights(weights, hub, revision)
    size = input_size or ARCHITECTURE["img_size"]
    layers, widths, final_width, n_parameters = _describe(
        **{**ARCHITECTURE, "img_size": size}
    )
    name = f"internvit/{model}"
    options: dict[str, Any] = {"input_size": input_size, "granularity": granularity}
    describe = partial(provide, model, preprocess=preprocess, **options)
    return Backbone(
        name=name,
        layers=layers,
        widths=widths,
        final_width=final_width,
        input_size=size,
        n_parameters=n_parameters,
        license="mit",
        weights=weights,
        weights_revision=pinned_by,
        preprocess=preprocess
        or build_preprocess(size, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        loader=partial(_load, model, weights, hub, size),
        options=options,
        pin=pin_later(name, weights, hub, describe),
    )


def list_models() -> list[str]:
    """List the versions."""
    return list(VERSIONS)


provide.list_models = list_models  # type: ignore[attr-defined]  # of a function


class RMSNorm(nn.Module):
    r"""Scale vectors to a root mean square of one, then by a gain.

    .. math:: g\, x / \sqrt{\mathrm{mean}(x^2) + 10^{-6}}

    Computed in float32 whatever the dtype, as the published model does.

    Parameters
    ----------
    width : int
        Length of the vectors.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis."""
        normed = functional.rms_norm(x.float(), x.shape[-1:], eps=EPSILON)
        return normed.to(x.dtype) * self.weight


class AcrossHeads(RMSNorm):
    """The same for queries and keys, over all heads together."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n_images, n_heads, n_tokens, width / n_heads)."""
        n_heads = x.shape[1]
        joined = super().forward(x.transpose(1, 2).flatten(2))
        return joined.unflatten(2, (n_heads, -1)).transpose(1, 2)


def build(**architecture: Any) -> TimmStack:
    """Build the model.

    Parameters
    ----------
    **architecture : dict
        As ``ARCHITECTURE``.

    Returns
    -------
    stack : TimmStack
        With random weights.
    """
    net: Net = VisionTransformer(
        **architecture,
        num_classes=0,
        qkv_bias=False,
        init_values=0.1,
        final_norm=False,
    )
    for block in net.blocks:
        block.norm1, block.norm2 = RMSNorm(net.embed_dim), RMSNorm(net.embed_dim)
        block.attn.q_norm = AcrossHeads(net.embed_dim)
        block.attn.k_norm = AcrossHeads(net.embed_dim)
    return TimmStack(net, [f"blocks.{i}" for i in range(len(net.blocks))])


@lru_cache(maxsize=8)
def _describe(**architecture: Any) -> tuple[Any, ...]:
    with torch.device("meta"):
        stack = build(**architecture)
    n_parameters = sum(p.numel() for p in stack.parameters())
    widths, final_width = measure_widths(stack, architecture["img_size"])
    return stack.layers, widths, final_width, n_parameters


def _load(model: str, weights: str, hub: HubWeights, size: int) -> LayerStack:
    construct = partial(build, **{**ARCHITECTURE, "img_size": size})
    if random_seed(weights) is not None:
        with seeded(weights):
            return construct()
    with seeded(weights):
        stack = build_empty(construct)
    path: str | Path = weights
    if weights == "hub":
        with downloading(f"internvit/{model}"):
            path = hub.fetch()
    load_strictly(stack.model, _renamed(read_state_dict(path), stack.model), path)
    return stack


def _renamed(state: StateDict, net: Net) -> StateDict:
    for theirs, ours in RENAMED.items():
        state = {
            ours + key.removeprefix(theirs) if key.startswith(theirs) else key: value
            for key, value in state.items()
        }
    # here the two scales of a block are modules
    state = {
        f"{key}.gamma" if key.endswith((".ls1", ".ls2")) else key: value
        for key, value in state.items()
    }
    position = state.get("pos_embed")
    if position is not None and position.shape != net.pos_embed.shape:
        state["pos_embed"] = resample_abs_pos_embed(
            position, list(net.patch_embed.grid_size), antialias=False
        )
    return state
