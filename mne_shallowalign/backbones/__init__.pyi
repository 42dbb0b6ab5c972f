from ._base import Backbone as Backbone
from ._hooks import HookStack as HookStack
from ._load import list_backbones as list_backbones
from ._load import list_layers as list_layers
from ._load import load_backbone as load_backbone
from ._load import register_backbone as register_backbone
from ._open_clip_text import encode_text as encode_text
from ._preprocess import build_preprocess as build_preprocess
from ._stack import LayerOutput as LayerOutput
from ._stack import LayerStack as LayerStack

__all__ = [
    "Backbone",
    "HookStack",
    "LayerOutput",
    "LayerStack",
    "build_preprocess",
    "encode_text",
    "list_backbones",
    "list_layers",
    "load_backbone",
    "register_backbone",
]
