"""Which transformed pictures features are computed of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from .._registry import suggest

ORIGINAL = "original"
FUSIONS = ("mean", "separate")


@dataclass(frozen=True)
class View:
    """One way of looking at a picture.

    Parameters
    ----------
    name : str
        ``"original"``, or what the transform says that it does: views of one name
        share their cached features.
    transform : callable | None
        PIL image to PIL image; None for the original.
    """

    name: str
    transform: Callable[[Image.Image], Image.Image] | None = field(compare=False)

    @property
    def tag(self) -> tuple[str, ...]:
        """A short name for folders; nothing for the original."""
        if self.transform is None:
            return ()
        return (hashlib.sha256(self.name.encode()).hexdigest()[:16],)

    def __call__(self, image: Image.Image) -> Image.Image:
        """Transform a picture; what torch draws depends on the picture alone."""
        if self.transform is None:
            return image
        import torch

        from ._views import Degraded, picture_seed

        if isinstance(self.transform, Degraded):
            return self.transform(image)
        with torch.random.fork_rng([]):
            # not torch.manual_seed, which seeds other devices too
            torch.default_generator.manual_seed(picture_seed(np.asarray(image)))
            return self.transform(image)


def resolve_views(views: Any) -> list[View]:
    """Turn names and transforms into views.

    Parameters
    ----------
    views : None | str | callable | sequence
        As in :func:`extract_features`.

    Returns
    -------
    views : list of View
        In the order given; None is the original alone.

    Raises
    ------
    ValueError
        If a name is unknown, or a transform does not say what it does.
    TypeError
        If it is neither a name nor a transform.
    """
    if views is None:
        views = ORIGINAL
    if is_single(views):
        return [_resolve(views)]
    resolved = [_resolve(view) for view in views]
    if not resolved:
        raise ValueError("views is empty; name at least one, or None for the original.")
    return resolved


def is_single(views: Any) -> bool:
    """Tell one view from a sequence of views.

    Parameters
    ----------
    views : None | str | callable | sequence
        As in :func:`extract_features`.

    Returns
    -------
    single : bool
        False if there may be several.
    """
    return views is None or isinstance(views, str) or callable(views)


def check_fusion(view_fusion: str) -> None:
    """Refuse unknown ways of fusing views.

    Parameters
    ----------
    view_fusion : str
        One of ``FUSIONS``.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if view_fusion not in FUSIONS:
        raise ValueError(
            f"view_fusion must be one of {', '.join(map(repr, FUSIONS))}; got "
            f"{view_fusion!r}."
        )


def _resolve(view: str | Callable[..., Any] | Sequence[Any]) -> View:
    if view == ORIGINAL:
        return View(ORIGINAL, None)
    if isinstance(view, str):
        view = _named(view)
    if not callable(view):
        raise TypeError(
            "views must be names or transforms of a PIL image, such as "
            f"torchvision.transforms.v2.GaussianBlur(15, 2.6); got {view!r}."
        )
    if " at 0x" in repr(view):
        raise ValueError(
            "A view must have a repr that states what it does, because cached features "
            f"are keyed by it; got {view!r}. Use torchvision.transforms.v2 classes, or "
            "give your class a __repr__."
        )
    return View(repr(view), view)


def _named(view: str) -> Callable[..., Any]:
    """Make what a name means, such as ``"fovea"`` or ``"fovea-45"``."""
    from ._views import VIEWS

    name, _, strength = view.rpartition("-")
    if view in VIEWS:
        return VIEWS[view]()
    if name in VIEWS and strength.replace(".", "", 1).isdecimal():
        return VIEWS[name](float(strength) if "." in strength else int(strength))
    raise ValueError(f"Unknown view {view!r}. {suggest(view, [ORIGINAL, *VIEWS])}")
