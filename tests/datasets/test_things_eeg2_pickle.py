from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from mne_shallowalign.datasets._things_eeg2_pickle import read_pickle

CONTENTS = dict(
    large=np.random.RandomState(0).normal(size=(64, 2000)),
    turned=np.asfortranarray(np.random.RandomState(1).normal(size=(64, 2000))),
    big_endian=np.arange(20_000, dtype=">i4").reshape(100, 200),
    small=np.arange(12, dtype=np.float32).reshape(3, 4),
    names=np.array(["Pz", "Oz"]),
    objects=np.array(["a", None], dtype=object),
    scalar=np.float64(0.1),
    words=["eeg"] * 3,
    numbers=(1, 0.5, -7, True, None),
    sfreq=1000,
)


def save(fname, contents, protocol):
    array = np.empty((), object)
    array[()] = contents
    with open(fname, "wb") as file:
        header = dict(descr="|O", fortran_order=False, shape=())
        np.lib.format.write_array_header_1_0(file, header)
        pickle.dump(array, file, protocol)
    return fname


@pytest.mark.parametrize("protocol", [3, 4])
def test_against_numpy(tmp_path, protocol):
    fname = save(tmp_path / "a.npy", CONTENTS, protocol)
    expected = np.load(fname, allow_pickle=True).item()
    contents = read_pickle(fname)
    assert list(contents) == list(expected)
    for name, value in expected.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(contents[name], value)
            assert contents[name].dtype.kind == value.dtype.kind
        else:
            assert contents[name] == value
    for name in ("large", "turned", "big_endian"):
        assert isinstance(contents[name], np.memmap)
        assert not contents[name].flags.writeable


def test_the_authors_own_table(test_data):
    fname = test_data / "things_meta" / "things_eeg2_image_metadata.npy"
    assert read_pickle(fname) == np.load(fname, allow_pickle=True).item()


class Evil:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        ((os.system, ("touch {there}",)), "system"),
        ((eval, ("open({there!r}, 'w')",)), "eval"),
        ((np.load, ("{there}",)), "load"),
        ((getattr, (np.zeros(3), "tofile")), "getattr"),
    ],
)
def test_foreign_code_is_refused(tmp_path, call, refused):
    there = tmp_path / "was_here"
    function, arguments = call
    arguments = tuple(
        a.format(there=str(there)) if isinstance(a, str) else a for a in arguments
    )
    fname = save(tmp_path / "a.npy", dict(data=Evil(function, arguments)), 3)
    with pytest.raises(ValueError, match=rf"{refused} is refused.*run foreign code"):
        read_pickle(fname)
    assert not there.exists()


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cnumpy\nndarray\n)\x81.",  # an object is made without __reduce__
        b"}}b.",  # attributes of a dictionary are set
        b"Pname\n.",  # a persistent object is asked for
        b"\x82\x01.",  # an extension registered with copyreg
        b"(inumpy\nndarray\n.",  # an instance of a class is made
    ],
)
def test_other_instructions_are_refused(tmp_path, opcodes):
    fname = save(tmp_path / "a.npy", {}, 3)
    header = fname.read_bytes().partition(b"\x80\x03")[0]
    fname.write_bytes(header + b"\x80\x03" + opcodes)
    with pytest.raises(ValueError, match="is not a dictionary of arrays"):
        read_pickle(fname)


def test_addresses_on_disk_are_no_objects(tmp_path):
    fname = save(tmp_path / "a.npy", dict(large=CONTENTS["large"]), 3)
    fname.write_bytes(fname.read_bytes().replace(b"f8", b"O8"))
    with pytest.raises(ValueError, match="is not a dictionary of arrays"):
        read_pickle(fname)


@pytest.mark.parametrize("size", [10, 200, 300_000, -1])
def test_files_that_end_too_early(tmp_path, size):
    fname = save(tmp_path / "a.npy", CONTENTS, 4)
    fname.write_bytes(fname.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"a\.npy is not a dictionary.*fetch it again"):
        read_pickle(fname)


def test_other_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ValueError, match="it is an array of float64"):
        read_pickle(tmp_path / "a.npy")
    with pytest.raises(ValueError, match="it holds a list"):
        read_pickle(save(tmp_path / "b.npy", [1, 2], 3))
    with pytest.raises(FileNotFoundError):
        read_pickle(tmp_path / "c.npy")
