"""From a name, a class or a factory to a neural encoder of the right size."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ._names import ENCODERS

if TYPE_CHECKING:
    from torch import nn


def build_encoder(
    encoder: str | Callable[..., nn.Module],
    signal: Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Make an encoder for a signal.

    Parameters
    ----------
    encoder : str | callable
        A name in :func:`~mne_shallowalign.list_encoders`, or a class or factory with
        braindecode's keywords.
    signal : mapping
        What is known of the signal: ``n_chans``, ``n_times``, ``n_outputs`` and,
        where known, ``sfreq`` (Hz) and ``chs_info`` (``info["chs"]``). Only what the
        signature of the encoder takes, and what is not None, is passed on.
    params : mapping | None
        Further arguments of the encoder. They win over ``signal``, so that
        ``{"n_outputs": 256}`` sets the width of the encoder.

    Returns
    -------
    module : torch.nn.Module
        ``(n, n_chans, n_times) -> (n, n_outputs)``.

    Raises
    ------
    TypeError
        If ``encoder`` cannot be called, or does not take one of ``params``.
    ValueError
        If the name is unknown, or the encoder cannot be made for this signal, for
        instance because it needs the sampling rate and X is an array.
    """
    factory = ENCODERS.get(encoder) if isinstance(encoder, str) else encoder
    if not callable(factory):
        raise TypeError(
            "encoder must be a name, a class or a factory that makes a "
            f"torch.nn.Module, got {encoder!r}."
        )
    known, unknown = _select(factory, encoder, signal, dict(params or {}))
    try:
        return factory(**known)
    except Exception as error:
        if not unknown:
            raise
        raise ValueError(
            f"{encoder!r} could not be made for this signal: {error}\n"
            f"As X is an array, {' and '.join(unknown)} are not known. If the encoder "
            "needs them, pass Epochs, or give them in encoder_params, such as "
            "{'sfreq': 250.0}."
        ) from error


def _select(
    factory: Callable[..., nn.Module],
    encoder: Any,
    signal: Mapping[str, Any],
    params: dict[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments that a factory takes, and those that it would if known."""
    accepted = inspect.signature(factory).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    foreign = [name for name in params if not (takes_any or name in accepted)]
    if foreign:
        raise TypeError(
            f"encoder_params has {', '.join(map(repr, foreign))}, but {encoder!r} "
            f"takes only {', '.join(map(repr, accepted))}."
        )
    wanted = {k: v for k, v in signal.items() if takes_any or k in accepted} | params
    unknown = [k for k, v in wanted.items() if v is None and k not in params]
    return {k: v for k, v in wanted.items() if k not in unknown}, unknown
