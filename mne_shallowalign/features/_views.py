"""Transformed pictures: blurred, foveated, noisy, coarse, in mosaic.

The parameters are those of two published systems [1]_ [2]_, which transform pictures of
224 x 224 pixels; so pictures are first brought to that size, shorter side, unless
``size=None``.

References
----------
.. [1] Wu et al. (2025), Bridging the vision-brain gap with an uncertainty-aware blur
   prior, CVPR 2025 ("UBP").
.. [2] Zhang et al. (2025), NeuroBridge, arXiv:2511.06836.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from .._scalars import check_number

SIZE = 224


class Degraded(v2.Transform):
    """Bring a picture to its size and change its pixels; the base of the views here.

    Nothing is drawn from a global random state.

    Parameters
    ----------
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.
    """

    def __init__(self, size: int | None) -> None:
        super().__init__()
        if size is not None:
            check_number(size, "size", Integral, min_val=1)
        self.size = size

    def forward(self, image: Image.Image) -> Image.Image:
        """Transform one picture.

        Parameters
        ----------
        image : PIL.Image.Image
            Mode RGB.

        Returns
        -------
        image : PIL.Image.Image
            The same picture seen less well.
        """
        if self.size is not None:
            image = F.resize(image, self.size, v2.InterpolationMode.BICUBIC)
        pixels = self._degrade(F.pil_to_tensor(image))
        return F.to_pil_image(pixels)

    def _degrade(self, pixels: Tensor) -> Tensor:
        """Change uint8 pixels of shape (3, height, width)."""
        raise NotImplementedError


class GaussianBlur(Degraded):
    """Blur a picture evenly.

    Parameters
    ----------
    kernel_size : int
        Side of the kernel, in pixels, an odd number; its standard deviation is
        :math:`0.3 ((k - 1) / 2 - 1) + 0.8`, 2.6 pixels for 15.
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.
    """

    def __init__(self, kernel_size: int = 15, *, size: int | None = SIZE) -> None:
        super().__init__(size)
        self.kernel_size = _odd(kernel_size)

    def _degrade(self, pixels: Tensor) -> Tensor:
        return F.gaussian_blur(pixels, [self.kernel_size] * 2)


class FoveaBlur(Degraded):
    r"""Blur a picture the more, the farther from its centre.

    Parameters
    ----------
    kernel_size : int
        Side of the kernel, in pixels, an odd number; see :class:`GaussianBlur`.
    sharpness : float
        The part of the unblurred picture at the centre, between 0 and 1.
    decay : float
        How fast it falls off: at eccentricity e (0 in the centre, 1 in the corners) it
        is :math:`sharpness \cdot \exp(-decay \cdot e)`.
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.
    """

    def __init__(
        self,
        kernel_size: int = 51,
        sharpness: float = 0.5,
        decay: float = 3.0,
        *,
        size: int | None = SIZE,
    ) -> None:
        super().__init__(size)
        self.kernel_size = _odd(kernel_size)
        self.sharpness = sharpness
        self.decay = decay

    def _degrade(self, pixels: Tensor) -> Tensor:
        sharp = pixels.float()
        blurred = F.gaussian_blur(sharp, [self.kernel_size] * 2)
        weight = self.sharpness * torch.exp(-self.decay * _eccentricity(sharp))
        return (weight * sharp + (1 - weight) * blurred).round().to(torch.uint8)


class GaussianNoise(Degraded):
    """Add noise to a picture, always the same to the same picture.

    Parameters
    ----------
    std : float
        Standard deviation in grey levels of 0 to 255.
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.

    Notes
    -----
    The noise is seeded by the pixels, so it depends neither on the order of pictures
    nor on any global random state.
    """

    def __init__(self, std: float = 25.0, *, size: int | None = SIZE) -> None:
        super().__init__(size)
        check_number(std, "std", Real, min_val=0)
        self.std = std

    def _degrade(self, pixels: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(picture_seed(pixels.numpy()))
        noise = torch.randn(pixels.shape, generator=generator)
        return (pixels + self.std * noise).round().clamp(0, 255).to(torch.uint8)


class LowResolution(Degraded):
    """Shrink a picture and bring it back to its size.

    Parameters
    ----------
    scale : float
        How much is left of each side.
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.
    """

    def __init__(self, scale: float = 0.1, *, size: int | None = SIZE) -> None:
        super().__init__(size)
        check_number(
            scale, "scale", Real, min_val=0, max_val=1, include_boundaries="right"
        )
        self.scale = scale

    def _degrade(self, pixels: Tensor) -> Tensor:
        sides = pixels.shape[1:]
        small = F.resize(pixels, [max(1, int(s * self.scale)) for s in sides])
        return F.resize(small, list(sides))


class Mosaic(Degraded):
    """Turn a picture into squares of one colour.

    Parameters
    ----------
    block : int
        Side of the squares, in pixels.
    size : int | None
        Shorter side that pictures are brought to first; None leaves them as they are.
    """

    def __init__(self, block: int = 5, *, size: int | None = SIZE) -> None:
        super().__init__(size)
        check_number(block, "block", Integral, min_val=1)
        self.block = block

    def _degrade(self, pixels: Tensor) -> Tensor:
        sides = pixels.shape[1:]
        small = F.resize(
            pixels, [max(1, side // self.block) for side in sides], antialias=False
        )
        return F.resize(small, list(sides), v2.InterpolationMode.NEAREST)


def picture_seed(pixels: np.ndarray) -> int:
    """Return a seed that depends on nothing but the pixels of a picture.

    Parameters
    ----------
    pixels : array of uint8
        The picture.

    Returns
    -------
    seed : int
        Below 2**63.
    """
    digest = hashlib.sha256(np.ascontiguousarray(pixels).data).digest()
    return int.from_bytes(digest[:8]) >> 1


def _odd(kernel_size: int) -> int:
    check_number(kernel_size, "kernel_size", Integral, min_val=1)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd, got {kernel_size}.")
    return kernel_size


def _eccentricity(pixels: Tensor) -> Tensor:
    """Return distances from the centre, the largest being 1; (height, width)."""
    y, x = (torch.arange(side, dtype=torch.float32) for side in pixels.shape[1:])
    distance = torch.hypot(y[:, None] - len(y) // 2, x - len(x) // 2)
    return distance / distance.max().clamp(min=1)


VIEWS: dict[str, Callable[..., Callable[[Any], Any]]] = {
    "blur": GaussianBlur,
    "fovea": FoveaBlur,
    "noise": GaussianNoise,
    "low-resolution": LowResolution,
    "mosaic": Mosaic,
}
