"""FreeSurfer files with one number per vertex: curv, sulc, thickness, volume; and MGH overlays."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from .formats_bytes import GZIP_MAGIC, guarded, gunzip, read_bytes

__all__ = ["read_curv", "read_mgh_overlay"]

MAGIC = b"\xff\xff\xff"
_HEAD = 15


def read_curv(path: Path) -> tuple[NDArray[np.float64], int]:
    """Read a FreeSurfer value file of the new format.

    Returns
    -------
    values : (n,) float64
        One per vertex, in the file's own unit.
    n_faces : int
        Number of triangles of the surface it was made on.

    Raises
    ------
    InputError
        If it is of the old format, truncated, longer than it says, or has several values a vertex.
    """
    data = read_bytes(path)
    if data[:3] != MAGIC or len(data) < _HEAD:
        raise refuse_file(
            path,
            "no FreeSurfer value file of the new format",
            "magic FF FF FF and one number per vertex",
            "Convert it with mris_convert -c",
        )
    n, faces, per_vertex = struct.unpack_from(">iii", data, 3)
    if per_vertex != 1:
        raise refuse_file(
            path, f"{per_vertex} values per vertex", "one value per vertex", "Split the file"
        )
    if n <= 0 or len(data) != _HEAD + 4 * n:
        raise refuse_file(
            path,
            f"the header's vertex count is {n}, the file has {len(data)} bytes",
            f"{_HEAD} + 4 bytes per vertex",
            "The file is truncated or damaged; copy it again",
        )
    return np.frombuffer(data, ">f4", n, _HEAD).astype(np.float64), faces


def read_mgh_overlay(path: Path) -> NDArray[np.float64]:
    """Read one value per vertex from an ``.mgh`` or ``.mgz`` file of shape (n, 1, 1).

    Raises
    ------
    InputError
        If it cannot be read or holds more than one frame.
    """
    import nibabel as nib

    data = read_bytes(path)
    if data[:2] == GZIP_MAGIC:
        data = gunzip(data, path)
    with guarded(path, "an MGH overlay of shape (n, 1, 1)"):
        header = nib.freesurfer.mghformat.MGHHeader.from_fileobj(io.BytesIO(data))
        shape = tuple(int(v) for v in header.get_data_shape())
        if sorted(shape)[:-1] != [1] * (len(shape) - 1) or max(shape) > len(data):
            raise refuse_file(
                path, f"shape {shape}", "one value per vertex, (n, 1, 1)", "Split the file"
            )
        image = nib.MGHImage.from_bytes(data)
        return np.asarray(image.dataobj, dtype=np.float64).ravel()
