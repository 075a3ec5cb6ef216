"""MATLAB 5 files of SimNIBS: every `matsimnibs` in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import refuse_file
from ...surface.formats import guarded
from .raw import RawFile, RawPose, matrix_from, require_count

__all__ = ["MAGIC", "read"]

MAGIC = b"MATLAB 5.0 MAT-file"
_ROUNDING = 1e-5
_COMPRESSED = 15
#: A session file of SimNIBS is some kilobytes; thousands of poses stay under one megabyte.
_MAX_INFLATED = 64 << 20
_DEEPEST = 16


def read(path: Path, stored: bytes) -> RawFile:
    """Return every field called ``matsimnibs`` that is a 4 by 4.

    Raises
    ------
    InputError
        If the file is damaged, or inflates to more than 64 MiB.
    """
    from scipy.io import loadmat

    with guarded(path, "a MATLAB 5 file of a SimNIBS session", "it is a damaged MATLAB file"):
        _require_small(path, stored)
        stream = io.BytesIO(stored)  # the stubs know paths only
        data = loadmat(stream, squeeze_me=True, struct_as_record=True)  # type: ignore[arg-type]
        # Not the arrays that MATLAB adds for itself.
        named = {k: v for k, v in data.items() if not k.startswith("__")}
        found = [m for v in named.items() for m in _walk(*v, "", 0)]
    require_count(path, len(found))
    return RawFile(
        name=path.name,
        format="SimNIBS session (.mat)",
        axes="simnibs",
        world="RAS",
        poses=tuple(
            RawPose(f"{path.name}, matrix {k}", name or f"matrix {k}", "pose", matrix)
            for k, (name, matrix) in enumerate(found, start=1)
        ),
        rounding=_ROUNDING,
        world_says="nothing; SimNIBS means RAS of the T1",
        unknown=("which T1 the matrices belong to: the file does not name one",),
    )


def _walk(key: str, value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    if depth > _DEEPEST:
        return
    if key == "matsimnibs" and isinstance(value, np.ndarray) and value.dtype.names is None:
        stack = [value] if value.shape == (4, 4) else _stacked(value)
        yield from ((name, m) for v in stack if (m := matrix_from(np.asarray(v))) is not None)
    elif isinstance(value, np.ndarray | np.void) and value.dtype.names:
        for record in np.atleast_1d(value).ravel():
            own = str(record["name"]) if "name" in value.dtype.names else name
            for field in value.dtype.names:
                yield from _walk(field, record[field], own, depth + 1)
    elif isinstance(value, np.ndarray) and value.dtype == object:
        for item in value.ravel():
            yield from _walk(key, item, name, depth + 1)


def _stacked(value: Any) -> list[Any]:  # noqa: ANN401 - an array of any shape
    """Return the matrices of a (4, 4, n) or (n, 4, 4) stack; none for anything else."""
    if value.ndim != 3:
        return list(value.ravel()) if value.dtype == object else []
    if value.shape[:2] == (4, 4):
        return list(np.moveaxis(value, -1, 0))
    return list(value) if value.shape[1:] == (4, 4) else []


def _require_small(path: Path, stored: bytes) -> None:
    """Inflate every element to a limit before the library inflates it without one."""
    at, total = 128, 0
    order = "<" if stored[126:128] == b"IM" else ">"
    while at + 8 <= len(stored):
        kind, size = struct.unpack(f"{order}II", stored[at : at + 8])
        if kind == _COMPRESSED:
            stream = zlib.decompressobj()
            total += len(stream.decompress(stored[at + 8 : at + 8 + size], _MAX_INFLATED + 1))
        if total > _MAX_INFLATED or size > len(stored):
            raise refuse_file(
                path, "its elements are larger than the file can hold", "a session", "Check it"
            )
        at += 8 + size
