from ._extract import extract_features as extract_features
from ._extractor import LayerExtractor as LayerExtractor
from ._images import ImageSet as ImageSet
from ._images import open_images as open_images
from ._pooling import POOLINGS as POOLINGS
from ._pooling import pool as pool
from ._store import default_cache_dir as default_cache_dir

__all__ = [
    "POOLINGS",
    "ImageSet",
    "LayerExtractor",
    "default_cache_dir",
    "extract_features",
    "open_images",
    "pool",
]
