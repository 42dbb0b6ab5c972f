from ._bids import load_bids as load_bids
from ._pictures import draw_pictures as draw_pictures
from ._simulate import simulate_bids as simulate_bids

__all__ = ["draw_pictures", "load_bids", "simulate_bids"]
