"""From a name to a backbone: aliases, providers, local modules."""

from __future__ import annotations

import fnmatch
import inspect
from collections.abc import Callable
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from warnings import warn

from torch import Tensor, nn

from .._registry import Registry, suggest
from ._base import Backbone
from ._paper import ALIASES, paper_table
from ._stack import check_granularity

if TYPE_CHECKING:
    import pandas as pd

_HERE = "mne_shallowalign.backbones"
_BUILT_IN = ("gabor", "internvit", "open_clip", "timm")
PROVIDERS = Registry(
    "backbone provider", _HERE, {name: f"{_HERE}._{name}:provide" for name in _BUILT_IN}
)


def load_backbone(
    name: str | Backbone | nn.Module,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    revision: str | None = None,
    **options: Any,
) -> Backbone:
    """Describe a vision model by its name; nothing is downloaded yet.

    Parameters
    ----------
    name : str | Backbone | nn.Module
        An alias (``"vit-b-16"``), ``"provider/model"`` (``"timm/resnet50.a1_in1k"``,
        ``"open_clip/ViT-B-16.laion2b_s34b_b88k"``, ``"internvit/v1.5"``,
        ``"gabor/v1"``), or any module that maps images to a tensor. A ``Backbone`` is
        returned as it is.
    weights : str | Path
        ``"hub"`` (the published weights, downloaded when they are first needed),
        ``"random"`` or ``"random-<seed>"`` (for tests and controls), or a local
        ``.safetensors`` or ``.pt`` file, or a folder with one such file, or with
        shards and their ``.safetensors.index.json``. Files are read as tensors only; a
        pickle that could run code is refused. They are mapped into memory: do not
        overwrite one while a model that was loaded from it is in use.
    preprocess : callable | None
        PIL image to float tensor; None for the model's own preprocessing.
    revision : str | None
        Which state of the hub's repository the weights come from: a commit (40
        hexadecimal digits), a branch or a tag. None for the provider's default, which
        is ``"main"``, or a commit where one is known to hold the published weights.
        :meth:`.backbones.Backbone.pinned` turns a branch into the commit that it
        stands for.
    **options : dict
        Options of the provider. ``timm``, ``open_clip``, ``internvit``: ``input_size``
        and ``granularity="stage" | "block"``. A module: ``layers``, ``n_prefix`` and
        ``input_size``.

    Returns
    -------
    backbone : Backbone
        The description; call its ``load`` for the model.

    Raises
    ------
    ValueError
        If the name is unknown (with the nearest ones), the weights do not exist, or a
        revision is asked for where there is none.
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
    if revision is not None:
        _check_revisions(provider)
        options["revision"] = revision
    _check_options(provider, options)
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


def _check_options(provider: str, options: dict[str, Any]) -> None:
    takes = inspect.signature(PROVIDERS.get(provider)).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    foreign = [name for name in options if not (takes_any or name in takes)]
    if foreign:
        known = [n for n in takes if n not in ("model", "weights", "preprocess")]
        raise TypeError(
            f"Backbones of {provider!r} have no option "
            f"{', '.join(map(repr, foreign))}. {suggest(foreign[0], known)}"
        )
    size = options.get("input_size")
    if size is not None and not (isinstance(size, Integral) and int(size) > 0):
        raise ValueError(f"input_size must be a positive integer; got {size!r}.")


def _check_revisions(provider: str) -> None:
    takes = inspect.signature(PROVIDERS.get(provider)).parameters.values()
    if not any(p.name == "revision" or p.kind is p.VAR_KEYWORD for p in takes):
        raise ValueError(
            f"revision: the weights of {provider!r} have no revisions; leave it out."
        )


@overload
def list_backbones(
    pattern: str = "*", *, paper: Literal[False] = False
) -> list[str]: ...


@overload
def list_backbones(pattern: str = "*", *, paper: Literal[True]) -> pd.DataFrame: ...


def list_backbones(
    pattern: str = "*", *, paper: bool = False
) -> list[str] | pd.DataFrame:
    """List the backbones whose names match a wildcard pattern.

    Parameters
    ----------
    pattern : str
        A shell-style pattern, such as ``"*clip*"`` or ``"timm/resnet*"``.
    paper : bool
        Whether to tabulate the eight backbones of the paper [1]_ instead, those whose
        alias or full name matches.

    Returns
    -------
    names : list of str | pandas.DataFrame
        The short aliases first, then every model with published weights of every
        provider. A provider that does not list its models appears as
        ``"provider/*"``. If ``paper``, a table indexed by ``alias`` with the columns
        ``model``; ``parameters`` (of a CLIP model, those of its image tower),
        ``layers``, ``width`` (of the last layer) and ``input_size`` (pixels);
        ``license``; ``download_gb`` (10^9 bytes, to three digits); and what the paper
        reports on THINGS-EEG2, intra-subject, 200-way: its ``best_layer``, counted from
        1, the ``top1`` accuracy in per cent there, which is test-selected, and
        ``final_top1``, of the model's final output.

    Warns
    -----
    RuntimeWarning
        If a provider is broken; its models are left out.

    References
    ----------
    .. [1] Du et al. (2026), Shallow Alignment, arXiv:2601.21948v1, section 3.2 and
       Table 4. It does not say which version of InternViT it is; ``internvit-6b`` is
       the newest, and others are ``internvit/v1.2`` and ``internvit/v1.5``. It counts
       46 layers of InternViT, one more than it has blocks.

    Examples
    --------
    >>> from mne_shallowalign import list_backbones
    >>> table = list_backbones("*clip*", paper=True)
    >>> int(table.loc["vit-b-16", "best_layer"])
    6
    """
    if paper:
        return paper_table(pattern)
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


def list_layers(
    backbone: str | Backbone | nn.Module,
    *,
    granularity: str = "stage",
    **options: Any,
) -> list[str]:
    """List the layers of a backbone, shallow to deep.

    Parameters
    ----------
    backbone : str | Backbone | nn.Module
        Anything that :func:`load_backbone` understands.
    granularity : "stage" | "block"
        What a layer of a convolutional or hierarchical model is: one of its stages (as
        the paper counts the four of a ResNet), or one block inside them. A plain
        transformer's layers are its blocks either way. A ``Backbone`` or a module has
        its layers already.
    **options : dict
        Passed to :func:`load_backbone`.

    Returns
    -------
    layers : list of str
        The names, without ``"final"``; the l-th is layer l of the paper.

    Raises
    ------
    ValueError
        If ``granularity`` is something else, or the backbone has its layers already.
    """
    check_granularity(granularity)
    if granularity != "stage":
        if not isinstance(backbone, str):
            raise ValueError(
                f"granularity={granularity!r} is chosen when a backbone is described: "
                "load_backbone(name, granularity=...), or, of a module, "
                "load_backbone(module, layers=[...])."
            )
        options["granularity"] = granularity
    return list(load_backbone(backbone, **options).layers)


def register_backbone(
    name: str,
) -> Callable[[Callable[..., Backbone]], Callable[..., Any]]:
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
