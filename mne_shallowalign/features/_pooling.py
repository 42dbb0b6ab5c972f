"""How the tokens or the feature map of a layer become one vector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._projection import project

if TYPE_CHECKING:
    from torch import Tensor

    from ..backbones import LayerOutput

POOLINGS = ("mean", "cls", "all", "max", "gem", "flatten")
FLATTEN_WIDTH = 1024
GEM_P, GEM_FLOOR = 3, 1e-6


def check_pooling(pooling: str) -> str:
    """Return the canonical name of a pooling, or raise.

    Parameters
    ----------
    pooling : str
        One of ``POOLINGS``, or ``"flatten-<width>"``.

    Returns
    -------
    pooling : str
        The same; with its width if it is ``"flatten"``.

    Raises
    ------
    ValueError
        If there is no such pooling.
    """
    if pooling == "flatten":
        return f"flatten-{FLATTEN_WIDTH}"
    if pooling not in POOLINGS and flatten_width(pooling) is None:
        raise ValueError(
            f"pooling must be one of {', '.join(map(repr, POOLINGS))}, or "
            f"'flatten-<width>' such as 'flatten-512'; got {pooling!r}."
        )
    return pooling


def flatten_width(pooling: str) -> int | None:
    """Return the width that a pooling projects to; None if it projects nothing.

    Parameters
    ----------
    pooling : str
        A canonical pooling.

    Returns
    -------
    width : int | None
        Number of features.
    """
    match = re.fullmatch(r"flatten-([1-9]\d*)", str(pooling))
    return int(match[1]) if match else None


def pool(output: LayerOutput, pooling: str = "mean") -> Tensor:
    r"""Pool the tokens of a layer into one vector per image.

    Parameters
    ----------
    output : LayerOutput
        Patch tokens (n_images, n_patches, width) and prefix tokens (class token
        first).
    pooling : "mean" | "cls" | "all" | "max" | "gem" | "flatten" | "flatten-<width>"
        Mean over the patch tokens, without class and register tokens; the class token;
        mean over all tokens; maximum over the patch tokens; generalised mean over
        them; or all of them in one long vector, projected at random to ``width``
        (1,024) features.

    Returns
    -------
    vectors : Tensor, shape (n_images, width)
        One row per image, in float32 or better: sums are never kept in half precision.

    Raises
    ------
    ValueError
        If the pooling is unknown, or the layer has no class token.

    Notes
    -----
    The generalised mean [1]_ is :math:`(\frac{1}{P} \sum_p \max(x_p, ε)^3)^{1/3}`
    with :math:`ε = 10^{-6}`: between the mean and the maximum of what is positive.

    ``"flatten"`` keeps where in the picture something is. Its projection is a sparse
    Johnson-Lindenstrauss transform [2]_: inner products and squared distances are kept
    on average, the latter to about :math:`\sqrt{2 / width}` of them. It depends on
    nothing but the number of inputs, the width and the fixed seed 20260127, so it is
    the same in every run, on every device.

    References
    ----------
    .. [1] Radenović, Tolias and Chum (2019), Fine-tuning CNN image retrieval with no
       human annotation, IEEE TPAMI 41(7), 1655-1668, eq. 3.
    .. [2] Kane and Nelson (2014), Sparser Johnson-Lindenstrauss transforms, Journal of
       the ACM 61(1), 4.
    """
    import torch

    pooling = check_pooling(pooling)
    patches, prefix = output
    dtype = torch.promote_types(patches.dtype, torch.float32)
    width = flatten_width(pooling)
    if width is not None:
        return project(patches.flatten(1).to(dtype), width)
    if pooling == "mean":
        return patches.mean(1, dtype=dtype)
    if pooling == "max":
        return patches.amax(1).to(dtype)
    if pooling == "cls":
        return _class_token(prefix).to(dtype)
    if pooling == "gem":
        cubes = patches.to(dtype).clamp(min=GEM_FLOOR).pow(GEM_P)
        return cubes.mean(1).pow(1 / GEM_P)
    total = patches.sum(1, dtype=dtype) + prefix.sum(1, dtype=dtype)
    return total / (patches.shape[1] + prefix.shape[1])


def _class_token(prefix: Tensor) -> Tensor:
    if not prefix.shape[1]:
        raise ValueError(
            "pooling='cls' needs a class token, and this layer has none (feature maps "
            "never have one). Use pooling='mean'."
        )
    return prefix[:, 0]
