"""Meshes of the page: light enough to travel, with everything a shader needs at each vertex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..base.param import Param
from ..space import Points, Scanner
from .bake import BakedCortex, BakedScalp
from .mz3 import Mz3

__all__ = ["LAYERS", "cortex_mz3", "scalp_mz3"]

Floats = NDArray[np.float64]

#: Vertices a hemisphere, and of the scalp; denser meshes are thinned.
CORTEX_VERTICES = Param(40_000, "vertices", 5_000, 400_000, "docs/decisions/0028")
SCALP_VERTICES = Param(25_000, "vertices", 2_000, 200_000, "docs/decisions/0028")
#: Coordinates are rounded to this: a sixteenth of the smallest error anyone claims, and the
#: file is a quarter smaller.
_GRAIN_MM = 1 / 64
#: Layers of a cortex file, in order.
LAYERS = ("z", "light", "parcel")
#: A mesh only a little too dense is left alone.
_SLACK = 1.2
#: Nearest in place and in direction: the two banks of a sulcus touch but face each other.
_BANK_MM = 3.0


def cortex_mz3(part: BakedCortex) -> tuple[Mz3, Mz3 | None]:
    """Return the pial and the white surface of one hemisphere.

    Returns
    -------
    pial : Mz3
        With bare colours and the rows of `LAYERS`.
    white : Mz3 or None
        The same vertices on the white surface, without faces; None where it is unknown.
    """
    xyz, faces, at = _thinned(part, int(CORTEX_VERTICES.value))
    layers = np.stack([part.z[at], part.light[at], part.ids[at].astype(np.float64)])
    pial = Mz3(_rounded(xyz), faces, _opaque(part.bare[at]), layers.astype(np.float32))
    if part.white is None:
        return pial, None
    inwards = part.white[at] - part.points.mm(part.points.frame)[at]
    return pial, Mz3(_rounded(xyz + inwards))


def scalp_mz3(
    scalp: BakedScalp, own: Points[Scanner], maps: Sequence[NDArray[np.floating[Any]]] = ()
) -> Mz3:
    """Return the scalp with the colours of a solid head, and its maps as layers.

    Parameters
    ----------
    scalp : BakedScalp
    own : Points of Scanner, (n,)
        Vertices of the scalp that the maps are on.
    maps : sequence of (n,)
        NaN is bare skin.
    """
    xyz, faces, at = _thinned(scalp, int(SCALP_VERTICES.value))
    painted = _opaque(scalp.rgb[at])
    if not maps:
        return Mz3(_rounded(xyz), faces, painted)
    _, near = KDTree(own.mm(own.frame)).query(xyz)
    layers = np.stack([values[near] for values in maps]).astype(np.float32)
    return Mz3(_rounded(xyz), faces, painted, layers)


def _thinned(
    mesh: BakedCortex | BakedScalp, most: int
) -> tuple[Floats, NDArray[np.int32], NDArray[np.intp]]:
    """Return vertices, faces and, for each vertex, the nearest one of `mesh`.

    A mesh that is light enough is returned as it is.
    """
    xyz = mesh.points.mm(mesh.points.frame)
    if len(xyz) <= _SLACK * most:
        return xyz, mesh.faces, np.arange(len(xyz))
    import pyvista as pv

    dense = pv.PolyData.from_regular_faces(xyz, mesh.faces)
    thin = dense.decimate(1 - most / len(xyz))
    thin = thin.compute_normals(
        point_normals=True, cell_normals=False, split_vertices=False, consistent_normals=False
    )
    fewer = np.asarray(thin.points, dtype=np.float64)
    facing = np.asarray(thin.point_data["Normals"], dtype=np.float64)
    tree = KDTree(np.hstack([xyz, _BANK_MM * mesh.normals]))
    _, at = tree.query(np.hstack([fewer, _BANK_MM * facing]))
    return fewer, np.asarray(thin.regular_faces, np.int32), np.asarray(at)


def _rounded(xyz: Floats) -> NDArray[np.float32]:
    return np.asarray(np.rint(xyz / _GRAIN_MM) * _GRAIN_MM, dtype=np.float32)


def _opaque(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    full: NDArray[Any] = np.full((len(rgb), 1), 255, dtype=np.uint8)
    return np.hstack([rgb, full])
