"""Provider ``open_clip/<architecture>[.<tag>]``: the image towers of CLIP models."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.convert import convert_state_dict
from open_clip.model import CLIP, resize_pos_embed
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from torch import Tensor, nn

from .._registry import suggest
from ._base import Backbone
from ._hooks import HookStack
from ._hub import HubWeights, pin_later
from ._paper import LICENSES
from ._preprocess import build_preprocess
from ._stack import FINAL, LayerOutput, LayerStack, check_granularity, measure_widths
from ._state_dict import StateDict, build_empty, load_strictly, read_state_dict
from ._timm import feature_modules, splits_prefix, stage_modules
from ._weights import downloading, parse_weights, random_seed, seeded

# The text tower is not needed: the smallest one that open_clip can build.
NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}


def provide(
    model: str,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    revision: str | None = None,
    input_size: int | None = None,
    granularity: str = "stage",
) -> Backbone:
    """Describe the image tower of an OpenCLIP model.

    Parameters
    ----------
    model : str
        Architecture and tag, ``"ViT-B-16.laion2b_s34b_b88k"``. The tag may be left out
        with local or random weights.
    weights : str | Path
        See :func:`mne_shallowalign.load_backbone`. Files may hold the whole CLIP model
        or its image tower.
    preprocess : callable | None
        None for the preprocessing that the weights were published with.
    revision : str | None
        Commit, branch or tag of the repository on the hub; None for ``"main"``.
    input_size : int | None
        Side of the input in pixels; None for the model's own. Position embeddings are
        resampled.
    granularity : "stage" | "block"
        Whether a layer of a ResNet is one of its four stages or one residual block. A
        transformer's layers are its blocks either way.

    Returns
    -------
    backbone : Backbone
        The description. ``"final"`` is ``encode_image`` without normalisation.
    """
    check_granularity(granularity)
    architecture, _, tag = model.partition(".")
    cfg = _tag_config(architecture, tag)
    layers, widths, final_width, size, n_parameters = _describe(
        architecture, tag, input_size, granularity
    )
    hub = _hub_weights(cfg, revision or "main")
    weights, pinned_by = parse_weights(weights, hub or cfg.get("url"), revision)
    name = f"open_clip/{model}"
    options: dict[str, Any] = {"input_size": input_size, "granularity": granularity}
    describe = partial(provide, model, preprocess=preprocess, **options)
    return Backbone(
        name=name,
        layers=layers,
        widths=widths,
        final_width=final_width,
        input_size=size,
        n_parameters=n_parameters,
        license=LICENSES.get(name),
        weights=weights,
        weights_revision=pinned_by,
        preprocess=preprocess or _preprocess(cfg, size),
        loader=partial(_load, architecture, tag, weights, hub, **options),
        options=options,
        pin=pin_later(name, weights, hub, describe),
    )


def list_models() -> list[str]:
    """List every OpenCLIP model that has published weights."""
    return [f"{model}.{tag}" for model, tag in open_clip.list_pretrained()]


provide.list_models = list_models  # type: ignore[attr-defined]  # of a function


class OpenClipStack(LayerStack):
    """An OpenCLIP image tower run through its ``forward_intermediates``.

    Parameters
    ----------
    visual : nn.Module
        The image tower.
    layers : sequence of str
        Names of its blocks.
    """

    def __init__(self, visual: nn.Module, layers: list[str]) -> None:
        super().__init__(layers)
        self.visual: Any = visual  # towers share methods, but no class
        self.offset = 0
        self.has_prefix = True
        if isinstance(visual, TimmModel):
            self.offset = len(feature_modules(visual.trunk)) - len(layers)
            self.has_prefix = splits_prefix(visual.trunk)

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Run the tower up to the deepest layer asked for."""
        result = self.visual.forward_intermediates(
            images,
            indices=[
                self.layers.index(layer) + self.offset
                for layer in layers or self.layers[-1:]
            ],
            stop_early=not final,
            intermediates_only=not final,
            output_fmt="NCHW",
            output_extra_tokens=self.has_prefix,
        )
        maps = result["image_intermediates"]
        prefixes = result.get("image_intermediates_prefix") or [None] * len(maps)
        outputs = {
            layer: LayerOutput.from_map(x, prefix)
            for layer, x, prefix in zip(layers, maps, prefixes, strict=False)
        }
        if final:
            outputs[FINAL] = LayerOutput.from_tokens(result["image_features"][:, None])
        return outputs


