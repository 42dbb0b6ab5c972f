from ._calibrate import Calibrated as Calibrated
from ._calibrate import calibrate as calibrate
from ._compare_paired import PairedComparison as PairedComparison
from ._compare_paired import compare_paired as compare_paired
from ._concepts import concept_accuracy as concept_accuracy
from ._concepts import concept_chance as concept_chance
from ._duplicate_query_test import duplicate_query_test as duplicate_query_test
from ._gallery_size_curve import gallery_size_curve as gallery_size_curve
from ._hubness import Hubness as Hubness
from ._hubness import hubness as hubness
from ._metrics import chance_level as chance_level
from ._metrics import proportion_interval as proportion_interval
from ._metrics import top_k_accuracy as top_k_accuracy
from ._mixin import RetrievalMixin as RetrievalMixin
from ._permutation_chance import PermutationChance as PermutationChance
from ._permutation_chance import permutation_chance as permutation_chance
from ._rank_metrics import mean_rank as mean_rank
from ._rank_metrics import mean_reciprocal_rank as mean_reciprocal_rank
from ._rank_metrics import median_rank as median_rank
from ._rank_metrics import two_way_accuracy as two_way_accuracy
from ._ranks import ranks as ranks
from ._repetition_curve import repetition_curve as repetition_curve
from ._score_interval import ScoreInterval as ScoreInterval
from ._score_interval import score_interval as score_interval
from ._score_similarity import score_similarity as score_similarity
from ._scorers import concept_scorer as concept_scorer
from ._scorers import rank_scorer as rank_scorer
from ._scorers import top_k_scorer as top_k_scorer

__all__ = [
    "Calibrated",
    "Hubness",
    "PairedComparison",
    "PermutationChance",
    "RetrievalMixin",
    "ScoreInterval",
    "calibrate",
    "chance_level",
    "compare_paired",
    "concept_accuracy",
    "concept_chance",
    "concept_scorer",
    "duplicate_query_test",
    "gallery_size_curve",
    "hubness",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "permutation_chance",
    "proportion_interval",
    "rank_scorer",
    "ranks",
    "repetition_curve",
    "score_interval",
    "score_similarity",
    "top_k_accuracy",
    "top_k_scorer",
    "two_way_accuracy",
]
