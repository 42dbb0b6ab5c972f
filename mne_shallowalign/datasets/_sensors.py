"""Sensor types that a channels.tsv has lost, taken again from the recording."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import mne
from mne.utils import warn

if TYPE_CHECKING:
    from mne_bids import BIDSPath

_CTF_SENSOR = re.compile(r"M[LRZ][CFOPT]\d\d(-|$)")


def restore_sensor_types(raw: mne.io.BaseRaw, path: BIDSPath) -> None:
    """Undo, in place, what a wrong ``channels.tsv`` does to a CTF recording.

    In THINGS-MEG (ds004212) every MEG sensor has the type ``OTHER`` there, so that
    :func:`mne_bids.read_raw_bids` makes a miscellaneous channel of it. Kind, coil and
    unit are restored together: a type alone would leave a sensor without a coil, and
    with it no field map and no compensation.

    Parameters
    ----------
    raw : mne.io.Raw
        The recording, as :func:`mne_bids.read_raw_bids` reads it.
    path : BIDSPath
        Where it comes from. Nothing is done unless it is a CTF folder all of whose MEG
        sensors are miscellaneous.
    """
    sensors = [name for name in raw.ch_names if _CTF_SENSOR.match(name)]
    if path.extension != ".ds" or not sensors:
        return
    if set(raw.get_channel_types(sensors)) != {"misc"}:
        return
    warn(
        f"{path.basename}: its channels.tsv gives no MEG sensor its type; the types of "
        "the recording are used."
    )
    ctf = mne.io.read_raw_ctf(path.fpath, verbose="error")
    true = dict(zip(ctf.ch_names, ctf.info["chs"], strict=True))
    with raw.info._unlock():
        for channel in raw.info["chs"]:
            if channel["ch_name"] in sensors:
                origin = true[channel["ch_name"]]
                for key in ("kind", "coil_type", "unit"):
                    channel[key] = origin[key]
