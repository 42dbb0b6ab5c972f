from ._accuracy_curve import plot_accuracy_curve as plot_accuracy_curve
from ._bars import plot_bars as plot_bars
from ._concept_curve import plot_concept_curve as plot_concept_curve
from ._confusion import plot_confusion as plot_confusion
from ._layer_bars import plot_layer_bars as plot_layer_bars
from ._layer_curve import plot_layer_curve as plot_layer_curve
from ._layer_curves import plot_layer_curves as plot_layer_curves
from ._layer_time import plot_layer_by_time as plot_layer_by_time
from ._layer_weights import plot_layer_weights as plot_layer_weights
from ._retrieval_comparison import (
    plot_retrieval_comparison as plot_retrieval_comparison,
)
from ._retrieval_grid import plot_retrieval_grid as plot_retrieval_grid
from ._scaling import plot_scaling as plot_scaling
from ._shared_space import plot_shared_space as plot_shared_space
from ._similarity import plot_similarity as plot_similarity
from ._time_resolved import plot_time_resolved as plot_time_resolved
from ._training_curves import plot_training_curves as plot_training_curves

__all__ = [
    "plot_accuracy_curve",
    "plot_bars",
    "plot_concept_curve",
    "plot_confusion",
    "plot_layer_bars",
    "plot_layer_by_time",
    "plot_layer_curve",
    "plot_layer_curves",
    "plot_layer_weights",
    "plot_retrieval_comparison",
    "plot_retrieval_grid",
    "plot_scaling",
    "plot_shared_space",
    "plot_similarity",
    "plot_time_resolved",
    "plot_training_curves",
]
