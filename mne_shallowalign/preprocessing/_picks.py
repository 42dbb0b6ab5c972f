"""Channels over the occipital and parietal cortex, by name or by place."""

from __future__ import annotations

import re
from collections.abc import Sequence

import mne
import numpy as np

OCCIPITO_PARIETAL = "occipito-parietal"
_CTF = re.compile(r"M[LRZ][OP]\d\d(-\d+)?")
_CTF_ANY = re.compile(r"M[LRZ][CFOPT]\d\d(-\d+)?")
_NEUROMAG = ["Left-parietal", "Right-parietal", "Left-occipital", "Right-occipital"]

# Of the sensors of CTF systems, whose names tell the lobe, this cone holds nine in ten
# of those over the two lobes and one in twenty of the others.
_BACK = np.array([0, -0.957, 0.290])
_CONE = np.deg2rad(56)


def pick_occipito_parietal(info: mne.Info) -> list[str]:
    """Find the good channels over the occipital and the parietal lobe.

    Parameters
    ----------
    info : mne.Info
        The measurement info of Epochs or Raw.

    Returns
    -------
    ch_names : list of str
        Their names, for :meth:`mne.Epochs.pick`. EEG comes first, from front to back
        and left to right; MEG in the order of the recording. Channels that are marked
        as bad are left out.

    Raises
    ------
    ValueError
        If there is no such channel, or if neither names nor positions tell where the
        channels are.

    Notes
    -----
    - EEG: the electrodes of the 10-05 system whose names begin with P or O
      :footcite:p:`Gifford2022`. Of the 63 of THINGS-EEG2 these are the 17 that the
      field uses: P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2.
    - CTF: the sensors whose names begin with MLO, MRO, MZO, MLP, MRP and MZP.
    - Neuromag: the parietal and occipital groups of
      :func:`mne.read_vectorview_selection`.
    - KIT and other MEG: the sensors within 56 degrees, seen from the centre of the
      helmet, of the direction that points back and 17 degrees upwards. For CTF sensors
      this agrees with the names for nine in ten.

    References
    ----------
    .. footbibliography::
    """
    names = _eeg(info) + _meg(info)
    if not names:
        raise ValueError(
            f"picks={OCCIPITO_PARIETAL!r} finds no good channel over these lobes among "
            f"{info['ch_names'][:5]} …: EEG must have names of the 10-05 system (Pz, "
            "O1), MEG the names or the positions of its system. Name the channels in "
            "picks, or rename them with rename_channels()."
        )
    return names


def resolve_picks(info: mne.Info, picks: str | Sequence[str]) -> str | Sequence[str]:
    """Turn ``"occipito-parietal"`` into names; leave all else to MNE.

    Parameters
    ----------
    info : mne.Info
        The measurement info.
    picks : str | sequence of str
        What the user asked for.

    Returns
    -------
    picks : str | sequence of str
        What :meth:`mne.Epochs.pick` understands.
    """
    if isinstance(picks, str) and picks == OCCIPITO_PARIETAL:
        return pick_occipito_parietal(info)
    return picks


def _eeg(info: mne.Info) -> list[str]:
    picks = mne.pick_types(info, eeg=True, exclude="bads")
    there = {info["ch_names"][pick].upper(): info["ch_names"][pick] for pick in picks}
    system = mne.channels.make_standard_montage(ten_05()).ch_names
    return [there[n.upper()] for n in system if n[0] in "PO" and n.upper() in there]


def ten_05() -> str:
    """Return the name that this version of MNE has for its 10-05 montage.

    Returns
    -------
    montage : str
        A name for :func:`mne.channels.make_standard_montage`.
    """
    new, old = "colin27_1005", "standard_1005"
    return new if new in mne.channels.get_builtin_montages() else old


def _meg(info: mne.Info) -> list[str]:
    picks = mne.pick_types(info, meg=True, ref_meg=False, exclude=())
    names = [info["ch_names"][pick] for pick in picks]
    if not names:
        return []
    if all(_CTF_ANY.fullmatch(name) for name in names):
        chosen = [name for name in names if _CTF.fullmatch(name)]
    elif all(re.fullmatch(r"MEG ?\d{4}", name) for name in names):
        groups = {n.replace(" ", "") for n in mne.read_vectorview_selection(_NEUROMAG)}
        chosen = [name for name in names if name.replace(" ", "") in groups]
    else:
        chosen = [names[i] for i in np.flatnonzero(_at_the_back(info, picks))]
    return [name for name in chosen if name not in info["bads"]]


def _at_the_back(info: mne.Info, picks: np.ndarray) -> np.ndarray:
    """Tell which sensors lie in a cone that opens to the back of the helmet."""
    positions = np.array([info["chs"][pick]["loc"][:3] for pick in picks])
    if not np.isfinite(positions).all() or np.ptp(positions, axis=0).min() < 0.05:
        raise ValueError(
            f"picks={OCCIPITO_PARIETAL!r}: neither the names nor the positions of the "
            f"MEG sensors {info['ch_names'][picks[0]]} … tell where they are. Name the "
            "channels in picks."
        )
    # The centre of the sphere that fits best: |p|^2 = 2 p.c + const
    design = np.c_[2 * positions, np.ones(len(positions))]
    solution = np.linalg.lstsq(design, (positions**2).sum(axis=1), rcond=None)[0]
    rays = positions - solution[:3]
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return rays @ _BACK > np.cos(_CONE)
