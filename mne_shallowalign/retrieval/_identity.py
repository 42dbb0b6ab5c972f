"""Which of several images are one and the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def find_repeats(images: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find which images repeat, numbered by first appearance.

    Parameters
    ----------
    images : sequence of path | list of PIL.Image | array
        One image for each trial: the same name, features or pixels is the same image.

    Returns
    -------
    first : array of int, shape (n_unique,)
        Where each image appears first.
    index : array of int, shape (n_images,)
        The number of each image.
    """
    if not isinstance(images, (list, tuple)):
        images = np.asarray(images)
    numbers: dict[Any, int] = {}
    index = np.array([numbers.setdefault(_key(one), len(numbers)) for one in images])
    return np.unique(index, return_index=True)[1], index


def _key(image: Any) -> Any:
    if isinstance(image, (str, Path)):
        return str(image)
    pixels = np.asarray(image)
    return pixels.shape, pixels.tobytes()
