# ruff: noqa: I001
from . import alignment as alignment
from . import backbones as backbones
from . import datasets as datasets
from . import encoders as encoders
from . import features as features
from . import inspection as inspection
from . import preprocessing as preprocessing
from . import protocols as protocols
from . import recipes as recipes
from . import reproduce as reproduce
from . import retrieval as retrieval
from . import viz as viz
from ._provenance import sys_info as sys_info
from .backbones import list_backbones as list_backbones
from .backbones import list_layers as list_layers
from .backbones import load_backbone as load_backbone
from .backbones import register_backbone as register_backbone
from .datasets import list_datasets as list_datasets
from .decoder import ShallowAlignDecoder as ShallowAlignDecoder
from .decoder import read_decoder as read_decoder
from .encoders import list_encoders as list_encoders
from .encoders import register_encoder as register_encoder
from .features import LayerExtractor as LayerExtractor
from .report import make_report as make_report
from .search import LayerSearchCV as LayerSearchCV

__version__: str
