"""Many arrays on disk as one safetensors file, whatever their size."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_DTYPES = {"<f2": "F16", "<f4": "F32"}


def join_arrays(
    path: Path, arrays: Mapping[str, np.memmap], metadata: Mapping[str, str]
) -> None:
    """Write memory-mapped arrays as one safetensors file, a piece at a time.

    ``safetensors.numpy.save_file`` holds all of what it writes in memory.

    Parameters
    ----------
    path : Path
        The file to write.
    arrays : mapping of str to memmap
        What ``numpy.load(..., mmap_mode="r")`` gave, in C order.
    metadata : mapping of str to str
        What the header says beside names and shapes.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": _DTYPES[array.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # readers map the numbers: they start on 8 bytes
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            assert array.filename is not None  # it was mapped by its name
            with open(array.filename, "rb") as source:
                source.seek(array.offset)
                shutil.copyfileobj(source, file)
