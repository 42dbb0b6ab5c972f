"""Retrieve the picture that a person saw from their M/EEG (Shallow Alignment)."""

from importlib.metadata import version as _version

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
__version__ = _version("mne-shallowalign")
