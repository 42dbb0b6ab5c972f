from ._atm import atm as atm
from ._atm import neural_mcrl as neural_mcrl
from ._blur import BlurPriorLoss as BlurPriorLoss
from ._captions import CaptionedLoss as CaptionedLoss
from ._cross_subject import cross_subject as cross_subject
from ._list import list_recipes as list_recipes
from ._neurobridge import neurobridge as neurobridge
from ._nice import nice as nice
from ._router import CoarseToFine as CoarseToFine
from ._router import Router as Router
from ._router import RouterLoss as RouterLoss
from ._samga import samga as samga
from ._shallow_alignment import shallow_alignment as shallow_alignment
from ._shallow_fusion import shallow_fusion as shallow_fusion
from ._ubp import ubp as ubp

__all__ = [
    "BlurPriorLoss",
    "CaptionedLoss",
    "CoarseToFine",
    "Router",
    "RouterLoss",
    "atm",
    "cross_subject",
    "list_recipes",
    "neural_mcrl",
    "neurobridge",
    "nice",
    "samga",
    "shallow_alignment",
    "shallow_fusion",
    "ubp",
]
