"""The part of a decoder that reads signals and images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from ._checks import (
    check_lengths,
    check_order,
    check_same_rate,
    metadata_column,
    non_finite_hint,
    refuse_missing,
)
from ._decoder_state import DecoderState
from .features._gallery import Gallery, as_sequence, is_auto, is_pictures
from .features._read_gallery import identify, picture_names, read_gallery
from .preprocessing._signal import as_signal

if TYPE_CHECKING:
    from .backbones import Backbone


@dataclass(frozen=True)
class TrialLabels:
    """What is known of every training trial beside its image.

    Parameters
    ----------
    groups : array, shape (n_epochs,) | None
        What the user gave, for a ``train_split``.
    concepts : array, shape (n_epochs,) | None
        What must not be torn apart when trials are held out.
    subjects : array, shape (n_epochs,) | None
        Whose trials they are.
    """

    groups: np.ndarray | None
    concepts: np.ndarray | None
    subjects: np.ndarray | None

    def take(self, rows: np.ndarray) -> TrialLabels:
        """Leave out all epochs but some.

        Parameters
        ----------
        rows : array of int
            The epochs to keep.

        Returns
        -------
        labels : TrialLabels
            Their labels.
        """
        known = (self.groups, self.concepts, self.subjects)
        return TrialLabels(*(None if one is None else one[rows] for one in known))


class InputMixin(DecoderState):
    """Read signals and images as the parameters and the fit say."""

    def _read_signal(self, X: Any, reset: bool, training: bool = False) -> np.ndarray:
        names = None if reset or self.info_ is None else self.info_["ch_names"]
        signal, info = as_signal(X, names)
        try:
            signal = validate_data(
                self,
                signal,
                reset=reset,
                dtype=[np.float32, np.float64],
                allow_nd=True,
                ensure_min_samples=2 if reset or training else 1,
            )
        except ValueError as error:
            raise ValueError(f"{non_finite_hint(signal)}{error}") from error
        if signal.ndim > 3:
            raise ValueError(
                f"X must have shape (n_epochs, n_channels, n_times), got "
                f"{signal.shape}."
            )
        signal = np.atleast_3d(signal)
        if reset:
            self.info_, self.n_times_ = info, signal.shape[2]
            return signal
        if info is not None and self.info_ is not None:
            check_same_rate(info, self.info_)
        if signal.shape[2] != self.n_times_:
            raise ValueError(
                f"X has {signal.shape[2]} time samples, but ShallowAlignDecoder was "
                f"fitted with {self.n_times_}. Crop and resample it as the training "
                "data."
            )
        return signal

    def _check_training_images(self, X: Any, y: Any, n_signals: int) -> Any:
        if y is None:
            raise ValueError(
                "ShallowAlignDecoder requires y to be passed, but the target y is "
                "None. y holds the image of every epoch."
            )
        y = as_sequence(y)
        check_lengths(n_signals, len(y))
        self._check_order(X, y)
        return y

    def _read_labels(self, X: Any, groups: Any, subjects: Any, n: int) -> TrialLabels:
        refuse_missing(groups, "groups")
        refuse_missing(subjects, "subjects")
        groups = _labels(groups, "groups", n)
        concepts = metadata_column(X, "concept") if groups is None else groups
        subjects = metadata_column(X, "subject") if subjects is None else subjects
        return TrialLabels(
            groups, _labels(concepts, "concept", n), _labels(subjects, "subjects", n)
        )

    def _read_training_images(self, y: Any, layer: Any, device: str) -> Gallery:
        gallery = self._read_images(y, layer, device)
        if len(gallery.names) < 2:
            raise ValueError(
                f"y has {len(y)} images but all are the same one "
                f"({gallery.names[0]!r}): alignment needs at least two that differ."
            )
        return gallery

    def _load_backbone(self) -> Backbone:
        from .backbones import load_backbone

        return load_backbone(self.backbone).pinned()

    def _fitted_source(self) -> tuple[Any, str]:
        """Return the layer that was fitted and the device that there is now."""
        layer = self.layer if self.layer_ is None else self.layer_
        return layer, self.net_.device

    def _read_further_images(self, y: Any) -> Gallery:
        """Read images to go on training with, of the backbone and layer as before."""
        if self.backbone_ is not None and is_pictures(y):
            self._check_same_backbone(self.backbone_)
        layer = self.layer_ if is_auto(self.layer) and self.layer_ else self.layer
        gallery = self._read_training_images(y, layer, self.net_.device)
        if gallery.layer and self.layer_ and gallery.layer != self.layer_:
            raise ValueError(
                f"layer={self.layer!r} is {gallery.layer!r}, but the decoder was "
                f"fitted with {self.layer_!r}, and only the same layer "
                "can be gone on with. "
                "Set layer to that, or fit anew with warm_start=False."
            )
        self._check_width(gallery.features)
        return gallery

    def _check_same_backbone(self, fitted: Backbone) -> None:
        if self.backbone in (fitted, fitted.name):
            return
        found = self._load_backbone()
        if found.name != fitted.name:
            raise ValueError(
                f"backbone is {found.name!r}, but the decoder was fitted with "
                f"{fitted.name!r}, and only the same backbone can be gone on "
                "with. Set backbone to that, or fit anew with warm_start=False."
            )

    def _read_images(self, images: Any, layer: Any, device: str) -> Gallery:
        if is_pictures(images) and self.backbone_ is None:
            raise ValueError(
                "The images are pictures, but this decoder was fitted with features "
                "and has no backbone: pass features of the same layer instead."
            )
        return read_gallery(
            images,
            self.backbone_,
            layer,
            pooling=self.pooling,
            views=self.views,
            keep_views=self.fusion == "separate",
            image_root=self.image_root,
            cache_dir=self.cache_dir,
            device=device,
        )

    def _read_candidates(self, images: Any) -> Gallery:
        check_is_fitted(self, "net_")
        gallery = self._read_images(as_sequence(images), *self._fitted_source())
        self._check_width(gallery.features)
        return gallery

    def _check_order(self, X: Any, y: Any) -> None:
        check_order(X, as_sequence(y))

    def _identify(self, images: Any) -> list[str]:
        return identify(as_sequence(images), self.image_root)

    def _names(self, images: Any) -> np.ndarray:
        return picture_names(as_sequence(images))

    def _check_width(self, features: np.ndarray) -> None:
        expected = sum(self.layer_widths_)
        if features.shape[1] != expected:
            raise ValueError(
                f"The images have {features.shape[1]} features, but the decoder was "
                f"fitted with {expected}. Use the same backbone, layer and pooling."
            )

    def _refuse_flat_channels(self, signal: np.ndarray) -> None:
        flat = self.signal_scaler_.flat(signal)
        if len(flat) == 0:
            return
        names = flat if self.info_ is None else np.array(self.info_["ch_names"])[flat]
        listed = ", ".join(str(name) for name in names[:5])
        raise ValueError(
            f"X has {len(flat)} flat channel(s) that never change over trials and "
            f"times: {listed}. Mark them bad (epochs.info['bads']), interpolate or "
            "drop them."
        )


def _labels(values: Any, name: str, n: int) -> np.ndarray | None:
    if values is None:
        return None
    labels = np.asarray(values)
    if labels.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"{name} must have one entry for each of the {n} epochs of X, got the "
            f"shape {labels.shape}."
        )
    return labels.ravel()
