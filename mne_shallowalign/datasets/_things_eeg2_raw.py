"""The recordings of THINGS-EEG2 in the authors' format, as Raw that stays on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
from mne.utils import verbose, warn

from ..preprocessing._picks import ten_05
from ._things_eeg2_pickle import read_pickle

_KEYS = {"raw_eeg_data", "ch_names", "ch_types", "sfreq"}
_IMPLAUSIBLE = 0.05  # V


@verbose
def read_raw_things_eeg2(
    fname: str | Path,
    *,
    preload: bool = False,
    verbose: bool | str | int | None = None,
) -> RawThingsEEG2:
    """Read a recording of THINGS-EEG2 as its authors published it.

    Parameters
    ----------
    fname : str | Path
        ``raw_eeg_training.npy`` or ``raw_eeg_test.npy`` of a session.
    preload : bool
        Whether to load the signal (2.8 GB for a training session). By default it stays
        on disk, and is read piece by piece when it is needed.
    %(verbose)s

    Returns
    -------
    raw : RawThingsEEG2
        63 EEG channels with the positions of the 10-05 system and the channel
        ``stim``, 1000 Hz, in volts as far as the file can tell.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a recording, or holds anything but arrays.

    Notes
    -----
    The file is a pickle, which can run foreign code when it is loaded with
    ``numpy.load(fname, allow_pickle=True)``. Here it cannot: only arrays are rebuilt.
    """
    return RawThingsEEG2(Path(fname), preload=preload)


class RawThingsEEG2(mne.io.BaseRaw):
    """A recording of THINGS-EEG2, see :func:`read_raw_things_eeg2`."""

    @verbose
    def __init__(
        self,
        fname: Path,
        preload: bool = False,
        verbose: bool | str | int | None = None,
    ) -> None:
        contents = read_pickle(fname)
        data = _signal(contents, fname)
        super().__init__(
            _info(contents),
            preload,
            first_samps=[0],
            last_samps=[data.shape[1] - 1],
            filenames=[fname],
            raw_extras=[dict(place=_place(data))],
            orig_format="double",
        )
        _check_unit(self, fname)

    def _read_segment_file(
        self,
        data: np.ndarray,
        idx: slice | np.ndarray,
        fi: int,
        start: int,
        stop: int,
        cals: np.ndarray,
        mult: np.ndarray | None,
    ) -> None:
        # Mapped anew each time: pages that were read do not stay in this process.
        place = self._raw_extras[fi]["place"]
        signal = np.memmap(self.filenames[fi], mode="r", **place)[:, start:stop]
        data[:] = signal[idx] if mult is None else mult @ signal[idx]


def _signal(contents: dict[str, Any], fname: Path) -> np.memmap:
    missing = sorted(_KEYS - set(contents))
    signal = contents.get("raw_eeg_data")
    if missing or not isinstance(signal, np.memmap) or signal.ndim != 2:
        raise ValueError(
            f"{fname} is no recording of THINGS-EEG2: it has {sorted(contents)}; "
            f"expected {sorted(_KEYS)}, raw_eeg_data being an array (n_channels, "
            "n_times)."
        )
    return signal


def _info(contents: dict[str, Any]) -> mne.Info:
    ch_names = [str(name) for name in contents["ch_names"]]
    ch_types = [str(kind) for kind in contents["ch_types"]]
    info = mne.create_info(ch_names, float(contents["sfreq"]), ch_types)
    info.set_montage(ten_05(), match_case=False, on_missing="warn")
    info["line_freq"] = 50.0
    with info._unlock():
        info["highpass"] = float(contents.get("highpass", 0))
        info["lowpass"] = float(contents.get("lowpass", info["sfreq"] / 2))
    return info


def _place(signal: np.memmap) -> dict[str, Any]:
    order = "C" if signal.flags.c_contiguous else "F"
    return dict(
        dtype=signal.dtype, offset=signal.offset, shape=signal.shape, order=order
    )


def _check_unit(raw: RawThingsEEG2, fname: Path) -> None:
    """Warn of a signal in other units than volts: the files do not say theirs."""
    start = raw.get_data("eeg", stop=min(raw.n_times, 10_000))
    spread = np.median(start.std(axis=1))
    if spread > _IMPLAUSIBLE:
        warn(
            f"{fname}: the EEG varies by {spread:g} V, so it is hardly in volts. "
            "Whitened epochs are not affected; for others, multiply the signal with "
            "raw.load_data().apply_function()."
        )
