"""Any ``torch.nn.Module`` with named layers as a backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ._base import Backbone
from ._hooks import HookStack
from ._preprocess import build_preprocess
from ._stack import LayerStack, measure_widths

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def provide(
    module: nn.Module,
    *,
    preprocess: Callable[[Any], Tensor] | None = None,
    layers: Sequence[str] | None = None,
    n_prefix: int = 0,
    input_size: int = 224,
) -> Backbone:
    """Describe a module of the user's own.

    Parameters
    ----------
    module : nn.Module
        Maps images ``(n_images, 3, input_size, input_size)`` to a tensor.
    preprocess : callable | None
        None for a resize to ``input_size`` and ImageNet's normalisation.
    layers : sequence of str | None
        Names of submodules, shallow to deep; None for the module's children.
    n_prefix : int
        How many leading tokens are class or register tokens.
    input_size : int
        Side of the input, in pixels.

    Returns
    -------
    backbone : Backbone
        The description. Unlike others it carries the weights: it holds the module.
    """
    known = dict(module.named_modules())
    if layers is None:
        layers = [name for name, _ in module.named_children()]
    unknown = [name for name in layers if name not in known]
    if unknown or not layers:
        raise ValueError(
            f"layers: {type(module).__name__} has no submodules {unknown[:5]}; its "
            f"children are {[name for name, _ in module.named_children()][:20]}."
        )
    stack = HookStack(module, layers, n_prefix=n_prefix)
    was_training = module.training
    widths, final_width = measure_widths(stack, input_size)
    module.train(was_training)
    return Backbone(
        name=f"module/{type(module).__name__}",
        layers=tuple(layers),
        widths=widths,
        final_width=final_width,
        input_size=input_size,
        n_parameters=sum(p.numel() for p in module.parameters()),
        license=None,
        weights="module",
        weights_revision=_digest(module),
        preprocess=preprocess
        or build_preprocess(input_size, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        loader=partial(_load, module, tuple(layers), n_prefix),
    )


def _digest(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        raw = value.detach().cpu().contiguous().view(-1).view(torch.uint8)
        digest.update(name.encode())
        digest.update(raw.numpy().tobytes())
    return digest.hexdigest()


def _load(module: nn.Module, layers: tuple[str, ...], n_prefix: int) -> LayerStack:
    from copy import deepcopy

    return HookStack(deepcopy(module), layers, n_prefix=n_prefix)
