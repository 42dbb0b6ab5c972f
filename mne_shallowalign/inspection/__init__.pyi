from ._ablation import channel_ablation as channel_ablation
from ._clusters import layer_time_clusters as layer_time_clusters
from ._layer_time import layer_by_time as layer_by_time
from ._occlusion import occlusion as occlusion
from ._patterns import patterns as patterns
from ._saliency import saliency as saliency

__all__ = [
    "channel_ablation",
    "layer_by_time",
    "layer_time_clusters",
    "occlusion",
    "patterns",
    "saliency",
]
