from ._average import average_repetitions as average_repetitions
from ._euclidean import EuclideanAlignment as EuclideanAlignment
from ._standardize import SubjectStandardizer as SubjectStandardizer

__all__ = ["EuclideanAlignment", "SubjectStandardizer", "average_repetitions"]
