"""The categories of the candidates, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..retrieval import ranks


def check_categories(
    similarity: NDArray[Any], truth: NDArray[Any], categories: Sequence[str]
) -> NDArray[Any]:
    """Give the categories as an array, one a column of a sound similarity matrix."""
    ranks(similarity, truth)  # raises for what does not fit
    names = np.asarray(categories, dtype=str)
    if names.shape != similarity.shape[1:]:
        raise ValueError(
            f"categories must have one entry for each of the {similarity.shape[1]} "
            f"columns of similarity, got the shape {names.shape}."
        )
    return names
