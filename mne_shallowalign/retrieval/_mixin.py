"""The part of a decoder that ranks candidates, given the shared space."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_consistent_length

from .._scalars import check_number
from ._ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Candidates(Protocol):
        """Candidate images: their digests, features and which row shows which."""

        @property
        def ids(self) -> tuple[str, ...]: ...
        @property
        def features(self) -> np.ndarray: ...
        @property
        def index(self) -> np.ndarray: ...


class RetrievalMixin:
    """Rank candidate images by their cosine similarity to signals.

    A class that mixes this in has ``transform``, ``transform_images``, ``gallery_``
    and ``gallery_embedding_``, and reads images through ``_read_candidates``,
    ``_embed_features``, ``_identify``, ``_names`` and ``_check_order``.
    """

    if TYPE_CHECKING:
        gallery_: np.ndarray
        gallery_embedding_: np.ndarray

        def transform(self, X: Any) -> np.ndarray: ...
        def transform_images(self, images: Any) -> np.ndarray: ...
        def _read_candidates(self, images: Any) -> Candidates: ...
        def _embed_features(self, features: np.ndarray) -> np.ndarray: ...
        def _identify(self, images: Any) -> Sequence[str]: ...
        def _names(self, images: Any) -> np.ndarray: ...
        def _check_order(self, X: Any, y: Any) -> None: ...

    def decision_function(self, X: Any, gallery: Any = None) -> np.ndarray:
        """Compute the cosine similarity of every signal with every candidate.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The queries.
        gallery : sequence of path | list of PIL.Image | array | None
            The candidate images, one column each. None: the unique training images,
            in the order of ``gallery_``.

        Returns
        -------
        similarity : array of float32, shape (n_epochs, n_gallery)
            Between -1 and 1.
        """
        queries = self.transform(X)
        if gallery is None:
            return queries @ self.gallery_embedding_.T
        return queries @ self.transform_images(gallery).T

    def kneighbors(
        self,
        X: Any,
        gallery: Any = None,
        n_neighbors: int = 5,
        return_distance: bool = True,
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find the best candidates of every signal.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The queries.
        gallery : sequence of path | list of PIL.Image | array | None
            The candidates, as in :meth:`decision_function`.
        n_neighbors : int
            How many; all if there are fewer candidates. Default 5.
        return_distance : bool
            Whether to return distances too.

        Returns
        -------
        distances : array, shape (n_epochs, n_neighbors)
            Cosine distances (1 - similarity), increasing.
        indices : array of int, shape (n_epochs, n_neighbors)
            Positions in the gallery, best first.
        """
        check_number(n_neighbors, "n_neighbors", Integral, min_val=1)
        distances = 1 - self.decision_function(X, gallery)
        order = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbors]
        if not return_distance:
            return order
        return np.take_along_axis(distances, order, axis=1), order

    def predict(self, X: Any, gallery: Any = None) -> np.ndarray:
        """Name the best candidate of every signal.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The queries.
        gallery : sequence of path | list of PIL.Image | array | None
            The candidates, as in :meth:`decision_function`.

        Returns
        -------
        images : array, shape (n_epochs,)
            Paths as they were given, or the row number in the gallery (in the
            training images) where candidates were not given as paths.
        """
        best = self.decision_function(X, gallery).argmax(axis=1)
        if gallery is None:
            return self.gallery_[best]
        return self._names(gallery)[best]

    def ranks(self, X: Any, y: Any, *, gallery: Any = None) -> np.ndarray:
        """Rank the image that was seen among the candidates, for every signal.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The queries.
        y : sequence of path | list of PIL.Image | array
            The image seen in every epoch.
        gallery : sequence of path | list of PIL.Image | array | None
            The candidates. None: the unique images of ``y``.

        Returns
        -------
        ranks : array of float, shape (n_epochs,)
            1 is best; ties share their average rank.

        Raises
        ------
        ValueError
            If an image of ``y`` is not in the gallery.
        """
        self._check_order(X, y)
        candidates = self._read_candidates(y if gallery is None else gallery)
        if gallery is None:
            truth = candidates.index
        else:
            truth = _positions(self._identify(y), candidates.ids)
        queries = self.transform(X)
        check_consistent_length(queries, truth)
        return ranks(queries @ self._embed_features(candidates.features).T, truth)

    def score(self, X: Any, y: Any, *, gallery: Any = None) -> float:
        """Return the top-1 retrieval accuracy.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The queries.
        y : sequence of path | list of PIL.Image | array
            The image seen in every epoch.
        gallery : sequence of path | list of PIL.Image | array | None
            The candidates. None: the unique images of ``y``, so that chance is one
            in as many.

        Returns
        -------
        score : float
            Fraction of the queries whose own image ranks first.
        """
        return float(np.mean(self.ranks(X, y, gallery=gallery) <= 1))


def _positions(wanted: Sequence[str], ids: tuple[str, ...]) -> np.ndarray:
    position = {digest: i for i, digest in enumerate(ids)}
    missing = [row for row, digest in enumerate(wanted) if digest not in position]
    if missing:
        raise ValueError(
            f"{len(missing)} images of y are not in the gallery, the first at rows "
            f"{missing[:5]}: every image that was seen must be among the candidates."
        )
    return np.array([position[digest] for digest in wanted])
