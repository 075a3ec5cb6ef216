"""MZ3, the mesh format of Surfice and NiiVue: what the page carries its meshes in.

Layout (little endian): magic 23117, attribute bits, number of faces, number of vertices, bytes
to skip; then faces (3 x int32), vertices (3 x float32, mm), colours (4 x uint8) and layers of
one float32 a vertex, each only if its bit is set. The whole file is gzipped.

Source: the format's description at Surfice, "MZ3 mesh format" (BSD-2).
"""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError

__all__ = ["Mz3", "mz3_bytes", "read_mz3"]

_MAGIC, _HEADER = 23117, struct.Struct("<HHIII")
_FACES, _VERTICES, _RGBA, _LAYERS = 1, 2, 4, 8
_LEVEL = 6
#: Nothing that the page holds comes near this many vertices or faces.
_MOST = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Mz3:
    """The content of one file; what is None is not in it.

    Parameters
    ----------
    vertices : (n, 3) float32
        mm.
    faces : (m, 3) int32, or None
    rgba : (n, 4) uint8, or None
    layers : (k, n) float32, or None
        Values of the vertices, one row a layer; NaN where one is missing.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32] | None = None
    rgba: NDArray[np.uint8] | None = None
    layers: NDArray[np.float32] | None = None


def mz3_bytes(mesh: Mz3) -> bytes:
    """Return the file; the same mesh gives the same bytes."""
    parts = (
        (_FACES, mesh.faces, "<i4"),
        (_VERTICES, mesh.vertices, "<f4"),
        (_RGBA, mesh.rgba, "u1"),
        (_LAYERS, mesh.layers, "<f4"),
    )
    present = [
        (bit, np.ascontiguousarray(a, dtype=kind)) for bit, a, kind in parts if a is not None
    ]
    attributes = sum(bit for bit, _ in present)
    faces = 0 if mesh.faces is None else len(mesh.faces)
    header = _HEADER.pack(_MAGIC, attributes, faces, len(mesh.vertices), 0)
    data = header + b"".join(array.tobytes() for _, array in present)
    return gzip.compress(data, compresslevel=_LEVEL, mtime=0)


def read_mz3(data: bytes) -> Mz3:
    """Return the mesh in a file that `mz3_bytes`, Surfice or NiiVue wrote.

    Raises
    ------
    InputError
        If it is no MZ3 file, has no vertices, or its length is not what its header says.
    """
    raw = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    if len(raw) < _HEADER.size:
        raise InputError(
            f"an MZ3 file has a header of {_HEADER.size} bytes; got {len(raw)} bytes."
        )
    magic, attributes, m, n, skip = _HEADER.unpack_from(raw)
    if magic != _MAGIC or not attributes & _VERTICES or max(m, n) > _MOST:
        raise InputError(
            f"this is no MZ3 mesh: magic {magic} (expected {_MAGIC}), attributes {attributes}, "
            f"{n} vertices, {m} faces."
        )
    rest = memoryview(raw)[_HEADER.size + skip :]
    sizes = {_FACES: 12 * m, _VERTICES: 12 * n, _RGBA: 4 * n}
    found: dict[int, memoryview] = {}
    for bit, size in sizes.items():
        if attributes & bit:
            found[bit], rest = rest[:size], rest[size:]
            if len(found[bit]) != size:
                raise _wrong_length(len(raw))
    return _assembled(found, rest if attributes & _LAYERS else None, n, len(raw), bool(rest))


def _assembled(
    found: dict[int, memoryview], layers: memoryview | None, n: int, length: int, more: bool
) -> Mz3:
    if (layers is None and more) or (layers is not None and (not n or len(layers) % (4 * n))):
        raise _wrong_length(length)
    faces, rgba = found.get(_FACES), found.get(_RGBA)
    return Mz3(
        vertices=np.frombuffer(found[_VERTICES], "<f4").reshape(n, 3),
        faces=None if faces is None else np.frombuffer(faces, "<i4").reshape(-1, 3),
        rgba=None if rgba is None else np.frombuffer(rgba, "u1").reshape(n, 4),
        layers=None if layers is None else np.frombuffer(layers, "<f4").reshape(-1, n),
    )


def _wrong_length(length: int) -> InputError:
    return InputError(
        f"an MZ3 file of {length} bytes is not as long as its header says; it is cut off or "
        f"damaged. Write it again."
    )
