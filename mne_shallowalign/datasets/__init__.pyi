from ._bids import load_bids as load_bids
from ._pictures import draw_pictures as draw_pictures
from ._simulate import simulate_bids as simulate_bids
from ._things_eeg2 import load_things_eeg2 as load_things_eeg2
from ._things_eeg2_bids import convert_things_eeg2 as convert_things_eeg2
from ._things_eeg2_raw import read_raw_things_eeg2 as read_raw_things_eeg2

__all__ = [
    "convert_things_eeg2",
    "draw_pictures",
    "load_bids",
    "load_things_eeg2",
    "read_raw_things_eeg2",
    "simulate_bids",
]
