"""Surface series of one side: an MGH file of (n, 1, 1, t) or a GIFTI of one array a volume."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.freesurfer.mghformat import MGHHeader
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..space.side import Hemi
from ..surface.formats import guarded, gunzip, hemi_of_name, read_bytes
from ..surface.formats_bytes import GZIP_MAGIC, MAX_FILE_BYTES
from ..surface.formats_gifti import gifti_arrays, gifti_hemi, parse_gifti

__all__ = ["SurfaceSeries", "read_surface_series"]

_MGH_DATA = 284
#: TR, flip angle, TE, TI and field of view follow the values, float32; TR in milliseconds.
_MGH_TR_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceSeries:
    """One side of a run on the cortex.

    Parameters
    ----------
    values : (n, t) float32
    hemi : Hemi or None
        What the file or its name says.
    tr_s : float or None
        Seconds, where the header says so. GIFTI has no agreed place for it.
    """

    values: NDArray[np.float32]
    hemi: Hemi | None
    tr_s: float | None


def read_surface_series(path: Path) -> SurfaceSeries:
    """Read one side of a run.

    Raises
    ------
    InputError
        If the file is damaged, of another format, or holds fewer than two volumes.
    """
    name = path.name.lower()
    if name.endswith((".mgz", ".mgh")):
        return _mgh(path)
    if name.endswith((".gii", ".gii.gz")):
        return _gifti(path)
    raise refuse_file(
        path,
        "its name has no known ending of a surface series",
        ".mgz, .mgh, .func.gii",
        "Convert it",
    )


def _gifti(path: Path) -> SurfaceSeries:
    """Read one array a volume, or one array of (vertices, volumes)."""
    root = parse_gifti(path)
    arrays = [np.asarray(a.data, dtype=np.float32) for a in gifti_arrays(root, path)]
    if len({a.shape for a in arrays}) > 1:
        raise refuse_file(
            path, "its arrays differ in length", "one value a vertex in each", "Check the file"
        )
    if len(arrays) == 1 and arrays[0].ndim == 2 and min(arrays[0].shape) > 1:
        values = arrays[0]
    elif len(arrays) > 1 and arrays[0].ndim == 1:
        values = np.stack(arrays, axis=1)
    else:
        raise refuse_file(
            path,
            f"{len(arrays)} arrays{f' of shape {arrays[0].shape}' if arrays else ''}",
            "a series: one array a volume, or one of (vertices, volumes)",
            "Pass the run with all its volumes",
        )
    return SurfaceSeries(np.ascontiguousarray(values), gifti_hemi(root, path), None)


def _mgh(path: Path) -> SurfaceSeries:
    data = read_bytes(path)
    if data[:2] == GZIP_MAGIC:
        data = gunzip(data, path, limit=MAX_FILE_BYTES)
    with guarded(path, "an MGH surface series of shape (n, 1, 1, t)"):
        header = MGHHeader(data[:_MGH_DATA], check=False)
        version = int(header.structarr["version"])
        dims = [int(v) for v in header.structarr["dims"]]
        dtype = header.get_data_dtype().newbyteorder(">")
    n, volumes = dims[0], dims[3]
    if version != 1 or dims[1:3] != [1, 1] or n <= 0 or volumes < 2:
        raise refuse_file(
            path,
            f"MGH version {version}, shape {tuple(dims)}",
            "a surface series, (n, 1, 1, t)",
            "A volume series is passed as NIfTI",
        )
    end = _MGH_DATA + math.prod(dims) * dtype.itemsize
    if len(data) < end:
        raise refuse_file(
            path, f"truncated: {len(data)} of {end} bytes", "the whole series", "Copy it again"
        )
    flat = np.frombuffer(data, dtype, math.prod(dims), _MGH_DATA)
    values = np.ascontiguousarray(flat.reshape(volumes, n).T, dtype=np.float32)
    return SurfaceSeries(values, _side_of_name(path), _mgh_tr(data[end : end + _MGH_TR_BYTES]))


def _side_of_name(path: Path) -> Hemi | None:
    """Return the side of a name; also of ``hemi-lh``, which some pipelines write."""
    found = re.search(r"(?:^|_)hemi-([lr]h)(?=[_.])", path.name)
    return Hemi.parse(found[1]) if found else hemi_of_name(path)


def _mgh_tr(tail: bytes) -> float | None:
    if len(tail) < _MGH_TR_BYTES:
        return None
    milliseconds = float(np.frombuffer(tail, ">f4")[0])
    return float(f"{milliseconds * 1e-3:.7g}") if milliseconds else None
