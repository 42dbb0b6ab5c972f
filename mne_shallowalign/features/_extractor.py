"""LayerExtractor: pictures in, layer features out, as scikit-learn has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ._extract import FINAL, Layer, _in_depth_order, extract_features
from ._pooling import check_pooling, flatten_width

if TYPE_CHECKING:
    from typing import Self

    import torch

    from ..backbones import Backbone

_OUTPUTS = ("concat", "stack")


class LayerExtractor(TransformerMixin, BaseEstimator):
    """Turn pictures into features of one or several layers of a vision model.

    It learns nothing from the pictures, and what it has computed is kept on disk: in
    cross-validation, the vision model sees each picture once.

    Parameters
    ----------
    backbone : str | Backbone | torch.nn.Module
        The vision model: an alias or name of :func:`list_backbones`, or what
        :func:`load_backbone` returns. Default ``"vit-b-16"``.
    layers : str | int | float | sequence | None
        Layer names, numbers counted from 1, relative depths from 0.0 to 1.0, or
        ``"final"``; None for every layer without ``"final"``.
    pooling : str
        How the tokens of a layer become one vector, see
        :func:`~mne_shallowalign.features.pool`. Default ``"mean"``.
    views : str | callable | sequence | None
        Transformed pictures whose features are averaged, see
        :func:`~mne_shallowalign.features.extract_features`; None for the picture alone.
    output : ``"concat"`` | ``"stack"``
        What several layers give: their features side by side, shape
        ``(n_images, sum of widths)``, or, where all are of one width, a layer axis,
        shape ``(n_images, n_layers, width)``, which
        :class:`~mne_shallowalign.ShallowAlignDecoder` takes as images.
    image_root : path | None
        Folder that relative paths start from.
    cache_dir : path | False | None
        Where features are kept: None for a folder in MNE's data folder, False for
        nowhere.
    batch_size : int | ``"auto"``
        Pictures per forward pass.
    device : str
        ``"auto"`` (CUDA, MPS, CPU, in this order) or a torch device.
    precision : str
        Precision of the forward pass, see
        :func:`~mne_shallowalign.features.extract_features`.
    n_jobs : int | None
        Processes that decode pictures; None lets their number decide.
    verbose : bool | str | int | None
        MNE's logging level; progress bars appear on long runs.

    Attributes
    ----------
    backbone_ : Backbone
        The description of the vision model.
    layers_ : tuple of str
        The full names of the layers, shallow to deep, as they come in the output.
    widths_ : tuple of int
        The number of features of each.

    See Also
    --------
    mne_shallowalign.features.extract_features : The function behind it.

    Examples
    --------
    >>> import numpy as np
    >>> from mne_shallowalign import LayerExtractor
    >>> pictures = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    >>> extractor = LayerExtractor("gabor/v1", layers=[1, "final"], cache_dir=False)
    >>> extractor.fit_transform(pictures).shape
    (4, 246)
    >>> extractor.widths_
    (54, 192)
    """

    def __init__(
        self,
        backbone: str | Backbone | torch.nn.Module = "vit-b-16",
        layers: Layer | Sequence[Layer] | None = None,
        *,
        pooling: str = "mean",
        views: str | Callable[..., Any] | Sequence[Any] | None = None,
        output: str = "concat",
        image_root: str | Path | None = None,
        cache_dir: str | Path | bool | None = None,
        batch_size: int | str = "auto",
        device: str = "auto",
        precision: str = "auto",
        n_jobs: int | None = None,
        verbose: bool | str | int | None = None,
    ) -> None:
        self.backbone = backbone
        self.layers = layers
        self.pooling = pooling
        self.views = views
        self.output = output
        self.image_root = image_root
        self.cache_dir = cache_dir
        self.batch_size = batch_size
        self.device = device
        self.precision = precision
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Look up the layers; nothing is learnt, and the pictures are not opened.

        Parameters
        ----------
        X : sequence of path | list of PIL.Image | array
            The pictures, not used.
        y : object
            Not used.

        Returns
        -------
        self : LayerExtractor
            The extractor.

        Raises
        ------
        ValueError
            If there is no such backbone or layer, or ``output`` does not suit them.
        """
        self.backbone_, self.layers_, self.widths_ = self._look_up()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the features, or take them from the cache.

        Parameters
        ----------
        X : sequence of path | list of PIL.Image | array
            The pictures: paths in any 1-D sequence (list, array, Series), PIL images,
            or uint8 of shape ``(n_images, height, width, 3)``. A path of a folder
            stands for the set of pictures in it.

        Returns
        -------
        features : array of float32, shape (n_images, n_features)
            One row per picture given. With ``output="stack"``, of shape
            ``(n_images, n_layers, width)``.

        Raises
        ------
        ValueError
            If pictures cannot be read, or there is no such layer or pooling.
        """
        if getattr(X, "ndim", 1) not in (1, 4):
            raise ValueError(
                "X must be a 1-D sequence of pictures, or uint8 pixels (n_images, "
                f"height, width, 3); got {type(X).__name__} of shape {X.shape}. Of a "
                "table, pass the column of paths."
            )
        backbone, layers, _ = self._described()
        features = extract_features(
            X,
            backbone,
            layers,
            image_root=self.image_root,
            pooling=self.pooling,
            views=self.views,
            cache_dir=self.cache_dir,
            batch_size=self.batch_size,
            device=self.device,
            precision=self.precision,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
        join = np.stack if self.output == "stack" else np.concatenate
        return join([features[layer] for layer in layers], axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: ``"<layer>_<number>"``, such as ``"blocks.5_0"``.

        Parameters
        ----------
        input_features : object
            Not used.

        Returns
        -------
        names : array of object, shape (n_features,)
            One name per column of ``output="concat"``.
        """
        _, layers, widths = self._described()
        names = [
            f"{layer}_{i}"
            for layer, width in zip(layers, widths, strict=True)
            for i in range(width)
        ]
        return np.array(names, dtype=object)

    def _described(self) -> tuple[Backbone, tuple[str, ...], tuple[int, ...]]:
        if hasattr(self, "backbone_"):
            return self.backbone_, self.layers_, self.widths_
        return self._look_up()

    def _look_up(self) -> tuple[Backbone, tuple[str, ...], tuple[int, ...]]:
        from ..backbones import load_backbone

        if self.output not in _OUTPUTS:
            raise ValueError(
                f"output must be 'concat' or 'stack'; got {self.output!r}."
            )
        backbone = load_backbone(self.backbone)
        layers = tuple(_in_depth_order(backbone, self.layers))
        pooled = flatten_width(check_pooling(self.pooling))
        widths = tuple(
            backbone.width(layer) if layer == FINAL else pooled or backbone.width(layer)
            for layer in layers
        )
        if self.output == "stack" and len(set(widths)) > 1:
            named = ", ".join(map("{} has {}".format, layers, widths))
            raise ValueError(
                f"output='stack' needs layers of one width: {named}. Choose others, or "
                "output='concat'."
            )
        return backbone, layers, widths

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        tags.requires_fit = False
        return tags
