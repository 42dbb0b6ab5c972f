"""The names of the encoders."""

from __future__ import annotations

from typing import Any

from .._registry import Registry

ENCODERS = Registry(
    "encoder",
    "mne_shallowalign.encoders",
    {
        "atm": "mne_shallowalign.encoders:ATM",
        "eegconformer": "mne_shallowalign.encoders:EEGConformer",
        "eegnet": "mne_shallowalign.encoders:EEGNet",
        "eegproject": "mne_shallowalign.encoders:EEGProject",
        "tsconv": "mne_shallowalign.encoders:TSConv",
    },
)


def list_encoders(pattern: str = "*") -> list[str]:
    """List the encoders that ``ShallowAlignDecoder(encoder=...)`` knows by name.

    Parameters
    ----------
    pattern : str
        A shell-style wildcard pattern. Default ``"*"``.

    Returns
    -------
    names : list of str
        The matching names, those of installed plugins included.
    """
    return ENCODERS.names(pattern)


def register_encoder(name: str, encoder: Any = None) -> Any:
    """Add an encoder under a name, for this session.

    Packages add theirs with an entry point in the group
    ``mne_shallowalign.encoders``.

    Parameters
    ----------
    name : str
        The name.
    encoder : callable | None
        A class or factory ``encoder(n_chans, n_times, n_outputs, sfreq=None,
        chs_info=None, **params) -> torch.nn.Module``. With None, the function acts
        as a decorator.

    Returns
    -------
    encoder : callable
        The encoder, or the decorator.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    return ENCODERS.register(name, encoder)
