"""The pickles of THINGS-EEG2, read without running what is in them."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

_ON_DISK_BYTES = 2**16  # pickles hold larger strings of bytes in one piece
_KINDS = "biufcSUO"
_OPCODES = (
    "PROTO FRAME STOP MARK POP MEMOIZE BINPUT LONG_BINPUT BINGET LONG_BINGET GLOBAL "
    "STACK_GLOBAL REDUCE BUILD EMPTY_DICT EMPTY_LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 "
    "TUPLE3 SETITEM SETITEMS APPEND APPENDS NONE NEWTRUE NEWFALSE BININT BININT1 "
    "BININT2 LONG1 BINFLOAT SHORT_BINUNICODE BINUNICODE SHORT_BINBYTES BINBYTES "
    "BINBYTES8"
).split()


def read_pickle(fname: Path) -> dict[str, Any]:
    """Read a dictionary of arrays from a pickled ``.npy`` file.

    Only what NumPy needs to rebuild arrays is understood: nothing that is named in the
    file is imported or called. Large arrays are not loaded.

    Parameters
    ----------
    fname : Path
        The file, as ``numpy.save(fname, dictionary)`` writes it.

    Returns
    -------
    contents : dict
        The dictionary; arrays above 64 KiB are read-only memory maps.

    Raises
    ------
    ValueError
        If the file is not such a file, is damaged, or holds anything else.
    """
    try:
        with open(fname, "rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
            shape, _, dtype = read_header(file)
            if not dtype.hasobject or shape != ():
                raise ValueError(f"it is an array of {dtype}, not a dictionary")
            contents = _Unpickler(file).load()
            contents = _finished(contents, Path(fname))
        if isinstance(contents, np.ndarray) and contents.dtype == object:
            contents = contents.item()
        if not isinstance(contents, dict):
            raise ValueError(f"it holds a {type(contents).__name__}, not a dictionary")
    except (
        pickle.UnpicklingError,
        ValueError,
        EOFError,
        struct.error,
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
    ) as error:
        raise ValueError(
            f"{fname} is not a dictionary of arrays saved by NumPy: {error}. It may be "
            "damaged (remove it and fetch it again) or not from the authors."
        ) from error
    return contents


class _Bytes:
    """Where in the file an array lies."""

    def __init__(self, offset: int, size: int) -> None:
        self.offset, self.size = offset, size

    def __len__(self) -> int:
        return self.size


class _DType:
    """A dtype, without NumPy's own reading of untrusted states."""

    def __init__(self, name: str, *_: Any) -> None:
        self.dtype = np.dtype(str(name))
        if self.dtype.kind not in _KINDS:
            raise pickle.UnpicklingError(f"arrays of the type {name!r} are refused")

    def set(self, state: tuple[Any, ...]) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """An array whose parts have been read, but not yet brought together."""

    def __init__(self, *_: Any) -> None:
        self.state: tuple[Any, ...] | None = None

    def set(self, state: tuple[Any, ...]) -> None:
        self.state = state


def _scalar(dtype: _DType, value: bytes) -> Any:
    return np.frombuffer(value, dtype.dtype)[0]


_MEANINGS = {
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _DType,
} | {
    (f"numpy.{core}.multiarray", name): meaning
    for core in ("core", "_core")
    for name, meaning in (("_reconstruct", _Array), ("scalar", _scalar))
}


class _Unpickler(pickle._Unpickler):
    """The standard library's, less all that could run code, and lazy about bytes."""

    if TYPE_CHECKING:  # of the standard library, but not in its stubs
        stack: list[Any]
        append: Callable[[Any], None]
        read: Callable[[int], bytes]
        _unframer: Any

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._source = file

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _MEANINGS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"{module}.{name} is refused, because loading it could run foreign code"
            ) from None

    def load_build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], (_Array, _DType)):
            raise pickle.UnpicklingError("an object that is no array is refused")
        self.stack[-1].set(state)

    def _load_bytes(self, size: int) -> None:
        # Within a frame, what follows has been read already.
        if size < _ON_DISK_BYTES or self._unframer.current_frame:
            self.append(self.read(size))
            return
        self.append(_Bytes(self._source.tell(), size))
        self._source.seek(size - 1, 1)
        if not self._source.read(1):
            raise EOFError("the file ends too early")

    def load_binbytes(self) -> None:
        self._load_bytes(struct.unpack("<I", self.read(4))[0])

    def load_binbytes8(self) -> None:
        self._load_bytes(struct.unpack("<Q", self.read(8))[0])

    dispatch = {  # type: ignore[assignment]  # functions of this class
        getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]]
        for name in _OPCODES
    } | {
        pickle.BUILD[0]: load_build,
        pickle.BINBYTES[0]: load_binbytes,
        pickle.BINBYTES8[0]: load_binbytes8,
    }


def _finished(value: Any, fname: Path) -> Any:
    """Replace the parts of arrays by arrays, in containers too."""
    if isinstance(value, dict):
        return {key: _finished(item, fname) for key, item in value.items()}
    if isinstance(value, list):
        return [_finished(item, fname) for item in value]
    if not isinstance(value, _Array):
        return value
    if value.state is None:
        raise ValueError("an array has no contents")
    _, shape, dtype, fortran, raw = value.state
    order: Literal["F", "C"] = "F" if fortran else "C"
    if isinstance(raw, list):
        array = np.empty(len(raw), object)
        array[:] = [_finished(item, fname) for item in raw]
        return array.reshape(shape, order=order)
    if dtype.dtype.hasobject or len(raw) != dtype.dtype.itemsize * int(np.prod(shape)):
        raise ValueError(f"an array of the shape {shape} has {len(raw)} bytes")
    if isinstance(raw, _Bytes):
        return np.memmap(fname, dtype.dtype, "r", raw.offset, shape, order)
    return np.frombuffer(raw, dtype.dtype).reshape(shape, order=order)
