"""From a picture to the tensor that a model expects."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torchvision.transforms import v2


def build_preprocess(
    size: int,
    *,
    crop_pct: float = 1.0,
    interpolation: str = "bicubic",
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.5, 0.5, 0.5),
    squash: bool = False,
) -> v2.Compose:
    """Compose resizing, centre crop and normalisation.

    Parameters
    ----------
    size : int
        Side of the square output, in pixels.
    crop_pct : float
        The part of the resized picture that the crop keeps, as timm defines it: the
        shorter side is first resized to ``floor(size / crop_pct)``.
    interpolation : str
        ``"bicubic"``, ``"bilinear"``, ``"nearest"`` or ``"lanczos"``.
    mean, std : sequence of float
        Normalisation per colour channel (red, green, blue), for values in [0, 1].
    squash : bool
        Whether the whole picture is squeezed into a square instead of cropped.

    Returns
    -------
    preprocess : torchvision.transforms.v2.Compose
        PIL RGB image to float32 tensor (3, size, size).
    """
    resized = math.floor(size / crop_pct)
    return v2.Compose(
        [
            v2.Resize(
                (resized, resized) if squash else resized,
                interpolation=v2.InterpolationMode(interpolation),
            ),
            v2.CenterCrop(size),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=list(mean), std=list(std)),
        ]
    )
