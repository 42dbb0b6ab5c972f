from ._atm import ATM as ATM
from ._build import build_encoder as build_encoder
from ._eegconformer import EEGConformer as EEGConformer
from ._eegnet import EEGNet as EEGNet
from ._eegproject import EEGProject as EEGProject
from ._names import list_encoders as list_encoders
from ._names import register_encoder as register_encoder
from ._tsconv import TSConv as TSConv
