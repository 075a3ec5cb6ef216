"""Where a scalp surface is no skin: planes at which an image was cut or a face removed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import Scanner
from ..space.grid import Volume
from ..surface.surface import Surface

__all__ = ["cut_vertices"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: A plane of this area is no part of a head: within half a millimetre of its tangent plane a
#: skull with a radius of 150 mm has 10 cm².
FLAT_AREA = Param(20.0, "cm2", 10, 100, "geometry: 2 pi r h of a cap of radius 150 mm is 9.4 cm2")
_FLAT_MM = 0.6
_NORMAL_COS = float(np.cos(np.radians(8.0)))
#: Around a plane that is large enough: bright fat and dark bone in a cut move its edge by about
#: a voxel, so what lies so near and faces so alike belongs to it.
_GROWN_MM, _GROWN_COS = 2.0, float(np.cos(np.radians(35.0)))
#: Distance to the last voxel centre at which a vertex lies on the border of the image.
_BORDER_VOXELS = 1.5
_PLANES = 12


def cut_vertices(surface: Surface[Scanner], t1: Volume[Scanner]) -> Bools:
    """Return which vertices lie on a cut: the image's border, or a plane larger than any skin.

    A face removed along a curved mask is not found: it looks like skin.

    Parameters
    ----------
    surface : Surface of Scanner
    t1 : Volume of Scanner
        The image that the surface was made of.
    """
    ijk = t1.grid.indices(surface.points)
    last = np.array(t1.grid.shape) - 1
    border = ((ijk < _BORDER_VOXELS) | (ijk > last - _BORDER_VOXELS)).any(axis=1)
    return np.asarray(border | _flat(surface))


def _flat(surface: Surface[Scanner]) -> Bools:
    """Return the vertices on large planes, found one after the other, the largest first."""
    xyz = surface.points.mm(surface.frame)
    normals = surface.vertex_normals().components(surface.frame)
    area = _vertex_areas(surface)
    found = np.zeros(len(xyz), dtype=np.bool_)
    for _ in range(_PLANES):
        free = ~found
        plane = _fullest_plane(xyz[free], normals[free], area[free])
        if plane is None:
            break
        normal, offset = plane
        on = (np.abs(xyz @ normal - offset) < _FLAT_MM) & (normals @ normal > _NORMAL_COS)
        if float(area[on].sum()) < FLAT_AREA.value * 100 or not (on & free).any():
            break
        near = np.abs(xyz @ normal - offset) < _GROWN_MM
        found |= on | (near & (normals @ normal > _GROWN_COS))
    return found


def _fullest_plane(xyz: Floats, normals: Floats, area: Floats) -> tuple[Floats, float] | None:
    """Return the plane (normal, offset) with the largest area, by voting and one refinement."""
    if len(xyz) == 0:
        return None
    # About 3 degrees and 1 mm a bin: coarser than a plane's noise, finer than a skull's curve.
    bins = np.rint(np.column_stack([normals * 20, (xyz * normals).sum(axis=1)])).astype(np.int64)
    _, where = np.unique(bins, axis=0, return_inverse=True)
    votes = np.bincount(where.ravel(), weights=area)
    best = where.ravel() == int(votes.argmax())
    normal, offset = np.zeros(3), 0.0
    for _ in range(3):
        normal = np.average(normals[best], axis=0, weights=area[best])
        normal /= np.linalg.norm(normal)
        offset = float(np.average(xyz[best] @ normal, weights=area[best]))
        best = (np.abs(xyz @ normal - offset) < _FLAT_MM) & (normals @ normal > _NORMAL_COS)
        if not best.any():
            return None
    return normal, offset


def _vertex_areas(surface: Surface[Scanner]) -> Floats:
    share = np.linalg.norm(surface.face_cross(), axis=1) / 6
    out = np.zeros(len(surface))
    for corner in range(3):
        np.add.at(out, surface.faces[:, corner], share)
    return out
