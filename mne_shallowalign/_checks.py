"""What must hold before signals and pictures are brought together."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import mne
import numpy as np

from .features._gallery import is_auto, is_pictures

SOLVERS = ("contrastive", "ridge")
INITS = ("random", "ridge")
FUSION_PARAMS = ("entropy_weight", "subject_bias")


def check_lengths(n_signals: int, n_images: int) -> None:
    """Refuse another number of images than of signals.

    Parameters
    ----------
    n_signals, n_images : int
        How many there are.
    """
    if n_signals != n_images:
        raise ValueError(
            f"X has {n_signals} epochs but y has {n_images} images: y needs one image "
            "per epoch, repetitions included, such as epochs.metadata['image']. "
            "(Found input variables with inconsistent numbers of samples.)"
        )


def check_order(X: Any, y: Any) -> None:
    """Refuse pictures that are those of the epochs, but in another order.

    Parameters
    ----------
    X : Epochs | object
        The signals; only the metadata of Epochs, or of a list of them, can tell.
    y : sequence
        The images.
    """
    if not is_pictures(y):
        return
    seen = metadata_column(X, "image")
    given = [Path(name).as_posix() for name in y if isinstance(name, (str, Path))]
    # a single picture for all is another mistake, with a message of its own
    if seen is None or len(given) != len(seen) or len(set(given)) < 2:
        return
    seen = [str(name) for name in seen]
    pairs = enumerate(zip(given, seen, strict=True))
    wrong = [i for i, pair in pairs if not _names_same(*pair)]
    known = set(seen)
    if wrong and all(_is_known(given[i], known) for i in wrong):
        i = wrong[0]
        raise ValueError(
            f"y has the images of these epochs in another order: epoch {i} showed "
            f"{seen[i]!r}, but y[{i}] is {given[i]!r} ({len(wrong)} rows differ). Use "
            "epochs.metadata['image']."
        )


def check_mapping(name: str, value: Any) -> None:
    """Refuse what is no mapping.

    Parameters
    ----------
    name : str
        The parameter.
    value : mapping | None
        What was given.
    """
    if value is not None and not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict or None, got {value!r}.")


def check_augment(augment: Any) -> None:
    """Refuse augmentations that cannot be called.

    Parameters
    ----------
    augment : callable | sequence of callable | None
        What was given.
    """
    several = augment if isinstance(augment, (list, tuple)) else [augment]
    if augment is not None and not all(map(callable, several)):
        raise TypeError(
            "augment must be a callable such as alignment.TimeShift(), a list of them, "
            f"or None; got {augment!r}."
        )


def check_unchanged(decoder: Any, fitted_with: Mapping[str, Any]) -> None:
    """Refuse to go on training a net that other parameters would have made.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    fitted_with : mapping
        What its net was made with.
    """
    for name, before in fitted_with.items():
        now = getattr(decoder, name)
        if now is not before and now != before:
            raise ValueError(
                f"{name}={now!r}, but the decoder was fitted with {before!r}, and the "
                "net that goes on training stays as it is. Set it back, or fit anew "
                "with warm_start=False."
            )


def check_fusion_params(params: Mapping[str, Any] | None) -> None:
    """Refuse options of fusion that do not exist.

    Parameters
    ----------
    params : mapping | None
        Options of ``fusion="learned"``.
    """
    check_mapping("fusion_params", params)
    weight = (params or {}).get("entropy_weight", 0)
    if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
        raise ValueError(
            "fusion_params['entropy_weight'] must be a number of at least 0, got "
            f"{weight!r}."
        )
    foreign = sorted(set(params or {}) - set(FUSION_PARAMS))
    if foreign:
        raise ValueError(
            f"fusion_params has {', '.join(map(repr, foreign))}, but its options are "
            f"{', '.join(map(repr, FUSION_PARAMS))}."
        )


def check_solver(solver: str, init: str, alpha: Any, warm_start: bool) -> None:
    """Refuse parameters of the solver that do not exist or go together.

    Parameters
    ----------
    solver : str
        ``"contrastive"`` or ``"ridge"``.
    init : str
        ``"random"`` or ``"ridge"``.
    alpha : float | sequence of float | None
        Penalty of ridge regression.
    warm_start : bool
        Whether to go on from what was fitted.
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver must be one of {SOLVERS}, got {solver!r}.")
    if init not in INITS:
        raise ValueError(f"init must be one of {INITS}, got {init!r}.")
    if warm_start and solver == "ridge":
        raise ValueError(
            "warm_start=True goes on training, but solver='ridge' has nothing to go on "
            "from. Use warm_start=False or solver='contrastive'."
        )
    if alpha is None:
        return
    values = np.atleast_1d(alpha)
    if values.dtype.kind not in "if" or values.ndim > 1 or not values.size:
        raise ValueError(
            f"alpha must be a number, a sequence of numbers or None, got {alpha!r}."
        )
    if not ((values > 0) & np.isfinite(values)).all():
        raise ValueError(f"alpha must be positive and finite, got {alpha!r}.")


