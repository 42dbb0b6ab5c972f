from ._average import average_repetitions as average_repetitions

__all__ = ["average_repetitions"]
