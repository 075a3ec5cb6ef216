"""Read numbers, texts and lists of texts from a MATLAB 5 file, every length checked.

Own code, because scipy's reader ends the process on some damaged files (a segmentation fault in
its mio5 module, found by changing single bytes), and a file to check may be damaged.

Source: MAT-File Format, The MathWorks, level 5 (public description of the format).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, refuse_file

__all__ = ["MAX_BYTES", "MatValue", "read_mat5"]

Floats = NDArray[np.float64]
MatValue = Floats | str | tuple[str, ...]

#: A file of poses or a connectome stays below; region series of an hour need a few MB.
MAX_BYTES = 64 << 20
_MAGIC, _HEADER = b"MATLAB 5.0 MAT-file", 128
_MATRIX, _COMPRESSED = 14, 15
#: miINT8 ... miUINT64: what numbers may be stored as, whatever class they have.
_NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_TEXTS = {1: "ascii", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL, _CHAR = 1, 4
#: Classes of real numbers: double, single, and the eight integers.
_CLASSES = frozenset(range(6, 16))
_COMPLEX = 0x0800


@dataclass(frozen=True, slots=True)
class _Order:
    """Byte order of the file, for numpy and for text codecs."""

    numpy: str
    codec: str


_ORDERS = {b"IM": _Order("<", "-le"), b"MI": _Order(">", "-be")}


class _DamagedError(Exception):
    """Said by the parts, which do not know the file; becomes an `InputError`."""


def read_mat5(path: Path, wanted: Collection[str] | None = None) -> dict[str, MatValue]:
    """Return the variables of these names that the file has; every other one is skipped.

    Without names, every variable that holds real numbers or text is returned.

    Numbers come as float64 arrays in MATLAB's shape, a row of characters as text, a cell array
    of texts as a tuple.

    Raises
    ------
    InputError
        If it is no MATLAB 5 file, is damaged, or a wanted variable is of another kind.
    """
    data = _bytes(path)
    try:
        order = _ORDERS.get(bytes(data[126:128]))
        if order is None:
            raise _DamagedError("its byte order is not stated")
        found: dict[str, MatValue] = {}
        for kind, body in _elements(data[_HEADER:], order):
            matrix = _unpacked(body, order) if kind == _COMPRESSED else body
            name, value = _variable(matrix, order, wanted)
            if name in found:
                raise _DamagedError(f"'{name}' stands twice")
            if value is not None:
                found[name] = value
    except _DamagedError as err:
        raise _refuse(path, str(err), "a whole MATLAB 5 file") from err
    return found


def _bytes(path: Path) -> memoryview:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _refuse(path, f"{size} bytes", f"at most {MAX_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as err:
        raise _refuse(path, f"cannot be read ({err.__class__.__name__})", "a file") from err
    if not data.startswith(_MAGIC) or len(data) < _HEADER:
        raise _refuse(path, "no MATLAB 5 file", "one, not the HDF5 form of version 7.3")
    return memoryview(data)


def _elements(data: memoryview, order: _Order) -> Iterator[tuple[int, memoryview]]:
    """Yield (type, bytes) of every element that `data` consists of."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise _DamagedError("it ends within a tag")
        first, second = (int(v) for v in np.frombuffer(data[at : at + 8], f"{order.numpy}u4"))
        small = first >> 16
        kind, size, start = (first & 0xFFFF, small, at + 4) if small else (first, second, at + 8)
        # Up to four bytes stand in the tag itself.
        if (small and size > 4) or start + size > len(data):
            raise _DamagedError(f"an element of {size} bytes does not fit")
        yield kind, data[start : start + size]
        at = at + 8 if small else start + size
        if kind != _COMPRESSED:
            at += -at % 8


def _unpacked(body: memoryview, order: _Order) -> memoryview:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(body, MAX_BYTES)
    except zlib.error as err:
        raise _DamagedError("a compressed variable is corrupt") from err
    if stream.unconsumed_tail or not stream.eof:
        raise _DamagedError("a compressed variable is too large or cut off")
    elements = list(_elements(memoryview(data), order))
    if [kind for kind, _ in elements] != [_MATRIX]:
        raise _DamagedError("a compressed variable is no array")
    return elements[0][1]


def _variable(
    body: memoryview, order: _Order, wanted: Collection[str] | None
) -> tuple[str, MatValue | None]:
    parts = _elements(body, order)
    head = [next(parts, None) for _ in range(3)]
    flags, dims, name = (None if part is None else part[1] for part in head)
    if flags is None or dims is None or name is None or len(flags) != 8 or len(dims) % 4:
        raise _DamagedError("a variable has no name, shape or class")
    label = bytes(name).decode("latin-1")
    word = int(np.frombuffer(flags[:4], f"{order.numpy}u4")[0])
    known = (word & 0xFF) in _CLASSES | {_CHAR} and not word & _COMPLEX
    if label not in wanted if wanted is not None else not known:
        return label, None
    shape = tuple(int(n) for n in np.frombuffer(dims, f"{order.numpy}i4"))
    who = label or "a cell"
    if word & _COMPLEX:
        raise _DamagedError(f"{who} holds complex numbers")
    return label, _value(who, word & 0xFF, shape, list(parts), order)


def _value(
    label: str,
    kind: int,
    shape: tuple[int, ...],
    parts: list[tuple[int, memoryview]],
    order: _Order,
) -> MatValue:
    count = math.prod(shape) if shape and min(shape) >= 0 else -1
    if kind == _CELL:
        if len(parts) != count:
            raise _DamagedError(f"{label} declares {shape} cells and holds {len(parts)}")
        cells = [_variable(body, order, ("",))[1] for _, body in parts]
        if not all(isinstance(cell, str) for cell in cells):
            raise _DamagedError(f"{label} holds cells that are no texts")
        return tuple(cell for cell in cells if isinstance(cell, str))
    if (kind != _CHAR and kind not in _CLASSES) or len(parts) != 1:
        raise _DamagedError(f"{label} holds neither numbers nor texts")
    stored, body = parts[0]
    if kind == _CHAR:
        return _text(label, shape, stored, body, order)
    dtype = np.dtype(order.numpy + _NUMBERS.get(stored, "u1"))
    if stored not in _NUMBERS or len(body) != count * dtype.itemsize:
        raise _DamagedError(f"{label} declares {shape} numbers and holds {len(body)} bytes")
    return np.frombuffer(body, dtype).astype(np.float64).reshape(shape, order="F")


def _text(label: str, shape: tuple[int, ...], stored: int, body: memoryview, order: _Order) -> str:
    codec = _TEXTS.get(stored, "")
    wide = codec in {"utf-16", "utf-32"}
    try:
        text = bytes(body).decode(codec + (order.codec if wide else ""))
    except (LookupError, UnicodeDecodeError) as err:
        raise _DamagedError(f"{label} holds no text") from err
    # MATLAB counts UTF-16 units, scipy characters; more than one row would be stored by columns.
    lengths = {len(text), len(text.encode("utf-16-le")) // 2}
    rows, columns = (*shape, 0, 0)[:2]
    if text and (rows != 1 or len(shape) != 2 or columns not in lengths):
        raise _DamagedError(f"{label} is no single row of text")
    return text


def _refuse(path: Path, found: str, expected: str) -> InputError:
    return refuse_file(path, found, expected, "Export it again")
