"""What the parameters of a decoder must be, each alone and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from ._scalars import check_counts, check_flags, check_number
from .features._gallery import is_auto

if TYPE_CHECKING:
    from .decoder import ShallowAlignDecoder

SOLVERS = ("contrastive", "ridge")
INITS = ("random", "ridge")
FUSION_PARAMS = ("entropy_weight", "subject_bias")
LARGEST_SEED = 2**32 - 1


def check_parameters(decoder: ShallowAlignDecoder) -> None:
    """Refuse parameters that no fit could be made with.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder. What depends on the data, such as the layer, is checked with them.

    Raises
    ------
    TypeError, ValueError
        If one is of another type, beyond its range, or against another one.
    """
    _check_scalars(decoder)
    _check_images(decoder)
    for name in ("encoder_params", "net_params"):
        check_mapping(name, getattr(decoder, name))
    check_augment(decoder.augment)
    check_fusion_params(decoder.fusion_params)
    check_solver(decoder.solver, decoder.init, decoder.alpha, decoder.warm_start)
    check_auto(decoder)
    check_loss(decoder.loss, decoder.fusion, decoder.solver, decoder.init)
    check_ensemble(
        decoder.n_members,
        decoder.solver,
        decoder.fusion,
        decoder.subject_mmd,
        decoder.loss,
    )


def _check_scalars(decoder: ShallowAlignDecoder) -> None:
    check_counts(
        n_components=decoder.n_components,
        max_epochs=decoder.max_epochs,
        n_members=decoder.n_members,
    )
    check_number(decoder.batch_size, "batch_size", Integral, min_val=2)
    for name in ("lr", "temperature"):
        value = getattr(decoder, name)
        check_number(value, name, min_val=0, include_boundaries="neither")
    for name in ("weight_decay", "subject_mmd"):
        check_number(getattr(decoder, name), name, min_val=0)
    check_flags(image_scaling=decoder.image_scaling, warm_start=decoder.warm_start)
    if decoder.learn_temperature is not None:
        check_flags(learn_temperature=decoder.learn_temperature)
    check_seed(decoder.random_state)


def _check_images(decoder: ShallowAlignDecoder) -> None:
    if decoder.layer is None:
        raise TypeError(
            "layer must be a name, a number, 'auto' or a list of layers, got None."
        )
    if not isinstance(decoder.pooling, str):
        raise TypeError(
            f"pooling must be a name such as 'mean', got {decoder.pooling!r}."
        )
    views = decoder.views
    if not (views is None or callable(views) or isinstance(views, Sequence)):
        raise TypeError(
            "views must be a name, a transform, a list of these or None, got "
            f"{views!r}."
        )
    for name in ("image_root", "cache_dir"):
        path = getattr(decoder, name)
        is_switch = name == "cache_dir" and isinstance(path, bool)
        if not (is_switch or isinstance(path, str | PathLike | None)):
            raise TypeError(f"{name} must be a path or None, got {path!r}.")


def check_seed(random_state: Any) -> None:
    """Refuse what numpy makes no random numbers from.

    Parameters
    ----------
    random_state : int | RandomState | None
        What was given.
    """
    if isinstance(random_state, Integral):
        check_number(
            random_state, "random_state", Integral, min_val=0, max_val=LARGEST_SEED
        )
    elif not isinstance(random_state, np.random.RandomState | None):
        raise TypeError(
            "random_state must be an integer, a numpy.random.RandomState or None, got "
            f"{random_state!r}."
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
    are_ready = (callable(one) and not isinstance(one, type) for one in several)
    if augment is not None and not all(are_ready):
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
    params = params or {}
    weight = params.get("entropy_weight", 0)
    check_number(weight, "fusion_params['entropy_weight']", min_val=0)
    bias = params.get("subject_bias", False)
    check_flags(**{"fusion_params['subject_bias']": bias})
    foreign = sorted(set(params) - set(FUSION_PARAMS))
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


def check_auto(decoder: ShallowAlignDecoder) -> None:
    """Refuse what does not go together with layers that a screen chooses.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    """
    fusion = decoder.fusion
    if not is_auto(decoder.layer):
        return
    if fusion not in ("mean", "learned"):
        raise ValueError(
            f"fusion={fusion!r} does not go together with layer='auto', which takes "
            "one layer, or with fusion='learned' those that count. Give layer a list "
            "of layers."
        )
    against = {
        "solver='ridge'": decoder.solver == "ridge",
        "init='ridge'": decoder.init == "ridge",
        "projector=None": decoder.projector is None,
        f"n_members={decoder.n_members}": decoder.n_members > 1,
    }
    found = [name for name, is_set in against.items() if is_set]
    if fusion == "learned" and found:
        raise ValueError(
            f"{found[0]} does not go together with layer='auto' and fusion='learned', "
            "which trains a gate over projections of several layers. Use "
            "fusion='mean', which takes one layer."
        )


def check_loss(loss: Any, fusion: str, solver: str, init: str) -> None:
    """Refuse targets that are kept apart where nothing takes them apart.

    Parameters
    ----------
    loss : str | callable
        The objective.
    fusion : str
        How several layers, or views, become one target.
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
    if "ridge" in (solver, init):
        raise ValueError(
            "fusion='separate' does not go together with solver='ridge' or "
            "init='ridge', which have one target."
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