def _tag_config(architecture: str, tag: str) -> dict[str, Any]:
    if architecture not in open_clip.list_models():
        raise ValueError(
            f"open_clip has no model {architecture!r}. "
            + suggest(architecture, open_clip.list_models())
        )
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tag and tag not in tags:
        raise ValueError(
            f"open_clip's {architecture} has no weights {tag!r}. {suggest(tag, tags)}"
        )
    return open_clip.get_pretrained_cfg(architecture, tag) if tag else {}


def _hub_weights(cfg: dict[str, Any], revision: str) -> HubWeights | None:
    if not cfg.get("hf_hub"):
        return None
    repo, _, name = cfg["hf_hub"].rpartition("/")
    files = (f"{Path(name).stem}.safetensors", name)
    if not name:
        files = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    return HubWeights(repo, files, "open_clip_config.json", revision)


@lru_cache(maxsize=64)
def _describe(
    architecture: str, tag: str, input_size: int | None, granularity: str
) -> tuple[Any, ...]:
    """Learn all that is known without weights, on torch's meta device."""
    with torch.device("meta"):
        clip = _build(architecture, tag, input_size)
    _resize_trunk(clip.visual, input_size)
    size = clip.visual.image_size
    size = size[0] if isinstance(size, tuple) else size
    stack = _stack(clip.visual, granularity)
    n_parameters = sum(p.numel() for p in stack.parameters())
    return stack.layers, *measure_widths(stack, size), size, n_parameters


def _build(architecture: str, tag: str, input_size: int | None) -> CLIP:
    config = open_clip.get_model_config(architecture)
    vision = {**config["vision_cfg"], "timm_model_pretrained": False}
    if input_size is not None:
        vision["image_size"] = input_size
    trained_with = _tag_config(architecture, tag) if tag else config
    quick_gelu = trained_with.get("quick_gelu", False)
    return CLIP(config["embed_dim"], vision, NO_TEXT, quick_gelu=quick_gelu)


def _resize_trunk(visual: nn.Module, input_size: int | None) -> None:
    """Resample a timm trunk, which is built and loaded at its own size."""
    if input_size is not None and isinstance(visual, TimmModel):
        visual.set_input_size(input_size)


def _stack(visual: nn.Module, granularity: str) -> LayerStack:
    if isinstance(visual, ModifiedResNet):
        stages = [f"layer{i}" for i in range(1, 5)]
        if granularity == "block":
            stages = [
                f"{stage}.{block}"
                for stage in stages
                for block, _ in visual.get_submodule(stage).named_children()
            ]
        return HookStack(visual, stages)
    if isinstance(visual, TimmModel):
        names = [f"trunk.{name}" for name in stage_modules(visual.trunk)]
    else:
        blocks = visual.get_submodule("transformer.resblocks")
        names = [f"transformer.resblocks.{i}" for i, _ in blocks.named_children()]
    return OpenClipStack(visual, names)


def _load(
    architecture: str,
    tag: str,
    weights: str,
    hub: HubWeights | None,
    input_size: int | None,
    granularity: str,
) -> LayerStack:
    build = partial(_build, architecture, tag, input_size)
    if random_seed(weights) is not None:
        with seeded(weights):
            clip = build()
    else:
        path = _fetch(architecture, tag, hub) if weights == "hub" else weights
        with seeded(weights):
            clip = build_empty(build)
        state = _visual_only(read_state_dict(path), clip)
        load_strictly(clip.visual, state, path)
    _resize_trunk(clip.visual, input_size)
    return _stack(clip.visual, granularity)


def _fetch(architecture: str, tag: str, hub: HubWeights | None) -> str | Path:
    with downloading(f"open_clip/{architecture}.{tag}"):
        if hub is None:
            return open_clip.download_pretrained(_tag_config(architecture, tag))
        return hub.fetch()


def _visual_only(state: StateDict, clip: CLIP) -> StateDict:
    """Keep the image tower of a CLIP checkpoint, at the size that it will see."""
    state = convert_state_dict(clip, state)
    if not any(key.startswith("visual.") for key in state):
        state = {f"visual.{key}": value for key, value in state.items()}
    resize_pos_embed(state, clip)
    return {
        key.removeprefix("visual."): value
        for key, value in state.items()
        if key.startswith("visual.")
    }


def _preprocess(cfg: dict[str, Any], size: int) -> Callable[[Any], Tensor]:
    defaults = {
        "mean": open_clip.OPENAI_DATASET_MEAN,
        "std": open_clip.OPENAI_DATASET_STD,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    cfg = {**defaults, **cfg}
    return build_preprocess(
        size,
        interpolation=cfg["interpolation"],
        mean=cfg["mean"],
        std=cfg["std"],
        squash=cfg["resize_mode"] == "squash",
    )
