"""From a name to a backbone: aliases, providers, local modules."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from pathlib import Path
from typing import Any
from warnings import warn

from torch import Tensor, nn

from .._registry import Registry, suggest
from ._aliases import ALIASES
from ._base import Backbone

_HERE = "mne_shallowalign.backbones"
PROVIDERS = Registry(
    "backbone provider",
    _HERE,
    {name: f"{_HERE}._{name}:provide" for name in ("gabor", "open_clip", "timm")},
)


def load_backbone(
    name: str | Backbone | nn.Module,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    **options: Any,
) -> Backbone:
    """Describe a vision model by its name; nothing is downloaded yet.

    Parameters
    ----------
    name : str | Backbone | nn.Module
        An alias (``"vit-b-16"``), ``"provider/model"`` (``"timm/resnet50.a1_in1k"``,
        ``"open_clip/ViT-B-16.laion2b_s34b_b88k"``, ``"gabor/v1"``), or any module that
        maps images to a tensor. A ``Backbone`` is returned as it is.
    weights : str | Path
        ``"hub"`` (the published weights, downloaded when they are first needed),
        ``"random"`` or ``"random-<seed>"`` (for tests and controls), or a local
        ``.safetensors`` or ``.pt`` file, or a folder with one such file. Files are
        read as tensors only; a pickle that could run code is refused.
    preprocess : callable | None
        PIL image to float tensor; None for the model's own preprocessing.
    **options : dict
        Options of the provider. ``timm``: ``input_size`` and
        ``granularity="stage" | "block"``. ``open_clip``: the same. A module:
        ``layers``, ``n_prefix`` and ``input_size``.

    Returns
    -------
    backbone : Backbone
        The description; call its ``load`` for the model.

    Raises
    ------
    ValueError
        If the name is unknown (with the nearest ones), or the weights do not exist.
    FileNotFoundError
        If ``weights`` is no file or folder.

    Examples
    --------
    >>> from mne_shallowalign import load_backbone
    >>> backbone = load_backbone("gabor/v1")
    >>> len(backbone.layers)
    6
    """
    if isinstance(name, Backbone):
        return name
    if isinstance(name, nn.Module):
        from ._module import provide

        return provide(name, preprocess=preprocess, **options)
    provider, model = _split(name)
    return PROVIDERS.get(provider)(
        model, weights=weights, preprocess=preprocess, **options
    )


def _split(name: str) -> tuple[str, str]:
    if not isinstance(name, str):
        raise TypeError(
            "backbone must be a name, a Backbone or a torch.nn.Module; got "
            f"{type(name).__name__}."
        )
    provider, _, model = ALIASES.get(name, name).partition("/")
    if not model:
        raise ValueError(
            f"Unknown backbone {name!r}. {suggest(name, [*ALIASES, 'gabor/v1'])} Other "
            "models are named 'provider/model', with the providers "
            f"{', '.join(PROVIDERS.names())}."
        )
    return provider, model


def list_backbones(pattern: str = "*") -> list[str]:
    """List the backbones whose names match a wildcard pattern.

    Parameters
    ----------
    pattern : str
        A shell-style pattern, such as ``"*clip*"`` or ``"timm/resnet*"``.

    Returns
    -------
    names : list of str
        The short aliases first, then every model with published weights of every
        provider. A provider that does not list its models appears as
        ``"provider/*"``.

    Warns
    -----
    RuntimeWarning
        If a provider is broken; its models are left out.
    """
    names = list(ALIASES)
    for provider in PROVIDERS.names():
        names += [f"{provider}/{model}" for model in _list_models(provider)]
    return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def _list_models(provider: str) -> list[str]:
    """List the models of a provider; one that is broken harms nobody else."""
    try:
        return list(getattr(PROVIDERS.get(provider), "list_models", lambda: ["*"])())
    except Exception as error:
        warn(
            f"The models of the backbone provider {provider!r} cannot be listed and "
            f"are left out: {error}",
            RuntimeWarning,
            stacklevel=3,
        )
        return []


def list_layers(backbone: str | Backbone | nn.Module, **options: Any) -> list[str]:
    """List the layers of a backbone, shallow to deep.

    Parameters
    ----------
    backbone : str | Backbone | nn.Module
        Anything that :func:`load_backbone` understands.
    **options : dict
        Passed to :func:`load_backbone`; for example ``granularity="block"``.

    Returns
    -------
    layers : list of str
        The names, without ``"final"``; the l-th is layer l of the paper.
    """
    return list(load_backbone(backbone, **options).layers)


def register_backbone(name: str) -> Callable[[Callable[..., Backbone]], Callable]:
    """Decorate a provider of backbones, to add it for this session.

    Parameters
    ----------
    name : str
        The name of the provider, the part of a backbone's name before the first
        ``"/"``.

    Returns
    -------
    decorator : callable
        For ``provider(model, *, weights, preprocess, **options) -> Backbone``. A
        ``list_models()`` attribute lets :func:`list_backbones` list its models.

    Raises
    ------
    ValueError
        If the name is taken.

    Notes
    -----
    Packages add providers for good through the entry-point group
    ``mne_shallowalign.backbones``.
    """
    return PROVIDERS.register(name)
