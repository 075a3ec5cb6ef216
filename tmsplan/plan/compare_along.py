"""Distances along a surface between places on its triangles, not only between its vertices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..space.frame import Scanner
from ..space.points import Points
from ..surface.geodesic import geodesic_mm
from ..surface.proximity import closest_on_faces
from ..surface.surface import Surface

__all__ = ["along_mm"]

Floats = NDArray[np.float64]
Triangle = tuple[int, int, int]

#: A place on an edge or a corner is moved into its triangle by this share of it, so that no
#: triangle of area 0 is made: 0.005 mm on edges of 5 mm.
_INSIDE = 1e-3


def along_mm(
    surface: Surface[Scanner], start: Points[Scanner], ends: Points[Scanner]
) -> NDArray[np.float64]:
    """Return the exact length of the shortest way over a surface to each of some places.

    The places become vertices of the surface first: between the nearest *vertices* of a coarse
    scalp the way would be some millimetres off.

    Parameters
    ----------
    surface : Surface of Scanner
    start : Points of Scanner, one row
        mm; moved to the nearest place on the triangles.
    ends : Points of Scanner
        (n, 3) mm; the same.

    Returns
    -------
    (n,) float64
        mm.

    Raises
    ------
    InputError
        If a place is on another part of the surface than `start`.
    """
    frame = surface.frame
    places = Points(np.vstack([start.mm(frame), ends.mm(frame)]), frame)
    contact = closest_on_faces(surface, places)
    finer, added = _with_vertices(surface, contact.points.mm(frame), contact.faces)
    return geodesic_mm(finer, added[0], added[1:])


def _with_vertices(
    surface: Surface[Scanner], xyz: Floats, faces: NDArray[np.intp]
) -> tuple[Surface[Scanner], list[int]]:
    """Return the surface with places as vertices of their own, and their numbers."""
    points = surface.points.mm(surface.frame).tolist()
    parts: dict[int, list[Triangle]] = {}
    added: list[int] = []
    for place, face in zip(xyz, faces.tolist(), strict=True):
        own = parts.setdefault(face, [(*surface.faces[face].tolist(),)])
        weights = [_weights(place, np.array([points[i] for i in tri])) for tri in own]
        k = int(np.argmax([w.min() for w in weights]))
        a, b, c = own.pop(k)
        inside = np.maximum(weights[k], _INSIDE)
        n = len(points)
        points.append((inside / inside.sum() @ np.array([points[i] for i in (a, b, c)])).tolist())
        own += [(a, b, n), (b, c, n), (c, a, n)]
        added.append(n)
    kept = np.delete(surface.faces, list(parts), axis=0)
    cut = [triangle for own in parts.values() for triangle in own]
    domain = replace(surface.domain, density=len(points))
    triangles = np.vstack([kept, np.array(cut, dtype=np.int32)])
    return Surface(Points(points, surface.frame), triangles, domain), added


def _weights(place: Floats, corners: Floats) -> Floats:
    """Return the barycentric coordinates of a place in a triangle, (3,)."""
    a, b, c = corners
    basis = np.column_stack([b - a, c - a])
    uv = np.linalg.lstsq(basis, place - a, rcond=None)[0]
    return np.array([1 - uv.sum(), *uv])
