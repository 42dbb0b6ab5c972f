from ._layer_curve import plot_layer_curve as plot_layer_curve
from ._layer_time import plot_layer_by_time as plot_layer_by_time
from ._retrieval_grid import plot_retrieval_grid as plot_retrieval_grid
from ._time_resolved import plot_time_resolved as plot_time_resolved

__all__ = [
    "plot_layer_by_time",
    "plot_layer_curve",
    "plot_retrieval_grid",
    "plot_time_resolved",
]
