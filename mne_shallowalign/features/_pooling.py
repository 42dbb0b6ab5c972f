"""How the tokens or the feature map of a layer become one vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ..backbones import LayerOutput

POOLINGS = ("mean", "cls", "all", "max")


def check_pooling(pooling: str) -> str:
    """Return a known pooling, or raise.

    Parameters
    ----------
    pooling : str
        One of ``POOLINGS``.

    Returns
    -------
    pooling : str
        The same.
    """
    if pooling not in POOLINGS:
        raise ValueError(
            f"pooling must be one of {', '.join(map(repr, POOLINGS))}; got {pooling!r}."
        )
    return pooling


def pool(output: LayerOutput, pooling: str = "mean") -> Tensor:
    """Pool the tokens of a layer into one vector per image.

    Parameters
    ----------
    output : LayerOutput
        Patch tokens (n_images, n_patches, width) and prefix tokens (class token
        first).
    pooling : "mean" | "cls" | "all" | "max"
        Mean over the patch tokens, without class and register tokens; the class token;
        mean over all tokens; or maximum over the patch tokens.

    Returns
    -------
    vectors : Tensor, shape (n_images, width)
        One row per image.

    Raises
    ------
    ValueError
        If the pooling is unknown, or the layer has no class token.
    """
    check_pooling(pooling)
    if pooling == "mean":
        return output.patches.mean(1)
    if pooling == "max":
        return output.patches.amax(1)
    if pooling == "cls":
        if not output.prefix.shape[1]:
            raise ValueError(
                "pooling='cls' needs a class token, and this layer has none (feature "
                "maps never have one). Use pooling='mean'."
            )
        return output.prefix[:, 0]
    n_tokens = output.patches.shape[1] + output.prefix.shape[1]
    return (output.patches.sum(1) + output.prefix.sum(1)) / n_tokens
