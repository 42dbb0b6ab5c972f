from ._cost import cost as cost
from ._exhibits import list_exhibits as list_exhibits
from ._reproduce import Reproduction as Reproduction
from ._reproduce import plan as plan
from ._reproduce import reproduce as reproduce
from ._setting import Model as Model
from ._setting import Setting as Setting
from ._setting import paper_setting as paper_setting
from ._simulated import simulated_setting as simulated_setting

__all__ = [
    "Model",
    "Reproduction",
    "Setting",
    "cost",
    "list_exhibits",
    "paper_setting",
    "plan",
    "reproduce",
    "simulated_setting",
]
