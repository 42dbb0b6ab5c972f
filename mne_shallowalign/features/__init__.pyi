from ._cache import cache_info as cache_info
from ._cache import clear_cache as clear_cache
from ._cache import default_cache_dir as default_cache_dir
from ._extract import extract_features as extract_features
from ._extractor import LayerExtractor as LayerExtractor
from ._images import ImageSet as ImageSet
from ._images import open_images as open_images
from ._pooling import POOLINGS as POOLINGS
from ._pooling import pool as pool
from ._records import pack_features as pack_features
from ._views import FoveaBlur as FoveaBlur
from ._views import GaussianBlur as GaussianBlur
from ._views import GaussianNoise as GaussianNoise
from ._views import LowResolution as LowResolution
from ._views import Mosaic as Mosaic

__all__ = [
    "POOLINGS",
    "FoveaBlur",
    "GaussianBlur",
    "GaussianNoise",
    "ImageSet",
    "LayerExtractor",
    "LowResolution",
    "Mosaic",
    "cache_info",
    "clear_cache",
    "default_cache_dir",
    "extract_features",
    "open_images",
    "pack_features",
    "pool",
]
