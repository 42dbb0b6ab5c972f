"""What a backbone is: a description that is cheap to hold, and what it loads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from .._registry import suggest
from ._stack import FINAL, LayerStack


@dataclass(frozen=True, eq=False)
class Backbone:
    """The frozen description of a vision model; it holds no weights.

    Parameters
    ----------
    name : str
        ``"provider/model"``, such as ``"timm/resnet50.a1_in1k"``.
    layers : tuple of str
        Layer names, shallow to deep, in the provider's own words (``"blocks.5"``).
        ``"final"``, the model's own head output, is not among them.
    widths : tuple of int
        The number of features of each layer.
    final_width : int | None
        The number of features of ``"final"``; None if the model has no head.
    input_size : int
        Side of the square input, in pixels.
    n_parameters : int
        Number of parameters of the model.
    license : str | None
        Licence of the weights, where the provider states it.
    weights : str
        ``"hub"``, ``"random-<seed>"``, ``"none"`` or the path of a local file.
    weights_revision : str
        What pins the weights: ``"<hub repository>@<commit>"``, ``"random-<seed>"``, or
        the SHA-256 of a local file. ``"<hub repository>@main"`` pins nothing yet; see
        :meth:`pinned`.
    preprocess : callable
        PIL image to float tensor ``(3, input_size, input_size)``. Picklable, with a
        ``repr`` that states what it does (it is part of the cache key).
    loader : callable
        Builds the :class:`LayerStack`; picklable.
    options : mapping
        The provider's options that were chosen; with ``name`` and ``weights`` they
        describe the same backbone again.
    pin : callable | None
        Returns the same description with the commit of its weights in
        ``weights_revision``; picklable. None if there is nothing to pin.

    Notes
    -----
    Layers are counted from 1, as the paper's :math:`l` [1]_: layer :math:`l` is the
    raw output of the l-th block (``hidden_states[l]``), with no final norm applied.
    The relative depth of layer l among L is :math:`(l - 1) / (L - 1)`.

    References
    ----------
    .. [1] Du et al. (2026), Shallow Alignment, arXiv:2601.21948, section 3.2.
    """

    name: str
    layers: tuple[str, ...]
    widths: tuple[int, ...]
    final_width: int | None
    input_size: int
    n_parameters: int
    license: str | None
    weights: str
    weights_revision: str
    preprocess: Callable[[Any], Tensor] = field(repr=False)
    loader: Callable[[], LayerStack] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pin: Callable[[], Backbone] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse a preprocessing that cannot be part of a cache key."""
        if " at 0x" in repr(self.preprocess):
            raise ValueError(
                "preprocess must have a repr that states what it does, because cached "
                f"features are keyed by it; got {self.preprocess!r}. Compose it from "
                "torchvision.transforms.v2 classes, or give your class a __repr__."
            )

    def __eq__(self, other: object) -> bool:
        """Backbones are equal when they give the same features."""
        return isinstance(other, Backbone) and self._identity == other._identity

    def __hash__(self) -> int:
        """Hash what makes backbones equal."""
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, tuple[str, ...]]:
        return self.fingerprint, self.layers

    @property
    def fingerprint(self) -> str:
        """Short hash of model, weights and preprocessing, the key of the cache."""
        said = "\n".join((self.name, self.weights_revision, repr(self.preprocess)))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def commit(self) -> str | None:
        """The commit of the hub's weights; None if no commit pins them."""
        match = re.search(r"@([0-9a-f]{40})$", self.weights_revision)
        return match[1] if match else None

    def pinned(self) -> Backbone:
        """Fix which commit of the hub's weights this is.

        A branch of the hub can move, and features of different weights must never mix:
        call this before ``fingerprint`` becomes the key of a cache. The commit is read
        from the local cache of the hub; if it is not there, one small file is
        downloaded (not the weights).

        Returns
        -------
        backbone : Backbone
            Itself, if a commit, a file's contents or a seed pins the weights already.

        Raises
        ------
        ConnectionError
            If the commit is not in the local cache and the hub cannot be reached.
        """
        return self if self.pin is None else self.pin()

    def resolve(self, layer: str | int | float) -> str:
        """Turn any way of naming a layer into its canonical name.

        Parameters
        ----------
        layer : str | int | float
            A name, a number counted from 1 (the paper's l), a relative depth in
            [0, 1], or ``"final"``. The int 1 is the first layer and the float 1.0 the
            last.

        Returns
        -------
        name : str
            One of ``layers``, or ``"final"``.

        Raises
        ------
        TypeError
            If it is none of these types.
        ValueError
            If there is no such layer.
        """
        if isinstance(layer, bool) or not isinstance(layer, str | Integral | Real):
            raise TypeError(
                "layer must be a name, an int counted from 1, a relative depth between "
                f"0.0 and 1.0, or 'final'; got {layer!r}."
            )
        if isinstance(layer, str):
            return self._resolve_name(layer)
        last = len(self.layers)
        if isinstance(layer, Integral):
            if not 1 <= layer <= last:
                raise ValueError(
                    f"layer={layer} does not exist: {self.name} has layers 1..{last}."
                )
            return self.layers[layer - 1]
        if not 0 <= layer <= 1:
            raise ValueError(
                f"layer={layer} is a float, thus a relative depth, and must lie "
                f"between 0.0 and 1.0. For the l-th layer use an int, 1..{last}."
            )
        return self.layers[int(layer * (last - 1) + 0.5)]

    def _resolve_name(self, layer: str) -> str:
        known = [*self.layers, *([FINAL] if self.final_width is not None else [])]
        if layer not in known:
            raise ValueError(
                f"layer={layer!r} is not in {self.name}. {suggest(layer, known)} "
                f"Layers can also be numbers, 1..{len(self.layers)}."
            )
        return layer

    def width(self, layer: str | int | float) -> int:
        """Return the number of features of a layer.

        Parameters
        ----------
        layer : str | int | float
            Anything that :meth:`resolve` understands.

        Returns
        -------
        width : int
            Number of features.
        """
        name = self.resolve(layer)
        if name == FINAL and self.final_width is not None:
            return self.final_width
        return self.widths[self.layers.index(name)]

    def load(
        self, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
    ) -> LayerStack:
        """Load the weights, downloading them if need be.

        Weights are mapped from their file and moved tensor by tensor, so that memory
        holds about one copy of them, in the dtype asked for.

        Parameters
        ----------
        device : str | torch.device
            Where the model goes.
        dtype : torch.dtype
            The dtype in which it computes.

        Returns
        -------
        stack : LayerStack
            The model in evaluation mode, without gradients.
        """
        stack = self.loader().eval().requires_grad_(False)
        return stack.to(device=device, dtype=dtype)
