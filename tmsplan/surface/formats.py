"""Files of meshes, vertex values and labels: bytes in, raw arrays out, every failure named.

Nothing here knows a patient or a frame: `tmsplan.patient` says whose they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..space.side import Hemi
from .formats_annot import RawLabels, read_annot
from .formats_bytes import GZIP_MAGIC, guarded, gunzip, read_bytes, require_regular
from .formats_curv import read_curv, read_mgh_overlay
from .formats_geometry import MeshSpace, RawMesh, VolumeGeometry, hemi_of_name, read_geometry
from .formats_gifti import read_gifti_labels, read_gifti_mesh, read_gifti_values

__all__ = [
    "GZIP_MAGIC",
    "MeshSpace",
    "RawLabels",
    "RawMesh",
    "VolumeGeometry",
    "guarded",
    "gunzip",
    "hemi_of_name",
    "read_annot",
    "read_bytes",
    "read_curv",
    "read_geometry",
    "read_gifti_labels",
    "read_gifti_mesh",
    "read_gifti_values",
    "read_labels",
    "read_mesh",
    "read_mgh_overlay",
    "read_values",
    "require_regular",
]


def read_mesh(path: Path) -> RawMesh:
    """Read a mesh: GIFTI by its ending, else a FreeSurfer triangle file."""
    return read_gifti_mesh(path) if _is_gifti(path) else read_geometry(path)


def read_values(path: Path) -> tuple[NDArray[np.float64], Hemi | None]:
    """Read one value per vertex: GIFTI, MGH or a FreeSurfer value file.

    Returns
    -------
    values : (n,) float64
    hemi : Hemi or None
        The side that the file, or its name, states.

    Raises
    ------
    InputError
        If the file is refused, or a value is infinite (NaN is a missing value and allowed).
    """
    if _is_gifti(path):
        values, hemi = read_gifti_values(path)
    elif path.name.lower().endswith((".mgh", ".mgz")):
        values, hemi = read_mgh_overlay(path), hemi_of_name(path)
    else:
        values, hemi = read_curv(path)[0], hemi_of_name(path)
    if np.isinf(values).any():
        raise refuse_file(
            path, "a value is infinite", "finite values, NaN where missing", "Correct the file"
        )
    return values, hemi


def read_labels(path: Path) -> tuple[RawLabels, Hemi | None]:
    """Read a region per vertex: a FreeSurfer annotation or a GIFTI label file."""
    if _is_gifti(path):
        return read_gifti_labels(path)
    return read_annot(path), hemi_of_name(path)


def _is_gifti(path: Path) -> bool:
    return path.name.lower().endswith((".gii", ".gii.gz"))
