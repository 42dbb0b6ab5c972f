"""ShallowAlignDecoder, the door for users."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import use_log_level
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._checks import warn_of_unknown_concepts
from ._decoder_parameters import check_parameters, check_unchanged
from ._decoder_training import TrainingMixin
from .features._gallery import Layer, is_auto, is_pictures
from .retrieval import RetrievalMixin

if TYPE_CHECKING:
    from typing import Self

    from pandas import Series
    from torch import nn

    from .backbones import Backbone


def _trains(decoder: ShallowAlignDecoder) -> bool:
    """Tell whether training can go on; scikit-learn shows the error as the cause."""
    if decoder.solver == "ridge":
        raise AttributeError(
            "solver='ridge' has one solution, from all trials at once, and nothing to "
            "go on from. Fit it anew on old and new trials together, or use "
            "solver='contrastive' with init='ridge', which trains on from that "
            "solution, and has partial_fit and warm_start."
        )
    return True


class ShallowAlignDecoder(
    TrainingMixin,
    RetrievalMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Retrieve the picture that a person saw from their M/EEG.

    A neural encoder and a linear projector are trained contrastively against the
    pooled features of one layer of a pretrained vision model (Shallow Alignment).
    The defaults are the paper's smallest transformer at its best layer.

    Parameters
    ----------
    backbone : str | Backbone | torch.nn.Module
        The vision model: an alias or name of :func:`list_backbones`, or what
        :func:`load_backbone` returns. Default ``"vit-b-16"``.
    layer : str | int | float | list
        The layer whose features are the target: a name of :func:`list_layers`, its
        number counted from 1 (the paper's l), its relative depth from 0.0 to 1.0, or
        ``"final"`` for the model's own output. Note that ``1`` is the first layer
        and ``1.0`` the last. A list of these is fused, see ``fusion``. ``"auto"``
        screens every layer in closed form and takes the one by which ridge regression
        retrieves held-out training images best: at its best penalty for
        ``solver="ridge"`` and ``init="ridge"``, and over that and all weaker ones for
        other nets, see ``screen_``. With ``fusion="learned"`` it weighs all layers by
        how they tell these images apart together, and fuses those that count at least
        0.4 times as much as the first. Default 6.
    fusion : ``"mean"`` | ``"concat"`` | ``"learned"`` | ``"separate"``
        How several layers become one target; each is standardised first.
        ``"mean"`` averages layers of one width, ``"concat"`` puts them side by side,
        and ``"learned"`` adds up a projection of each, weighed by a softmax gate that
        starts from what held-out training images say in closed form and goes on
        learning with the net, see ``layer_weights_``. ``"separate"`` leaves layers, or
        ``views``, of one width side by side, for a ``loss`` that takes them apart; they
        are standardised as a single layer would be, by ``image_scaling``.
    fusion_params : dict | None
        Options of ``fusion="learned"``: ``entropy_weight`` (default 0.01), with which
        the entropy of the gate is rewarded so that it does not collapse, and
        ``subject_bias`` (default False), whether the gate may lean differently for
        every subject in training; at test the bias is dropped.
    pooling : str
        How the tokens of the layer become one vector (Pool in eq. 1): ``"mean"`` over
        the patches (default), ``"cls"``, the class token, ``"all"``, the mean over all
        tokens, ``"max"``, ``"gem"``, ``"flatten"`` or ``"flatten-<width>"``, see
        :func:`~mne_shallowalign.features.pool`.
    views : str | callable | sequence | None
        How pictures are looked at, in training and as candidates: names or transforms,
        as in :func:`~mne_shallowalign.features.extract_features`, whose features are
        averaged, or stand side by side with ``fusion="separate"``. None for the
        pictures as they are; not used if ``y`` are features.
    encoder : str | callable
        The neural encoder: a name of :func:`list_encoders`, or a class or factory
        ``encoder(n_chans, n_times, n_outputs, sfreq=None, chs_info=None)``, which
        braindecode's models are.
    encoder_params : dict | None
        Further arguments of the encoder, such as ``{"drop_prob": 0.5}``.
        ``n_outputs`` is the width of the image features (of the widest layer, if
        there are several) unless it is given here.
    n_components : int
        Width of the shared space. Default 512.
    projector : ``"linear"`` | ``"mlp"`` | None
        The maps W_N and W_I (eq. 2). None removes both, as in the ablation of
        section 4.7; the shared space then is that of the image features.
    loss : ``"cosine"`` | ``"lineage"`` | ``"atm"`` | callable
        ``"cosine"`` is eq. 3: both sides normalised. ``"lineage"`` is what the code
        computes that the paper follows: only the image side is normalised and the
        similarities are multiplied by softplus(ln(1/temperature)). ``"atm"`` is what
        that of ATM computes: they are multiplied by ln(1/temperature) itself. For
        another objective, a class derived from
        :class:`~mne_shallowalign.alignment.ContrastiveLoss`, or a factory of one.
    temperature : float
        The temperature to start from; for ``"cosine"`` between 0.01 and 1, which bound
        what is learnt too. Default 0.07.
    learn_temperature : bool | None
        Whether it is trained. None: as published, no for ``"lineage"`` and yes for
        the others.
    image_scaling : bool
        Whether every image feature is standardised with the mean and standard
        deviation that it has over the training images. This only helps the
        optimiser, since a linear map follows; the paper does not mention it. Always
        done when layers are averaged, weighed or put side by side, and with
        ``solver="ridge"`` or ``init="ridge"``.
    solver : ``"contrastive"`` | ``"ridge"``
        ``"contrastive"`` trains encoder and projectors by gradient descent.
        ``"ridge"`` is the linear baseline in closed form: ridge regression from the
        flattened signal to the standardised image features, which then are the shared
        space. All that belongs to the net or its training, from ``encoder`` to
        ``max_epochs``, is not used.
    init : ``"random"`` | ``"ridge"``
        What training starts from: random weights, as in the paper, or those of ridge
        regression in the first layer and the projectors, with ``encoder="eegproject"``
        and ``projector="linear"``. In simulations with a linear truth the latter has
        saved nearly all epochs (:doc:`/benchmarks`); with ``lr`` above 1e-4, or for too
        long, training undoes what it gains where the signal is weak.
    alpha : float | sequence of float | None
        Penalty of ridge regression, as scikit-learn's, on standardised signals; of
        several, the one by which held-out images are retrieved best is taken. None:
        11 values around the mean of the signal's spectrum. Also for ``layer="auto"``,
        ``fusion="learned"`` and ``init="ridge"``.
    lr : float
        Learning rate of AdamW. Default 1e-4.
    weight_decay : float
        Weight decay of AdamW. Default 1e-4.
    batch_size : int
        Trials in a batch. Each epoch is cut into even batches of which none is
        dropped, so that they may be up to a quarter larger; fewer trials than that
        are one batch. Default 1024.
    max_epochs : int
        Number of passes over the training trials. Default 50.
    augment : callable | sequence of callable | None
        What is done to the signals of every training batch, in this order, such as
        :class:`~mne_shallowalign.alignment.RepetitionAverage`; see
        :doc:`/user_guide/training`. Default None.
    subject_mmd : float
        Weight of the discrepancy between the embeddings of different subjects in the
        loss (:func:`~mne_shallowalign.alignment.subject_mmd`), for people who were not
        in training. Default 0.
    n_members : int
        How many decoders of different seeds are trained, as one stacked net; their
        similarities are averaged. The shared space is theirs side by side, of
        ``n_members`` times the width. Default 1.
    warm_start : bool
        Whether :meth:`fit` goes on from the weights of a fitted decoder, with the
        scales of the signal learnt anew: calibration to a new person or session.
        Default False.
    device : str
        ``"auto"`` (CUDA, MPS, CPU, in this order) or a torch device.
    precision : ``"auto"`` | ``"float32"`` | ``"tf32"`` | ``"bfloat16"``
        Precision of the training steps. ``"auto"`` is bfloat16 autocast where the
        hardware computes it natively. Inference is always float32.
    image_root : path | None
        Folder that relative image paths start from, such as ``<bids>/stimuli``.
    cache_dir : path | False | None
        Where image features are kept: None for a folder in MNE's data folder, False
        for nowhere.
    net_params : dict | None
        Further arguments of :class:`skorch.net.NeuralNet`, such as ``callbacks``,
        ``optimizer`` or ``train_split``.
    random_state : int | RandomState | None
        Seed of initialisation, batches and dropout. The same seed gives the same
        bits on one device. Torch's global random state is left alone.
    verbose : bool | str | int | None
        MNE's logging level during fit; progress bars appear on long fits.

    Attributes
    ----------
    net_ : AlignmentNet
        The fitted skorch net; of an ensemble, its members stacked.
    encoder_ : torch.nn.Module
        The fitted neural encoder; of an ensemble, its members stacked.
    backbone_ : Backbone | None
        The vision model; None if features were given.
    layer_ : str | list of str | None
        The full name of the layer, or of each if there are several, shallow to deep.
    screen_ : DataFrame
        The layers that were screened: ``layer``, best ``alpha``, its ``top1`` accuracy
        and mean reciprocal rank ``mrr`` among held-out images, and ``mean_rank``, minus
        the mean relative rank (0 is best, -0.5 is chance), averaged over that penalty
        and all weaker ones; what guessing gets of the first two, ``chance_top1`` and
        ``chance_mrr``; ``n_queries`` (held-out trials) and ``n_gallery`` (candidates,
        mean over folds); with ``fusion="learned"``, the ``weight`` that each layer
        has in closed form. Only where a layer, a penalty or weights were chosen.
    alpha_ : float
        The penalty, with ``solver="ridge"`` or ``init="ridge"``.
    layer_weights_ : Series
        How much each layer counts, with ``fusion="learned"``, and for several layers
        with ``"mean"``.
    gallery_ : array, shape (n_images,)
        The unique training images: the candidates of :meth:`predict` by default.
    history_ : skorch.history.History
        Loss and duration of every epoch.
    device_, precision_ : str
        What was trained on.
    info_ : mne.Info | None
        Measurement info of the channels used; None if X was an array.
    n_features_in_ : int
        Number of channels.
    n_times_ : int
        Number of time samples.

    See Also
    --------
    read_decoder : Read a decoder that was saved.

    Notes
    -----
    The recipe is section 4.2 of :footcite:t:`Du2026` with the encoder of appendix
    A.2.1. Two presentations of one image never count as each other's negatives.

    References
    ----------
    .. footbibliography::

    Examples
    --------
    >>> import numpy as np
    >>> from mne_shallowalign import ShallowAlignDecoder
    >>> rng = np.random.default_rng(0)
    >>> features = rng.standard_normal((300, 8))  # of the images, one layer
    >>> signal = features @ rng.standard_normal((8, 4 * 10))
    >>> X = signal.reshape(300, 4, 10)  # epochs, channels, times
    >>> decoder = ShallowAlignDecoder(lr=1e-2, n_components=8, random_state=0)
    >>> bool(decoder.fit(X[:200], features[:200]).score(X[200:], features[200:]) > 0.5)
    True
    """

    def __init__(
        self,
        backbone: str | Backbone | nn.Module = "vit-b-16",
        layer: Layer | Sequence[Layer] = 6,
        *,
        fusion: str = "mean",
        fusion_params: Mapping[str, Any] | None = None,
        pooling: str = "mean",
        views: str
        | Callable[..., Any]
        | Sequence[str | Callable[..., Any]]
        | None = None,
        encoder: str | Callable[..., nn.Module] = "eegproject",
        encoder_params: Mapping[str, Any] | None = None,
        n_components: int = 512,
        projector: str | None = "linear",
        loss: str | Callable[..., nn.Module] = "cosine",
        temperature: float = 0.07,
        learn_temperature: bool | None = None,
        image_scaling: bool = True,
        solver: str = "contrastive",
        init: str = "random",
        alpha: float | Sequence[float] | None = None,
        lr: float = 1e-4,
        weight_decay: float = 1e-4,
        batch_size: int = 1024,
        max_epochs: int = 50,
        augment: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None,
        subject_mmd: float = 0.0,
        n_members: int = 1,
        warm_start: bool = False,
        device: str = "auto",
        precision: str = "auto",
        image_root: str | Path | None = None,
        cache_dir: str | Path | bool | None = None,
        net_params: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | str | int | None = None,
    ) -> None:
        self.backbone = backbone
        self.layer = layer
        self.fusion = fusion
        self.fusion_params = fusion_params
        self.pooling = pooling
        self.views = views
        self.encoder = encoder
        self.encoder_params = encoder_params
        self.n_components = n_components
        self.projector = projector
        self.loss = loss
        self.temperature = temperature
        self.learn_temperature = learn_temperature
        self.image_scaling = image_scaling
        self.solver = solver
        self.init = init
        self.alpha = alpha
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.augment = augment
        self.subject_mmd = subject_mmd
        self.n_members = n_members
        self.warm_start = warm_start
        self.device = device
        self.precision = precision
        self.image_root = image_root
        self.cache_dir = cache_dir
        self.net_params = net_params
        self.random_state = random_state
        self.verbose = verbose

    # -- training ----------------------------------------------------------------

    def fit(self, X: Any, y: Any, *, groups: Any = None, subjects: Any = None) -> Self:
        """Align signals with the pictures that were seen.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The signals, in V, T or T/m as MNE has them: every channel is scaled by
            its own mean and standard deviation over the training trials. From
            Epochs, the good M/EEG channels are used. Arrays of shape
            ``(n_epochs, n_channels)`` are one time sample.
        y : sequence of path | list of PIL.Image | array
            The image of every epoch: paths, PIL images, uint8 pictures of shape
            ``(n_epochs, height, width, 3)``, or their features as float of shape
            ``(n_epochs, n_features)`` or ``(n_epochs, n_layers, n_features)``.
            Images of equal content are one image.
        groups : array-like, shape (n_epochs,) | None
            Group of every epoch, such as its concept: what is held out together where
            a layer (``layer="auto"``), a penalty (``solver="ridge"``) or weights
            (``fusion="learned"``) are chosen, and for a ``train_split`` in
            ``net_params``. None: for the former, ``epochs.metadata["concept"]`` or else
            the identity of the image.
        subjects : array-like, shape (n_epochs,) | None
            Whose epoch each is; None for ``epochs.metadata["subject"]``, if there is
            such a column. Only used by options that depend on it.

        Returns
        -------
        self : ShallowAlignDecoder
            The fitted decoder.

        Raises
        ------
        ValueError
            If signals and images do not fit together, the signal has a flat channel
            or is not finite, fewer than two images differ, or a parameter is wrong.
        """
        with use_log_level(self.verbose):
            self._check_parameters()
            if self.warm_start and hasattr(self, "net_"):
                return self._go_on(X, y, groups, subjects, rescale=True)
            signal = self._read_signal(X, reset=True)
            y = self._check_training_images(X, y, len(signal))
            labels = self._read_labels(X, groups, subjects, len(signal))
            self.backbone_ = self._load_backbone() if is_pictures(y) else None
            gallery = self._read_training_images(y, self.layer, self.device)
            if is_auto(self.layer) and labels.concepts is None:
                warn_of_unknown_concepts()
            return self._begin(signal, gallery, labels)

    @available_if(_trains)
    def partial_fit(
        self, X: Any, y: Any, *, groups: Any = None, subjects: Any = None
    ) -> Self:
        """Go on training for ``max_epochs`` epochs, or start if not yet fitted.

        Scales, layer and architecture stay as they were; ``max_epochs``, ``lr`` and
        ``batch_size`` may have changed. For new people or sessions, whose signals
        differ in scale, use :meth:`fit` with ``warm_start=True``. Not there with
        ``solver="ridge"``, which has nothing to go on from: use ``init="ridge"``
        instead. The images of this call become the default
        candidates of :meth:`predict`. A decoder that was read from a file goes on with
        a fresh optimiser, for its moments are not saved.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The signals.
        y : sequence of path | list of PIL.Image | array
            The image of every epoch.
        groups, subjects : array-like, shape (n_epochs,) | None
            As in :meth:`fit`.

        Returns
        -------
        self : ShallowAlignDecoder
            The decoder.
        """
        if not hasattr(self, "net_"):
            return self.fit(X, y, groups=groups, subjects=subjects)
        with use_log_level(self.verbose):
            self._check_parameters()
            return self._go_on(X, y, groups, subjects)

    def _go_on(
        self, X: Any, y: Any, groups: Any, subjects: Any, rescale: bool = False
    ) -> Self:
        check_unchanged(self, self._fitted_with)
        signal = self._read_signal(X, reset=False, training=True)
        y = self._check_training_images(X, y, len(signal))
        labels = self._read_labels(X, groups, subjects, len(signal))
        gallery = self._read_further_images(y)
        if rescale:
            self._learn_signal_scale(signal)
        names = ("max_epochs", "lr", "batch_size")
        self.net_.set_params(**{name: getattr(self, name) for name in names})
        return self._train(signal, gallery, labels)

    def _check_parameters(self) -> None:
        check_parameters(self)

    # -- into the shared space ---------------------------------------------------

    @property
    def encoder_(self) -> nn.Module:
        """The fitted neural encoder."""
        check_is_fitted(self, "net_")
        return self.net_.module_.encoder

    @property
    def history_(self) -> Any:
        """Loss and duration of every epoch, as skorch records them."""
        check_is_fitted(self, "net_")
        return self.net_.history

    @property
    def layer_weights_(self) -> Series:
        """How much each layer counts; the weights sum to one."""
        import pandas as pd

        check_is_fitted(self, "net_")
        layers = self.layer_ if isinstance(self.layer_, list) else [self.layer_]
        is_mean = self.fusion == "mean" and len(layers) > 1
        # of those that a screen weighed, one may be left
        is_weighed = self.fusion == "learned" and self.layer_ is not None
        if not (is_weighed or is_mean):
            raise AttributeError(
                "layer_weights_ is there with fusion='learned', and for several layers "
                "with fusion='mean', only."
            )
        if self._is_gated:
            weights = self.net_.criterion_.projector.gate()[0].tolist()
        else:
            weights = [1 / len(layers)] * len(layers)
        return pd.Series(weights, index=layers, name="weight")

    def transform(self, X: Any) -> np.ndarray:
        """Take signals to the shared space.

        Parameters
        ----------
        X : Epochs | list of Epochs | array, shape (n_epochs, n_channels, n_times)
            The signals.

        Returns
        -------
        embedding : array of float32, shape (n_epochs, n_components)
            One row of unit norm per epoch.
        """
        check_is_fitted(self, "net_")
        return self._embed_signal(self._read_signal(X, reset=False))

    def transform_images(self, images: Any) -> np.ndarray:
        """Take images to the shared space.

        Parameters
        ----------
        images : sequence of path | list of PIL.Image | array
            Images in any form that :meth:`fit` takes.

        Returns
        -------
        embedding : array of float32, shape (n_images, n_components)
            One row of unit norm per image given.
        """
        gallery = self._read_candidates(images)
        return self._embed_features(gallery.features)[gallery.index]

    # -- on disk -----------------------------------------------------------------

    def save(self, fname: str | Path, *, overwrite: bool = False) -> None:
        """Save the decoder as safetensors with a JSON header; nothing is pickled.

        Parameters
        ----------
        fname : path
            The file to write, by convention ``*-decoder.safetensors``.
        overwrite : bool
            Whether to replace an existing file.

        Raises
        ------
        FileExistsError
            If the file exists and ``overwrite`` is False.
        ValueError
            If ``views`` has transforms without a name.

        Notes
        -----
        What JSON cannot say is left out: ``net_params`` with callbacks, a
        ``RandomState``, an encoder, loss or backbone without a name; of the history,
        validation losses. A message at the level ``"INFO"`` names what was there.
        :func:`read_decoder` asks for the latter three. It gives a
        :class:`ShallowAlignDecoder` whatever class derived from it was saved.
        """
        from ._decoder_file import write_decoder

        check_is_fitted(self, "net_")
        write_decoder(self, Path(fname).expanduser(), overwrite)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.non_deterministic = False
        return tags


def read_decoder(
    fname: str | Path,
    *,
    backbone: str | Backbone | nn.Module | None = None,
    encoder: Callable[..., nn.Module] | None = None,
    loss: Callable[..., nn.Module] | None = None,
    device: str = "auto",
) -> ShallowAlignDecoder:
    """Read a decoder written by :meth:`ShallowAlignDecoder.save`.

    Parameters
    ----------
    fname : path
        The file.
    backbone : str | Backbone | torch.nn.Module | None
        The vision model. None: the one named in the file; needed if it had no name.
    encoder : callable | None
        The class or factory of the encoder. None: the one named in the file; needed
        if it had no registered name.
    loss : callable | None
        The class or factory of the loss. None: the one named in the file; needed if
        it was a class.
    device : str
        Where to put the decoder, whatever device it was trained on.

    Returns
    -------
    decoder : ShallowAlignDecoder
        The fitted decoder.

    Raises
    ------
    ValueError
        If the file is no decoder, was written by a newer version, or lacks what is
        asked for above.
    """
    from ._decoder_file import load_decoder

    return load_decoder(Path(fname).expanduser(), backbone, encoder, loss, device)
