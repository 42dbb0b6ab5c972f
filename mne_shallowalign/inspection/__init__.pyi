from ._clusters import layer_time_clusters as layer_time_clusters
from ._layer_time import layer_by_time as layer_by_time

__all__ = ["layer_by_time", "layer_time_clusters"]
