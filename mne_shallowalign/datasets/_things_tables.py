"""What is known of the 1,854 concepts and 26,107 pictures of THINGS."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from ._remote import read_columns

#: The order decides where a concept is in two: a crab is an animal before it is food.
_SUPERORDINATE = ("animal", "food", "vehicle", "tool", "clothing")


def things_concepts() -> pd.DataFrame:
    """Return the concepts of THINGS and their categories.

    Returns
    -------
    concepts : DataFrame, shape (1854, 56)
        The concepts in the official order; the index ``concept_nr`` counts from 1. The
        columns are

        - ``concept``: the unique name, which is also the folder of its pictures;
        - ``word``: the English word;
        - ``category``: ``"animal"``, ``"food"``, ``"vehicle"``, ``"tool"``,
          ``"clothing"`` (the first of them that applies, in this order) or ``"other"``:
          the six classes of concept accuracy :footcite:`Du2026`;
        - 53 categories, true or false. The first 27 of them, ``"animal"`` to
          ``"weapon"``, are the categories of the table ``category_mat_manual``.

    Notes
    -----
    The tables are those of the THINGS database :footcite:`Hebart2019` (CC BY 4.0).

    References
    ----------
    .. footbibliography::
    """
    return _concepts().copy()


def concept_categories() -> pd.Series:
    """Return the class of every concept of THINGS for concept accuracy.

    Returns
    -------
    categories : Series of str, shape (1854,)
        ``"animal"``, ``"food"``, ``"vehicle"``, ``"tool"``, ``"clothing"`` or
        ``"other"``, by the name of the concept, in the official order.

    See Also
    --------
    mne_shallowalign.retrieval.concept_accuracy : What it is for.

    Notes
    -----
    Section 4.5 of :footcite:t:`Du2026` names the six classes and does not say which
    concept belongs where. Here a concept is in the first of them that is among its 27
    categories in THINGS :footcite:`Hebart2019`, in the order above: a crab is an animal
    before it is food. Numbers of the paper may rest on other assignments.

    References
    ----------
    .. footbibliography::

    Examples
    --------
    >>> from mne_shallowalign.datasets import concept_categories
    >>> concept_categories()[["antelope", "banana", "hammer"]].tolist()
    ['animal', 'food', 'tool']
    """
    return _concepts().set_index("concept")["category"]


@lru_cache
def _concepts() -> pd.DataFrame:
    names, words, listed = read_columns("things_concepts")
    (category_names,) = read_columns("things_categories")
    numbers = pd.RangeIndex(1, len(names) + 1, name="concept_nr")
    categories = [set(text.split(",")) - {""} for text in listed]
    concepts = pd.DataFrame({"concept": names, "word": words}, index=numbers)
    table = pd.DataFrame(
        {c: [c in own for own in categories] for c in category_names}, index=numbers
    )
    conditions = [table[name] for name in _SUPERORDINATE]
    concepts["category"] = np.select(conditions, _SUPERORDINATE, "other")
    return pd.concat([concepts, table], axis=1)


def things_images() -> pd.DataFrame:
    """Return the pictures of THINGS by their official number.

    Returns
    -------
    images : DataFrame, shape (26107, 6)
        The index ``image_nr`` counts from 1, concept by concept in the official order
        and file by file within each; it is the image number of THINGS-MEG and
        THINGS-fMRI. The columns are

        - ``image``: the path in the picture archive, ``<concept>/<file>``;
        - ``concept`` and ``concept_nr``: the concept, see :func:`things_concepts`;
        - ``things_meg``: its part in THINGS-MEG and THINGS-EEG1, ``"exp"`` (shown once
          to each person), ``"test"`` (shown 12 times) or ``""``;
        - ``things_eeg2``: its part in THINGS-EEG2, ``"train"``, ``"test"`` or ``""``;
        - ``things_eeg2_condition``: the number that marks it there, from 1; 0 if none.

    Notes
    -----
    The order is not that of a sorted folder, where ``-`` and digits come before ``_``:
    with that, 285 numbers would name another picture, 240 of them pictures shown in
    THINGS-MEG.
    """
    return _images().copy()


@lru_cache
def _images() -> pd.DataFrame:
    concept_nr, files, meg, eeg2, condition = read_columns("things_images")
    images = pd.DataFrame(
        {"concept_nr": np.array(concept_nr, int)},
        index=pd.RangeIndex(1, len(files) + 1, name="image_nr"),
    )
    concepts = images["concept_nr"].map(_concepts()["concept"])
    images.insert(0, "image", concepts + "/" + pd.Series(files, images.index))
    images.insert(1, "concept", concepts)
    images["things_meg"], images["things_eeg2"] = meg, eeg2
    images["things_eeg2_condition"] = np.array([c or "0" for c in condition], int)
    return images
