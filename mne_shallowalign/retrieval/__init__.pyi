from ._metrics import chance_level as chance_level
from ._metrics import proportion_interval as proportion_interval
from ._metrics import top_k_accuracy as top_k_accuracy
from ._mixin import RetrievalMixin as RetrievalMixin
from ._ranks import ranks as ranks
from ._scorers import top_k_scorer as top_k_scorer

__all__ = [
    "RetrievalMixin",
    "chance_level",
    "proportion_interval",
    "ranks",
    "top_k_accuracy",
    "top_k_scorer",
]