def check_loss(loss: Any, fusion: str, layer: Any, solver: str, init: str) -> None:
    """Refuse targets that are kept apart where nothing takes them apart.

    Parameters
    ----------
    loss : str | callable
        The objective.
    fusion : str
        How several layers, or views, become one target.
    layer : object
        The layer or layers.
    solver, init : str
        Where the closed form has a part.
    """
    if fusion != "separate":
        return
    if not callable(loss):
        raise ValueError(
            f"fusion='separate' needs a loss that takes its parts apart, got {loss!r}. "
            "Give a class derived from alignment.ContrastiveLoss, or fuse them."
        )
    if is_auto(layer) or "ridge" in (solver, init):
        raise ValueError(
            "fusion='separate' does not go together with layer='auto', "
            "solver='ridge' or init='ridge', which have one target."
        )


def check_ensemble(
    n_members: int,
    solver: str,
    fusion: str,
    subject_mmd: float = 0.0,
    loss: Any = "cosine",
) -> None:
    """Refuse ensembles of what there is only one of.

    Parameters
    ----------
    n_members : int
        How many decoders are to be averaged.
    solver : str
        A closed form does not depend on the seed.
    fusion : str
        A learned gate has one set of weights.
    subject_mmd : float
        The discrepancy between subjects is that of one shared space.
    loss : str | callable
        A class of its own is not stacked.
    """
    if n_members > 1 and callable(loss):
        raise ValueError(
            f"n_members={n_members} needs a loss that can be stacked, one with a name; "
            f"got {loss!r}. Use n_members=1."
        )
    if n_members > 1 and solver == "ridge":
        raise ValueError(
            f"n_members={n_members} decoders would be the same one with "
            "solver='ridge', which has one solution. Use n_members=1."
        )
    if n_members > 1 and fusion == "learned":
        raise ValueError(
            f"n_members={n_members} does not go together with fusion='learned'. Use "
            "n_members=1, or fusion='mean' or 'concat'."
        )
    if n_members > 1 and subject_mmd:
        raise ValueError(
            f"n_members={n_members} does not go together with subject_mmd="
            f"{subject_mmd}. Use n_members=1, or subject_mmd=0."
        )


def check_same_rate(info: mne.Info, fitted: mne.Info) -> None:
    """Refuse Epochs that were sampled at another rate than the training data.

    Parameters
    ----------
    info, fitted : mne.Info
        Of the signals at hand, and of those of the fit.
    """
    if not np.isclose(info["sfreq"], fitted["sfreq"], rtol=1e-3):
        raise ValueError(
            f"X is sampled at {info['sfreq']:g} Hz, but the decoder was fitted at "
            f"{fitted['sfreq']:g} Hz. Use epochs.resample({fitted['sfreq']:g})."
        )


def metadata_column(X: Any, name: str) -> list[Any] | None:
    """Collect what the metadata of Epochs, or of a list of them, says of each epoch.

    Parameters
    ----------
    X : Epochs | list of Epochs | object
        The signals.
    name : str
        The column, such as ``"image"``, ``"concept"`` or ``"subject"``.

    Returns
    -------
    values : list | None
        One entry per epoch; None if they do not all have such a column.
    """
    recordings = X if isinstance(X, list) else [X]
    tables: list[Any] = [getattr(epochs, "metadata", None) for epochs in recordings]
    if not tables or any(table is None or name not in table for table in tables):
        return None
    return [value for table in tables for value in table[name]]


def _names_same(given: str, seen: str) -> bool:
    return given == seen or given.endswith("/" + seen)


def _is_known(given: str, known: set[str]) -> bool:
    parts = given.split("/")
    return any("/".join(parts[i:]) in known for i in range(len(parts)))


def non_finite_hint(signal: Any) -> str:
    """Say which epochs are not finite, if that is what is wrong.

    Parameters
    ----------
    signal : object
        What was given as X.

    Returns
    -------
    hint : str
        A sentence to begin an error with, or nothing.
    """
    signal = np.asarray(signal)
    if signal.dtype.kind != "f" or not signal.ndim:
        return ""
    bad = ~np.isfinite(signal)
    if not bad.any():
        return ""
    epochs = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))
    return (
        f"X has NaN or infinite values in {len(epochs)} of {len(bad)} epochs, the "
        f"first being {epochs[:5].tolist()}: drop or interpolate them. "
    )
