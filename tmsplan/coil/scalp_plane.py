"""Large planes of a scalp that are cuts, and not a head that lay on a pad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param
from ..space.frame import Scanner
from ..surface.surface import Surface
from .scalp_edge import EdgeProfiles

__all__ = ["large_planes"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: A plane of this area is no part of a free head: within half a millimetre of its tangent plane
#: a skull with a radius of 150 mm has 10 cm².
FLAT_AREA = Param(20.0, "cm2", 10, 100, "geometry: 2 pi r h of a cap of radius 150 mm is 9.4 cm2")
#: Skin pressed flat has skin under all of it; a cut has fat, bone and brain. Interquartile range
#: of what lies 2 mm under the plane, over its median.
UNEVEN = Param(0.5, "1", 0.2, 2.0, "docs/decisions/0027")
#: So much within a tenth of a millimetre of one plane, and so large a share of what lies about
#: it, is a cut along the image's own slices. Pressed skin spreads: a sixth of it lies so near.
EXACT_AREA = Param(8.0, "cm2", 5, 20, "docs/decisions/0027")
EXACT_SHARE = Param(0.35, "share", 0.25, 0.8, "docs/decisions/0027")
_EXACT_MM = 0.1
#: Share of a plane with constant air, or the image's end, over it that proves a cut alone.
_CONSTANT_SHARE = 0.5
_FLAT_MM = 0.6
_NORMAL_COS = float(np.cos(np.radians(8.0)))
#: Around a plane that is large enough: bright fat and dark bone in a cut move its edge by about
#: a voxel, so what lies so near and faces so alike belongs to it.
_GROWN_MM, _GROWN_COS = 2.0, float(np.cos(np.radians(35.0)))
_PLANES = 12


def large_planes(surface: Surface[Scanner], profiles: EdgeProfiles, constant: Bools) -> Bools:
    """Return the vertices on planes that are cuts, found one after the other, largest first.

    Parameters
    ----------
    surface : Surface
    profiles : EdgeProfiles
        Of the surface in its T1.
    constant : (n,) bool
        Where the image ends or is a constant over the surface.
    """
    xyz = surface.points.mm(surface.frame)
    normals = surface.vertex_normals().components(surface.frame)
    area = surface.vertex_areas()
    seen = np.zeros(len(xyz), dtype=np.bool_)
    found = seen.copy()
    for _ in range(_PLANES):
        free = ~seen
        plane = _fullest_plane(xyz[free], normals[free], area[free])
        if plane is None:
            break
        normal, offset = plane
        on = (np.abs(xyz @ normal - offset) < _FLAT_MM) & (normals @ normal > _NORMAL_COS)
        cm2 = float(area[on].sum()) / 100
        if cm2 < EXACT_AREA.value or not (on & free).any():
            break
        near = np.abs(xyz @ normal - offset) < _GROWN_MM
        whole = on | (near & (normals @ normal > _GROWN_COS))
        seen |= whole
        exact_cm2 = _most_within(xyz[on] @ normal - offset, area[on]) / 100
        exact = exact_cm2 > max(EXACT_AREA.value, EXACT_SHARE.value * cm2)
        # Over bone the edge of a cut lies deeper than over fat: both belong to the judgement.
        if exact or (cm2 > FLAT_AREA.value and _is_cut(whole, profiles, constant)):
            found |= whole
    return found


def _is_cut(on: Bools, profiles: EdgeProfiles, constant: Bools) -> bool:
    if float(constant[on].mean()) > _CONSTANT_SHARE:
        return True
    under = profiles.values[on, int(np.searchsorted(profiles.at_mm, -2.0))]
    low, middle, high = np.quantile(under, [0.25, 0.5, 0.75])
    return bool(high - low > UNEVEN.value * max(float(middle), 1e-9))


def _most_within(off_mm: Floats, area: Floats) -> float:
    """Return the largest area between two parallel planes `_EXACT_MM` apart."""
    edges = np.arange(-_FLAT_MM, _FLAT_MM + _EXACT_MM / 2, _EXACT_MM / 2)
    counts, _ = np.histogram(off_mm, edges, weights=area)
    return float((counts[:-1] + counts[1:]).max())


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
