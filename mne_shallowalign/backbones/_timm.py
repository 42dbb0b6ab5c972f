"""Provider ``timm/<architecture>[.<tag>]``."""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from .._registry import suggest
from ._base import Backbone
from ._hooks import HookStack
from ._hub import HubWeights, pin_later
from ._preprocess import build_preprocess
from ._stack import FINAL, LayerOutput, LayerStack, check_granularity, measure_widths
from ._state_dict import build_empty, load_strictly, read_state_dict
from ._weights import downloading, parse_weights, random_seed, seeded

Net = Any  # timm's models share attributes and methods, but no class that has them


def provide(
    model: str,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    revision: str | None = None,
    input_size: int | None = None,
    granularity: str = "stage",
) -> Backbone:
    """Describe a model of timm.

    Parameters
    ----------
    model : str
        Architecture with or without tag, ``"vit_giant_patch14_dinov2.lvd142m"``.
    weights : str | Path
        See :func:`mne_shallowalign.load_backbone`.
    preprocess : callable | None
        None for the evaluation preprocessing that the weights were published with.
    revision : str | None
        Commit, branch or tag of the repository on the hub; None for ``"main"``.
    input_size : int | None
        Side of the input in pixels; None for the model's own. Position embeddings are
        resampled.
    granularity : "stage" | "block"
        What a layer of a convolutional or hierarchical model is: one of its stages (as
        the paper counts the four of a ResNet), or one residual block. EfficientNet-like
        models end with their head convolution (``"bn2"``). A plain transformer's layers
        are its blocks either way.

    Returns
    -------
    backbone : Backbone
        The description.
    """
    check_granularity(granularity)
    _check_name(model)
    layers, widths, final_width, size, n_parameters, cfg = _describe(
        model, input_size, granularity
    )
    hub = _hub_weights(cfg, revision or "main")
    weights, pinned_by = parse_weights(weights, hub or cfg["url"], revision)
    if weights == "hub" and "." not in model:
        model = f"{model}.{cfg['tag']}"
    name = f"timm/{model}"
    options: dict[str, Any] = {"input_size": input_size, "granularity": granularity}
    describe = partial(provide, model, preprocess=preprocess, **options)
    return Backbone(
        name=name,
        layers=layers,
        widths=widths,
        final_width=final_width,
        input_size=size,
        n_parameters=n_parameters,
        license=cfg["license"],
        weights=weights,
        weights_revision=pinned_by,
        preprocess=preprocess or _preprocess(cfg, size),
        loader=partial(_load, model, weights, hub, **options),
        options=options,
        pin=pin_later(name, weights, hub, describe),
    )


def list_models() -> list[str]:
    """List every timm model that has published weights."""
    return timm.list_pretrained()


provide.list_models = list_models  # type: ignore[attr-defined]  # of a function


class TimmStack(LayerStack):
    """A timm model run through its ``forward_intermediates``.

    Parameters
    ----------
    model : nn.Module
        A timm model.
    layers : sequence of str
        Module names from its ``feature_info``.
    """

    def __init__(self, model: Net, layers: list[str]) -> None:
        super().__init__(layers)
        self.model: Net = model
        modules = feature_modules(model)
        self.indices = {layer: modules.index(layer) for layer in layers}
        self.options = {"return_prefix_tokens": True} if splits_prefix(model) else {}

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Run the model up to the deepest layer asked for."""
        result = self.model.forward_intermediates(
            images,
            indices=[self.indices[layer] for layer in layers or self.layers[-1:]],
            norm=False,
            stop_early=not final,
            intermediates_only=not final,
            **self.options,
        )
        features, maps = result if final else (None, result)
        outputs = {
            layer: LayerOutput.from_map(*(m if isinstance(m, tuple) else (m,)))
            for layer, m in zip(layers, maps, strict=False)
        }
        if final:
            head = self.model.forward_head(features)
            outputs[FINAL] = LayerOutput.from_tokens(head.flatten(1)[:, None])
        return outputs


def _check_name(model: str) -> None:
    architecture, _, tag = model.partition(".")
    if not timm.is_model(architecture):
        raise ValueError(
            f"timm has no model {architecture!r}. "
            + suggest(architecture, timm.list_models())
        )
    tags = [m.partition(".")[2] for m in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise ValueError(
            f"timm's {architecture} has no weights {tag!r}. {suggest(tag, tags)}"
        )


def _hub_weights(cfg: dict[str, Any], revision: str) -> HubWeights | None:
    if not cfg["hf_hub_id"]:
        return None
    files: tuple[str, ...] = ("model.safetensors", "pytorch_model.bin")
    if cfg["hf_hub_filename"]:
        files = (cfg["hf_hub_filename"],)
    return HubWeights(cfg["hf_hub_id"], files, revision=revision)


@lru_cache(maxsize=64)
def _describe(model: str, input_size: int | None, granularity: str) -> tuple[Any, ...]:
    """Learn all that is known without weights, on torch's meta device."""
    with torch.device("meta"):
        stack = _build(model, input_size, granularity)
    net: Net = stack.model
    cfg = net.pretrained_cfg
    size = input_size or cfg["input_size"][-1]
    widths, final_width = measure_widths(stack, size)
    n_parameters = sum(p.numel() for p in stack.parameters())
    shown = ("crop_pct", "crop_mode", "interpolation", "mean", "std")
    known = (*shown, "hf_hub_id", "hf_hub_filename", "url", "tag", "license")
    cfg = {key: cfg.get(key) for key in known}
    return stack.layers, widths, final_width, size, n_parameters, cfg


