from ._average import average_repetitions as average_repetitions
from ._euclidean import EuclideanAlignment as EuclideanAlignment
from ._picks import pick_occipito_parietal as pick_occipito_parietal
from ._recipe import Preprocessing as Preprocessing
from ._recipe import paper as paper
from ._standardize import SubjectStandardizer as SubjectStandardizer
from ._whiten import MVNNWhitener as MVNNWhitener
from ._zscore import ChannelZScorer as ChannelZScorer

__all__ = [
    "ChannelZScorer",
    "EuclideanAlignment",
    "MVNNWhitener",
    "Preprocessing",
    "SubjectStandardizer",
    "average_repetitions",
    "paper",
    "pick_occipito_parietal",
]
