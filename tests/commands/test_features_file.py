from __future__ import annotations

import tracemalloc

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save

from mne_shallowalign.commands._features_file import join_arrays


def _arrays(folder, **shapes):
    rng = np.random.default_rng(0)
    for name, (shape, dtype) in shapes.items():
        np.save(folder / f"{name}.npy", rng.standard_normal(shape).astype(dtype))
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in shapes}


def test_safetensors_reads_the_same_bits(tmp_path):
    arrays = _arrays(
        tmp_path, one=((5, 3), "f4"), half=((5, 2), "f2"), deep=((5, 2, 4), "f4")
    )
    path = tmp_path / "all.safetensors"
    join_arrays(path, arrays, {"made": "by a test"})
    read = load_file(path)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
    with safe_open(path, "numpy") as file:
        assert file.metadata() == {"made": "by a test"}


def test_it_is_no_larger_than_what_safetensors_writes(tmp_path):
    arrays = _arrays(tmp_path, a=((7, 3), "f4"), b=((7, 5), "f4"))
    path = tmp_path / "all.safetensors"
    join_arrays(path, arrays, {})
    own = len(save({name: np.array(array) for name, array in arrays.items()}))
    assert abs(path.stat().st_size - own) < 64  # of the header: spaces, metadata


def test_arrays_are_never_held_in_memory(tmp_path):
    arrays = _arrays(tmp_path, a=((4000, 500), "f4"), b=((4000, 500), "f4"))
    tracemalloc.start()
    join_arrays(tmp_path / "all.safetensors", arrays, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6 < arrays["a"].nbytes