def _build(
    model: str, input_size: int | None, granularity: str, **options: Any
) -> TimmStack | HookStack:
    sized: dict[str, Any] = {} if input_size is None else {"img_size": input_size}
    try:
        net: Net = timm.create_model(model, **options, **sized)
    except TypeError:  # fully convolutional: takes any size, and no such argument
        net = timm.create_model(model, **options)
    stages = stage_modules(net)
    if granularity == "stage" and hasattr(net, "forward_intermediates"):
        return TimmStack(net, stages)
    return HookStack(
        net,
        stages if granularity == "stage" else _block_modules(net, stages),
        n_prefix=getattr(net, "num_prefix_tokens", 0),
        channels_last=getattr(net, "output_fmt", "NCHW") == "NHWC",
    )


def feature_modules(net: Net) -> list[str]:
    """Name the modules whose outputs ``forward_intermediates`` counts."""
    infos = getattr(net.feature_info, "info", net.feature_info)
    return [info["module"] for info in infos]


def stage_modules(net: Net) -> list[str]:
    """Name the stages (or a transformer's blocks); the stem is none."""
    first, *others = names = feature_modules(net)
    return others if others and _family(first) != _family(others[0]) else names


def splits_prefix(net: Net) -> bool:
    """Tell whether ``forward_intermediates`` can return class and register tokens."""
    takes = inspect.signature(net.forward_intermediates).parameters
    return "return_prefix_tokens" in takes


def _family(name: str) -> str:
    """Strip the number, so that siblings read alike: ``blocks.3`` to ``blocks.``."""
    return re.sub(r"\d+$", "", name)


def _block_modules(net: Net, stages: list[str]) -> list[str]:
    """Name the blocks inside all stages (``feature_info`` skips some stages)."""
    family = Counter(map(_family, stages)).most_common(1)[0][0]
    names = []
    for stage, module in net.named_modules():
        if not re.fullmatch(re.escape(family) + r"\d+", stage):
            continue
        if hasattr(module, "blocks"):
            names += [
                f"{stage}.blocks.{child}" for child, _ in module.blocks.named_children()
            ]
        elif isinstance(module, nn.Sequential | nn.ModuleList):
            names += [f"{stage}.{child}" for child, _ in module.named_children()]
        else:
            names.append(stage)
    if hasattr(net, "conv_head") and hasattr(net, "bn2"):
        names.append("bn2")
    return names


def _load(
    model: str,
    weights: str,
    hub: HubWeights | None,
    input_size: int | None,
    granularity: str,
) -> LayerStack:
    build = partial(_build, model, input_size, granularity)
    if random_seed(weights) is not None:
        with seeded(weights):
            return build()
    with seeded(weights):
        stack = build_empty(build)
    if weights != "hub":
        # timm's convention for other key names and image sizes
        module = sys.modules[type(stack.model).__module__]
        convert = getattr(module, "checkpoint_filter_fn", None)
        load_strictly(stack.model, read_state_dict(weights), weights, convert)
        return stack
    with downloading(f"timm/{model}"):
        if hub is None:
            return build(pretrained=True)
        path = hub.fetch()
    state = read_state_dict(path)
    try:
        load_strictly(stack.model, state, path)
    except ValueError:  # another size or other keys, which timm knows how to adapt
        overlay = {"file": str(path), "custom_load": False}
        with seeded(weights):
            return build(pretrained=True, pretrained_cfg_overlay=overlay)
    return stack


def _preprocess(cfg: dict[str, Any], size: int) -> Callable[[Any], Tensor]:
    interpolation = cfg["interpolation"]
    return build_preprocess(
        size,
        crop_pct=cfg["crop_pct"],
        interpolation="bilinear" if interpolation == "random" else interpolation,
        mean=cfg["mean"],
        std=cfg["std"],
        squash=cfg["crop_mode"] == "squash",
    )
