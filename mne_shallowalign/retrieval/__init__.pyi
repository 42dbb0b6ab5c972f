from ._concepts import concept_accuracy as concept_accuracy
from ._concepts import concept_chance as concept_chance
from ._metrics import chance_level as chance_level
from ._metrics import proportion_interval as proportion_interval
from ._metrics import top_k_accuracy as top_k_accuracy
from ._mixin import RetrievalMixin as RetrievalMixin
from ._rank_metrics import mean_rank as mean_rank
from ._rank_metrics import mean_reciprocal_rank as mean_reciprocal_rank
from ._rank_metrics import median_rank as median_rank
from ._rank_metrics import two_way_accuracy as two_way_accuracy
from ._ranks import ranks as ranks
from ._score_similarity import score_similarity as score_similarity
from ._scorers import top_k_scorer as top_k_scorer

__all__ = [
    "RetrievalMixin",
    "chance_level",
    "concept_accuracy",
    "concept_chance",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "proportion_interval",
    "ranks",
    "score_similarity",
    "top_k_accuracy",
    "top_k_scorer",
    "two_way_accuracy",
]
