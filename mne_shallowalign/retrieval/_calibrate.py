"""The door to all calibrations, which says what each looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._calibrations import (
    csls,
    hungarian,
    inverted_softmax,
    mutual_neighbours,
    sinkhorn,
)
from ._whitening import Embeddings, cosine, whiten_gallery, whiten_queries

#: Those that change embeddings; the others change similarities.
_WHITENINGS: dict[str, Callable[..., Any]] = {
    "gallery-whitening": whiten_gallery,
    "query-whitening": whiten_queries,
}
_METHODS: dict[str, Callable[..., Any]] = {
    **_WHITENINGS,
    "csls": csls,
    "inverted-softmax": inverted_softmax,
    "sinkhorn": sinkhorn,
    "mutual-neighbours": mutual_neighbours,
    "hungarian": hungarian,
}
_GALLERY_ONLY = ("gallery-whitening",)


@dataclass(frozen=True)
class Calibrated:
    """What :func:`~mne_shallowalign.retrieval.calibrate` returns.

    Parameters
    ----------
    similarity : array, shape (n_queries, n_gallery)
        The calibrated similarities; larger is more alike.
    method : str
        What was done; several steps with a plus between them.
    kind : str
        ``"gallery-only"``, or ``"transductive"``: the queries were used jointly.
    n_queries : int
        On how many queries.
    embeddings : tuple of array | None
        The whitened queries and candidates, where embeddings were given.
    """

    similarity: NDArray[np.float64] = field(repr=False, compare=False)
    method: str
    kind: str
    n_queries: int
    embeddings: Embeddings | None = field(default=None, repr=False, compare=False)

    def take(self, queries: NDArray[Any]) -> Calibrated:
        """Leave out, or repeat, queries.

        Parameters
        ----------
        queries : array of int
            The queries to keep.

        Returns
        -------
        taken : Calibrated
            Their similarities as they are; nothing is calibrated anew.
        """
        embeddings = self.embeddings
        if embeddings is not None:
            embeddings = (embeddings[0][queries], embeddings[1])
        return replace(
            self,
            similarity=self.similarity[queries],
            n_queries=len(queries),
            embeddings=embeddings,
        )


def calibrate(
    similarity: ArrayLike | tuple[ArrayLike, ArrayLike] | Calibrated,
    method: str,
    *,
    transductive: bool = False,
    **params: Any,
) -> Calibrated:
    r"""Correct similarities for hubs and the shape of the shared space.

    Parameters
    ----------
    similarity : array-like, shape (n_queries, n_gallery) | tuple | Calibrated
        How alike each query and each candidate are; or a tuple of the embeddings of
        the queries (n_queries, n_components) and of the candidates (n_gallery,
        n_components), whose cosines are taken; or what another calibration returned.
    method : str
        ``"gallery-whitening"``, the only one that is gallery-only; or one of the
        transductive ``"query-whitening"``, ``"csls"``, ``"inverted-softmax"``,
        ``"sinkhorn"``, ``"mutual-neighbours"`` and ``"hungarian"``.
    transductive : bool
        Whether a method may use the queries jointly. Default False.
    **params : dict
        ``shrinkage=None`` of the whitenings (0 to 1; None: as Ledoit and Wolf),
        ``k=10`` of CSLS, ``temperature=0.05`` of inverted softmax and Sinkhorn,
        ``n_iterations=20`` of Sinkhorn, ``k=5`` of mutual neighbours,
        ``random_state=0`` of the assignment (which of several equally good ones).

    Returns
    -------
    calibrated : Calibrated
        The new ``similarity``, with ``method``, ``kind`` and ``n_queries``, which
        belong beside every number that is made of it.

    Raises
    ------
    ValueError
        If there is no such method, it is transductive and ``transductive`` is False,
        it needs embeddings and got similarities, shapes do not fit, a value is not
        finite, or a parameter is out of its range.
    TypeError
        If the method has no such parameter.

    Notes
    -----
    With similarities :math:`s_{ij}` of query i and candidate j:

    - *gallery-whitening*, *query-whitening*: one side is centred and multiplied by the
      inverse square root of its covariance (ZCA), which is shrunk
      :footcite:`LedoitWolf2004`;
    - *csls*: :math:`2 s_{ij} - r_i - r_j`, r being the mean over the k nearest on the
      other side :footcite:`Lample2018`;
    - *inverted-softmax*: :math:`s_{ij} / \tau - \log \sum_i \exp(s_{ij} / \tau)`
      :footcite:`Smith2017`;
    - *sinkhorn*: logarithm of the entropic transport plan with equal shares
      :footcite:`Cuturi2013`;
    - *mutual-neighbours*: candidates and queries that are among each other's k nearest
      come first :footcite:`Qin2011`;
    - *hungarian*: the one-to-one assignment of the largest sum comes first
      :footcite:`Kuhn1955`.

    A transductive method decodes a query with the help of the others. It fits
    benchmarks in which every picture is shown exactly once, and gains from that;
    :func:`duplicate_query_test` shows what is left when it does not hold.

    References
    ----------
    .. footbibliography::

    Examples
    --------
    >>> from mne_shallowalign.retrieval import calibrate
    >>> similarity = [[0.9, 0.8, 0.1], [0.9, 0.2, 0.1], [0.7, 0.1, 0.6]]
    >>> calibrate(similarity, "hungarian", transductive=True)
    Calibrated(method='hungarian', kind='transductive', n_queries=3)
    """
    _check_method(method, transductive, params)
    before = read_similarity(similarity)
    embeddings, calibrated = before.embeddings, before.similarity
    if method not in _WHITENINGS:
        calibrated = _METHODS[method](calibrated, **params)
        embeddings = None
    elif embeddings is None:
        raise ValueError(
            f"method={method!r} changes embeddings, got similarities. Give the tuple "
            "(queries, gallery) of embeddings, and whiten before anything else."
        )
    else:
        embeddings = _METHODS[method](embeddings, **params)
        calibrated = cosine(embeddings)
    return Calibrated(
        calibrated,
        f"{before.method} + {method}".removeprefix(" + "),
        before.kind if method in _GALLERY_ONLY else "transductive",
        len(calibrated),
        embeddings,
    )


def _check_method(method: str, transductive: bool, params: dict[str, Any]) -> None:
    if method not in _METHODS:
        raise ValueError(f"method must be one of {sorted(_METHODS)}, got {method!r}.")
    if method not in _GALLERY_ONLY and not transductive:
        raise ValueError(
            f"method={method!r} is transductive: it decodes each query with the help "
            "of the other queries, so its scores do not compare with those of methods "
            "that decode one query at a time. Pass transductive=True if that is meant, "
            "and say so beside the number."
        )
    known = list(inspect.signature(_METHODS[method]).parameters)[1:]
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise TypeError(
            f"method={method!r} has no parameter {unknown[0]!r}; it has "
            f"{', '.join(known) or 'none'}."
        )


def read_similarity(given: Any) -> Calibrated:
    """Read what :func:`calibrate` takes, as if it were the result of no calibration.

    Parameters
    ----------
    given : array-like | tuple of array-like | Calibrated
        Similarities, embeddings, or what another calibration returned.

    Returns
    -------
    read : Calibrated
        Its similarities, and the embeddings where they are known.

    Raises
    ------
    ValueError
        If shapes do not fit or a value is not finite.
    """
    if isinstance(given, Calibrated):
        return given
    if isinstance(given, tuple) and len(given) == 2 and np.ndim(given[0]) == 2:
        queries, gallery = (_check_finite(side, "embeddings") for side in given)
        if queries.shape[1] != gallery.shape[1]:
            raise ValueError(
                "Queries and gallery must have equally many components, got the shapes "
                f"{queries.shape} and {gallery.shape}."
            )
        embeddings = (queries, gallery)
        return Calibrated(
            cosine(embeddings), "", "gallery-only", len(queries), embeddings
        )
    similarity = _check_finite(given, "similarity")
    return Calibrated(similarity, "", "gallery-only", len(similarity))


def _check_finite(given: ArrayLike, name: str) -> NDArray[np.float64]:
    values = np.asarray(given, float)
    if values.ndim != 2 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be finite and have two dimensions with something in each, "
            f"got the shape {values.shape}"
            + (" with NaN or infinity." if values.size else ".")
        )
    return values
