from ._layer_curve import plot_layer_curve as plot_layer_curve
from ._retrieval_grid import plot_retrieval_grid as plot_retrieval_grid

__all__ = ["plot_layer_curve", "plot_retrieval_grid"]
