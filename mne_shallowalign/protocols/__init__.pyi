from ._recipe import Recipe as Recipe
from ._recordings import Recordings as Recordings

__all__ = ["Recipe", "Recordings"]
